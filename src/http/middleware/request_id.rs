//! What a request is called.

use std::hash::{BuildHasher as _, RandomState};
use std::sync::LazyLock;
use std::sync::atomic::{AtomicU64, Ordering};

use http::header::HeaderName;
use http::{HeaderMap, HeaderValue};

use crate::serve::listener::RequestId;

/// The header of a request's id.
pub(in crate::http) const REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");

/// The client's `X-Request-Id` when it is 1 to 64 of `[A-Za-z0-9._-]`, else a new one.
pub(in crate::http) fn request_id(headers: &HeaderMap) -> RequestId {
    let sent = headers.get(REQUEST_ID).filter(|id| is_request_id(id));
    sent.map_or_else(new_request_id, |id| RequestId::Sent(id.clone()))
}

/// True for 1 to 64 of `[A-Za-z0-9._-]`.
pub(in crate::http) fn is_request_id(id: &HeaderValue) -> bool {
    const LONGEST: usize = 64;
    let allowed = |b: &u8| b.is_ascii_alphanumeric() || b"._-".contains(b);
    (1..=LONGEST).contains(&id.len()) && id.as_bytes().iter().all(allowed)
}

/// 16 hex digits: unique in this process, and all but certainly among processes.
fn new_request_id() -> RequestId {
    static SEED: LazyLock<u64> = LazyLock::new(|| RandomState::new().hash_one("request id"));
    static NEXT: AtomicU64 = AtomicU64::new(0);
    // The multiplier is odd: a counter never gives the same number twice.
    let id = SEED.wrapping_add(NEXT.fetch_add(1, Ordering::Relaxed).wrapping_mul(0x9E37_79B9_7F4A_7C15));
    RequestId::Made(std::array::from_fn(|i| b"0123456789abcdef"[(id >> (60 - 4 * i) & 15) as usize]))
}
