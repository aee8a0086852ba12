//! A request body as it arrives, chunk by chunk, inflated if it is gzip.

use axum::body::Bytes;
use http::HeaderMap;
use http::header::CONTENT_ENCODING;
use http_body_util::BodyExt as _;

use crate::http::problem::{Problem, ProblemKind};
use crate::serve::listener::BoxError;

use super::inflate::Inflater;
use super::request_body::ReadableBody;
use super::yield_io;

/// Memory for inflating besides the inflated bytes: window, tables and one chunk.
const INFLATING: usize = 256 << 10;

/// After this many bytes, about 80 µs of reading, the reactor polls the other sockets.
const YIELD_AFTER: usize = 64 << 10;

/// A body, chunk by chunk.
#[derive(Debug)]
pub(in crate::http) struct BodyChunks<B> {
    body: B,
    inflater: Option<Box<Inflater>>,
    is_done: bool,
    /// Bytes given since the reactor polled the other sockets.
    given: usize,
}

impl<B: ReadableBody> BodyChunks<B> {
    /// The chunks of a body with these headers.
    ///
    /// # Errors
    /// 415: an encoding that is not read.
    pub(in crate::http) fn new(headers: &HeaderMap, body: B) -> Result<Self, Problem> {
        let inflater = if is_gzip(headers)? { Some(Box::new(Inflater::new())) } else { None };
        Ok(Self { body, inflater, is_done: false, given: 0 })
    }

    /// The number of bytes, if it is known before they are read.
    pub(in crate::http) fn length(&self) -> Option<usize> {
        let told = self.body.size_hint().exact().filter(|_| self.inflater.is_none())?;
        Some(usize::try_from(told).unwrap_or(usize::MAX))
    }

    /// The memory that reading takes besides the body's bytes.
    pub(in crate::http) fn overhead(&self) -> usize {
        if self.inflater.is_some() { INFLATING } else { 0 }
    }

    /// The next chunk; none at the end. A chunk is at most what arrived at one time, or 136 KiB when inflated.
    ///
    /// # Errors
    /// 400: the body broke off, or is not gzip.
    pub(in crate::http) async fn next(&mut self) -> Result<Option<Bytes>, Problem> {
        if self.given >= YIELD_AFTER {
            self.given = 0;
            yield_io::yield_to_reactor().await;
        }
        let chunk = self.chunk().await?;
        self.given += chunk.as_ref().map_or(0, Bytes::len);
        Ok(chunk)
    }

    async fn chunk(&mut self) -> Result<Option<Bytes>, Problem> {
        loop {
            if let Some(inflater) = &mut self.inflater
                && let Some(chunk) = inflater.next().map_err(not_gzip)?
            {
                return Ok(Some(chunk));
            }
            if self.is_done {
                return Ok(None);
            }
            let data = match self.body.frame().await {
                Some(Ok(frame)) => frame.into_data().unwrap_or_default(),
                Some(Err(error)) => {
                    let error: BoxError = error.into();
                    return Err(Problem::new(ProblemKind::Syntax, format!("The body broke off: {error}")));
                }
                None => {
                    self.is_done = true;
                    return self.inflater.as_mut().map_or(Ok(None), |i| i.finish().map_err(not_gzip));
                }
            };
            match &mut self.inflater {
                Some(inflater) => inflater.feed(data),
                None if data.is_empty() => {}
                None => return Ok(Some(data)),
            }
        }
    }

    /// The unread rest, as it was sent.
    pub(in crate::http) fn into_rest(self) -> B {
        self.body
    }
}

fn not_gzip(error: impl std::fmt::Display) -> Problem {
    Problem::new(ProblemKind::Syntax, format!("The body is not gzip, or was cut: {error}"))
}

/// True for gzip, false for no encoding.
fn is_gzip(headers: &HeaderMap) -> Result<bool, Problem> {
    let mut is_gzip = false;
    for value in headers.get_all(CONTENT_ENCODING) {
        for name in value.as_bytes().split(|b| *b == b',').map(<[u8]>::trim_ascii) {
            match name.to_ascii_lowercase().as_slice() {
                b"" | b"identity" => {}
                b"gzip" | b"x-gzip" if !is_gzip => is_gzip = true,
                _ => {
                    return Err(Problem::unsupported_media(
                        "Of encodings only gzip is read, once: send gzip or no encoding",
                    ));
                }
            }
        }
    }
    Ok(is_gzip)
}
