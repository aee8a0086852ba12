//! gzip answers, for clients that accept them.
//!
//! Stands apart from the handlers: whatever is long enough to gain by it is compressed on its way out. Not brotli: its
//! tables alone would add a sixth to this program, and who accepts brotli accepts gzip. Not streams: their rows go out
//! when they are ready.

use std::io::Write as _;

use axum::body::{Body, HttpBody as _};
use axum::response::Response;
use flate2::Compression;
use flate2::write::GzEncoder;
use http::header::{ACCEPT_ENCODING, CONTENT_ENCODING, CONTENT_LENGTH, VARY};
use http::{HeaderMap, HeaderValue};
use http_body_util::BodyExt as _;

use crate::serve::admission::MemoryBudget;

use super::app::App;
use super::media::accept_items;

/// Shorter answers stay as they are: about what fits one packet, where gzip would only cost time.
const SHORTEST: u64 = 1_024;

/// Bytes compressed before others get their turn: some 300 µs' worth.
const STEP: usize = 32 << 10;

/// What compressing takes while it goes on, its tables and its window. It comes out of the budget of bodies; where there
/// is no room, answers go out as they are.
const ROOM: usize = 512 << 10;

/// The answer, compressed if that is worth it and `accepted` allows it.
pub(super) async fn answer(app: &App, accepted: Option<&HeaderValue>, mut response: Response) -> Response {
    let length = response.body().size_hint().exact();
    if length.is_none_or(|n| n < SHORTEST) || response.headers().contains_key(CONTENT_ENCODING) {
        return response;
    }
    response.headers_mut().append(VARY, HeaderValue::from_static("accept-encoding"));
    let budget = &app.serving.memory;
    if !accepted.is_some_and(accepts_gzip) || budget.free() < ROOM {
        return response;
    }
    Box::pin(compressed(budget, response)).await
}

/// The answer, compressed if there is room to.
async fn compressed(budget: &MemoryBudget, response: Response) -> Response {
    let Ok(_room) = budget.reserve(ROOM).await else { return response };
    let (mut head, body) = response.into_parts();
    // The whole of it is in memory: its length is known.
    let body = body.collect().await.map(http_body_util::Collected::to_bytes).unwrap_or_default();
    let mut encoder = GzEncoder::new(Vec::with_capacity(body.len() / 2), Compression::fast());
    for step in body.chunks(STEP) {
        // Writing to a vector does not fail.
        let _ = encoder.write_all(step);
        tokio::task::yield_now().await;
    }
    let made = encoder.finish().unwrap_or_default();
    head.headers.insert(CONTENT_ENCODING, HeaderValue::from_static("gzip"));
    head.headers.insert(CONTENT_LENGTH, made.len().into());
    Response::from_parts(head, Body::from(made))
}

/// True when gzip is wanted, and not less than no encoding.
fn accepts_gzip(accepted: &HeaderValue) -> bool {
    let headers = HeaderMap::from_iter([(ACCEPT_ENCODING, accepted.clone())]);
    let weight = |names: &[&str]| {
        let of = |name: &str| accept_items(&headers, &ACCEPT_ENCODING).find(|c| c.name.eq_ignore_ascii_case(name));
        names.iter().find_map(|name| of(name)).map(|choice| choice.weight)
    };
    let gzip = weight(&["gzip", "x-gzip", "*"]).unwrap_or(0);
    gzip > 0 && gzip >= weight(&["identity"]).unwrap_or(0)
}
