//! gzip answers, for clients that accept them.
//!
//! Stands apart from the handlers: whatever is long enough to gain by it is compressed on its way out. Not brotli: its
//! tables alone are half of what this whole program weighs, and who accepts brotli accepts gzip. Not streams: their
//! rows go out when they are ready.

use std::io::Write as _;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use axum::body::{Body, Bytes, HttpBody};
use axum::response::Response;
use flate2::Compression;
use flate2::write::GzEncoder;
use http::header::{ACCEPT_ENCODING, CONTENT_ENCODING, CONTENT_LENGTH, VARY};
use http::{HeaderMap, HeaderValue};
use http_body::Frame;

use super::negotiate::choices;

/// Shorter answers stay as they are: about what fits one packet, where gzip would only cost time.
const SHORTEST: u64 = 1_024;

/// Bytes compressed before others get their turn: some 300 µs' worth.
const STEP: usize = 32 << 10;

/// The answer, compressed if that is worth it and `accepted` allows it.
pub(super) fn answer(accepted: Option<&HeaderValue>, mut response: Response) -> Response {
    let length = response.body().size_hint().exact();
    if length.is_none_or(|n| n < SHORTEST) || response.headers().contains_key(CONTENT_ENCODING) {
        return response;
    }
    response.headers_mut().append(VARY, HeaderValue::from_static("accept-encoding"));
    if !accepted.is_some_and(accepts_gzip) {
        return response;
    }
    response.headers_mut().insert(CONTENT_ENCODING, HeaderValue::from_static("gzip"));
    response.headers_mut().remove(CONTENT_LENGTH);
    response.map(|body| Body::new(Gzip::new(body)))
}

/// True when gzip is wanted, and not less than no encoding.
fn accepts_gzip(accepted: &HeaderValue) -> bool {
    let headers = HeaderMap::from_iter([(ACCEPT_ENCODING, accepted.clone())]);
    let weight = |names: &[&str]| {
        let of = |name: &str| choices(&headers, &ACCEPT_ENCODING).find(|c| c.name.eq_ignore_ascii_case(name));
        names.iter().find_map(|name| of(name)).map(|choice| choice.weight)
    };
    let gzip = weight(&["gzip", "x-gzip", "*"]).unwrap_or(0);
    gzip > 0 && gzip >= weight(&["identity"]).unwrap_or(0)
}

/// A body being compressed.
struct Gzip {
    body: Body,
    /// What came of it and is not compressed yet.
    waiting: Bytes,
    encoder: Option<GzEncoder<Vec<u8>>>,
    /// A step was made: the next one waits until others had their turn.
    is_tired: bool,
}

impl Gzip {
    fn new(body: Body) -> Self {
        Self {
            body,
            waiting: Bytes::new(),
            encoder: Some(GzEncoder::new(Vec::new(), Compression::fast())),
            is_tired: false,
        }
    }

    /// Compresses a step of what waits; what has come out of it.
    fn step(&mut self) -> Option<Bytes> {
        let encoder = self.encoder.as_mut()?;
        let n = self.waiting.len().min(STEP);
        // Writing to a vector does not fail.
        let _ = encoder.write_all(&self.waiting.split_to(n));
        let made = std::mem::take(encoder.get_mut());
        (!made.is_empty()).then(|| made.into())
    }
}

impl HttpBody for Gzip {
    type Data = Bytes;
    type Error = axum::Error;

    fn poll_frame(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, axum::Error>>> {
        loop {
            if std::mem::take(&mut self.is_tired) {
                cx.waker().wake_by_ref();
                return Poll::Pending;
            }
            if !self.waiting.is_empty() {
                self.is_tired = true;
                if let Some(made) = self.step() {
                    return Poll::Ready(Some(Ok(Frame::data(made))));
                }
                continue;
            }
            if let Some(frame) = ready!(Pin::new(&mut self.body).poll_frame(cx)?) {
                self.waiting = frame.into_data().unwrap_or_default();
                continue;
            }
            let last = self.encoder.take().and_then(|encoder| encoder.finish().ok());
            return Poll::Ready(last.filter(|l| !l.is_empty()).map(|last| Ok(Frame::data(last.into()))));
        }
    }
}
