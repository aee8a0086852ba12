//! A request body as it arrives, chunk by chunk, inflated if it is gzip or deflate.

use axum::body::Bytes;
use http::HeaderMap;
use http::header::CONTENT_ENCODING;
use http_body_util::BodyExt as _;

use crate::http::problem::{Problem, ProblemKind};
use crate::serve::listener::BoxError;

use super::inflate::{Encoding, Inflater};
use super::request_body::ReadableBody;
use super::yield_io;

/// Memory for inflating besides the inflated bytes: window, tables and one chunk.
const INFLATING: usize = 256 << 10;

/// After this many bytes, about 80 µs of reading, a read yields so that the reactor polls the other sockets.
const YIELD_AFTER: usize = 64 << 10;

/// What a compressed byte counts as, in bytes given: 2 MiB of empty gzip members took a worker 80 ms, 40 ns a byte.
const COMPRESSED_BYTE: usize = 32;

/// A body, chunk by chunk.
#[derive(Debug)]
pub(in crate::http) struct BodyChunks<B> {
    body: B,
    inflater: Option<Box<Inflater>>,
    is_done: bool,
    /// Work done since the reactor polled the other sockets, in bytes given.
    work: usize,
}

impl<B: ReadableBody> BodyChunks<B> {
    /// The chunks of a body with these headers.
    ///
    /// # Errors
    /// 415: an encoding that is not read.
    pub(in crate::http) fn new(headers: &HeaderMap, body: B) -> Result<Self, Problem> {
        let inflater = encoding(headers)?.map(|encoding| Box::new(Inflater::new(encoding)));
        Ok(Self { body, inflater, is_done: false, work: 0 })
    }

    /// The number of bytes, if it is known before they are read.
    pub(in crate::http) fn length(&self) -> Option<usize> {
        let length = self.body.size_hint().exact().filter(|_| self.inflater.is_none())?;
        Some(usize::try_from(length).unwrap_or(usize::MAX))
    }

    /// The memory that reading takes besides the body's bytes.
    pub(in crate::http) fn overhead(&self) -> usize {
        if self.inflater.is_some() { INFLATING } else { 0 }
    }

    /// The next chunk; none at the end. A chunk is at most what arrived at one time, or 136 KiB when inflated.
    ///
    /// # Errors
    /// 400: the body broke off, or is not of its encoding.
    pub(in crate::http) async fn next(&mut self) -> Result<Option<Bytes>, Problem> {
        self.yield_if_due().await;
        let chunk = self.chunk().await?;
        self.work += chunk.as_ref().map_or(0, Bytes::len);
        Ok(chunk)
    }

    /// Yields so that other sockets are polled, when enough work has been done.
    async fn yield_if_due(&mut self) {
        if self.work >= YIELD_AFTER {
            self.work = 0;
            yield_io::yield_to_reactor().await;
        }
    }

    async fn chunk(&mut self) -> Result<Option<Bytes>, Problem> {
        loop {
            if let Some(inflater) = &mut self.inflater
                && let Some((chunk, taken)) = inflater.next().map_err(|error| broken(inflater.encoding(), &error))?
            {
                self.work += taken * COMPRESSED_BYTE;
                if !chunk.is_empty() {
                    return Ok(Some(chunk));
                }
                self.yield_if_due().await;
                continue;
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
                    return self.inflater.as_mut().map_or(Ok(None), |inflater| {
                        inflater.finish().map_err(|error| broken(inflater.encoding(), &error))
                    });
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

fn broken(encoding: Encoding, error: &std::io::Error) -> Problem {
    Problem::new(ProblemKind::Syntax, format!("The body is not {}, or was cut: {error}", encoding.as_str()))
}

/// The encoding in the head; none for a body as it is.
fn encoding(headers: &HeaderMap) -> Result<Option<Encoding>, Problem> {
    let mut encoding = None;
    for value in headers.get_all(CONTENT_ENCODING) {
        for name in value.as_bytes().split(|b| *b == b',').map(<[u8]>::trim_ascii) {
            encoding = match name.to_ascii_lowercase().as_slice() {
                b"" | b"identity" => encoding,
                b"gzip" | b"x-gzip" if encoding.is_none() => Some(Encoding::Gzip),
                b"deflate" if encoding.is_none() => Some(Encoding::Deflate),
                _ => {
                    return Err(Problem::unsupported_media(
                        "Content-Encoding must be gzip or deflate, applied once, or absent",
                    ));
                }
            };
        }
    }
    Ok(encoding)
}
