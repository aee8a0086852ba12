//! What a request is called: its id, and the trace that it belongs to.

use std::hash::{BuildHasher as _, RandomState};
use std::sync::LazyLock;
use std::sync::atomic::{AtomicU64, Ordering};

use http::header::HeaderName;
use http::{HeaderMap, HeaderValue};

use crate::serve::listener::RequestId;

/// The header of a request's id.
pub(in crate::http) const REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");
const TRACEPARENT: HeaderName = HeaderName::from_static("traceparent");

/// The client's `X-Request-Id` when it is 1 to 64 of `[A-Za-z0-9._-]`, else a new one.
pub(in crate::http) fn request_id(headers: &HeaderMap) -> RequestId {
    const LONGEST: usize = 64;
    let is_fit = |id: &&HeaderValue| {
        let allowed = |b: &u8| b.is_ascii_alphanumeric() || b"._-".contains(b);
        (1..=LONGEST).contains(&id.len()) && id.as_bytes().iter().all(allowed)
    };
    headers.get(REQUEST_ID).filter(is_fit).map_or_else(new_request_id, |id| RequestId::Sent(id.clone()))
}

/// 16 hex digits: unique in this process, and all but certainly among processes.
fn new_request_id() -> RequestId {
    static SEED: LazyLock<u64> = LazyLock::new(|| RandomState::new().hash_one("request id"));
    static NEXT: AtomicU64 = AtomicU64::new(0);
    // The multiplier is odd: a counter never gives the same number twice.
    let id = SEED.wrapping_add(NEXT.fetch_add(1, Ordering::Relaxed).wrapping_mul(0x9E37_79B9_7F4A_7C15));
    RequestId::Made(std::array::from_fn(|i| b"0123456789abcdef"[(id >> (60 - 4 * i) & 15) as usize]))
}

/// The trace id of a W3C `traceparent`: `00-TRACE-SPAN-FLAGS`, lower-case hexadecimal, not all zeros.
pub(super) fn trace_id(headers: &HeaderMap) -> Option<String> {
    let mut parts = headers.get(TRACEPARENT)?.to_str().ok()?.split('-');
    let (version, trace, span) = (parts.next()?, parts.next()?, parts.next()?);
    let is_hex = |text: &str, n: usize| text.len() == n && text.bytes().all(|b| matches!(b, b'0'..=b'9' | b'a'..=b'f'));
    let is_valid = is_hex(version, 2) && version != "ff" && is_hex(trace, 32) && is_hex(span, 16);
    (is_valid && trace.bytes().any(|b| b != b'0')).then(|| trace.to_owned())
}
