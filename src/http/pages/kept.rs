//! An answer that clients keep, and ask for again by its tag: its bytes are in memory, plain and gzipped.

use axum::response::{IntoResponse as _, Response};
use bytes::Bytes;
use http::header::{ACCEPT_ENCODING, CACHE_CONTROL, CONTENT_ENCODING, CONTENT_TYPE, ETAG, IF_NONE_MATCH, VARY};
use http::{HeaderMap, HeaderValue, StatusCode};

use crate::http::compress::accepts_gzip;

/// What a client asks for again before it uses it.
pub(super) const ASK_AGAIN: HeaderValue = HeaderValue::from_static("no-cache");

/// What never changes: a client need not ask again for a year, the longest that caches take.
pub(super) const FOREVER: HeaderValue = HeaderValue::from_static("public, max-age=31536000, immutable");

/// The answer of media type `kind` to a request with these headers: a 304 for a client that has it. `caching` is
/// [`ASK_AGAIN`] or [`FOREVER`].
pub(super) fn answer(
    headers: &HeaderMap,
    caching: HeaderValue,
    etag: &HeaderValue,
    kind: &'static str,
    plain: &Bytes,
    gzipped: Option<&Bytes>,
) -> Response {
    let validators = [(ETAG, etag.clone()), (CACHE_CONTROL, caching)];
    if is_known(headers, etag) {
        return (StatusCode::NOT_MODIFIED, validators).into_response();
    }
    let kind = [(CONTENT_TYPE, HeaderValue::from_static(kind))];
    if let (Some(gzipped), true) = (gzipped, headers.get(ACCEPT_ENCODING).is_some_and(accepts_gzip)) {
        let encoding = [(CONTENT_ENCODING, "gzip"), (VARY, "accept-encoding")];
        return (validators, kind, encoding, gzipped.clone()).into_response();
    }
    (validators, kind, plain.clone()).into_response()
}

/// True when `If-None-Match` lists the tag, weak or strong (RFC 9110 §13.1.2).
fn is_known(headers: &HeaderMap, etag: &HeaderValue) -> bool {
    let listed = |value: &HeaderValue| {
        let mut tags = value.as_bytes().split(|b| *b == b',').map(<[u8]>::trim_ascii);
        tags.any(|tag| tag == b"*" || opaque(tag) == opaque(etag.as_bytes()))
    };
    headers.get_all(IF_NONE_MATCH).iter().any(listed)
}

/// A tag without the mark of a weak one.
fn opaque(tag: &[u8]) -> &[u8] {
    tag.strip_prefix(b"W/").unwrap_or(tag)
}
