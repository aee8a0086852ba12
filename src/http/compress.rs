//! gzip answers, for clients that accept them.
//!
//! No brotli: its tables would add a sixth to the binary, and clients that accept it accept gzip. No streams: their
//! rows go out as soon as they are ready.

use std::io::Write as _;

use axum::body::{Body, HttpBody as _};
use axum::response::Response;
use flate2::Compression;
use flate2::write::GzEncoder;
use http::header::{ACCEPT_ENCODING, CONTENT_ENCODING, CONTENT_LENGTH, VARY};
use http::{HeaderMap, HeaderValue};
use http_body_util::BodyExt as _;

use super::app::App;
use super::leased::shared;
use super::media::accept_items;

/// Shorter answers stay as they are: they fit one packet, so gzip saves nothing.
pub(super) const SHORTEST: usize = 1_024;

/// Bytes compressed between two yields, about 300 µs of work.
const STEP: usize = 32 << 10;

/// Memory for compressing: tables and window. It comes out of the memory budget; where it is not free an answer stays
/// as it is, since it can go out at once.
const GZIP_STATE_BYTES: usize = 512 << 10;

/// True when an answer is to be compressed: it is long enough, and `accepted` allows gzip. Adds `Vary: accept-encoding`
/// to an answer that is long enough.
pub(super) fn negotiate(app: &App, accepted: Option<&HeaderValue>, response: &mut Response) -> bool {
    let length = response.body().size_hint().exact();
    if length.is_none_or(|n| n < SHORTEST as u64) || response.headers().contains_key(CONTENT_ENCODING) {
        return false;
    }
    response.headers_mut().append(VARY, HeaderValue::from_static("accept-encoding"));
    accepted.is_some_and(accepts_gzip) && app.server.memory.free() >= GZIP_STATE_BYTES
}

/// The answer, compressed if there is memory for it now.
pub(super) async fn compress(app: &App, response: Response) -> Response {
    let length = response.body().size_hint().exact().and_then(|length| usize::try_from(length).ok()).unwrap_or(0);
    // What cannot be compressed gets 0.1 % longer.
    let most = length + length / 1_000 + SHORTEST;
    let Some(lease) = app.server.memory.try_reserve(GZIP_STATE_BYTES + most) else { return response };
    let (mut head, body) = response.into_parts();
    // The whole of it is in memory: its length is known.
    let body = body.collect().await.map(http_body_util::Collected::to_bytes).unwrap_or_default();
    let mut encoder = GzEncoder::new(Vec::with_capacity(most), Compression::fast());
    for step in body.chunks(STEP) {
        // Writing to a vector does not fail.
        let _ = encoder.write_all(step);
        tokio::task::yield_now().await;
    }
    let mut made = encoder.finish().unwrap_or_default();
    made.shrink_to_fit();
    // Gives back what is over: that never waits.
    let _ = lease.resize_to(made.len()).await;
    head.headers.insert(CONTENT_ENCODING, HeaderValue::from_static("gzip"));
    head.headers.insert(CONTENT_LENGTH, made.len().into());
    Response::from_parts(head, Body::from(shared(made, lease)))
}

/// True when gzip is wanted, and not less than no encoding.
pub(super) fn accepts_gzip(accepted: &HeaderValue) -> bool {
    let headers = HeaderMap::from_iter([(ACCEPT_ENCODING, accepted.clone())]);
    let weight = |names: &[&str]| {
        let of = |name: &str| accept_items(&headers, &ACCEPT_ENCODING).find(|c| c.name.eq_ignore_ascii_case(name));
        names.iter().find_map(|name| of(name)).map(|choice| choice.weight)
    };
    let gzip = weight(&["gzip", "x-gzip", "*"]).unwrap_or(0);
    gzip > 0 && gzip >= weight(&["identity"]).unwrap_or(0)
}
