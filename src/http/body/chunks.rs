//! A request's body as it comes, inflated where it is compressed.
//!
//! Stands apart from `body`, which keeps all of one, because a stream reads the same chunks and keeps none.

use axum::body::{Body, Bytes, HttpBody as _};
use http::HeaderMap;
use http::header::CONTENT_ENCODING;
use http_body_util::BodyExt as _;

use crate::http::problem::{Problem, ProblemKind};

use super::inflate::Inflater;
use super::yield_io;

/// What inflating takes over the bytes that it gives: its window, its tables and a piece.
const INFLATING: usize = 256 << 10;

/// After so many bytes it is the others' turn: while a thread goes on with what one socket holds, it may be the one that
/// should look whether anything has come on the others. About 80 µs of reading.
const TURN: usize = 64 << 10;

/// A body, piece by piece.
#[derive(Debug)]
pub(in crate::http) struct BodyChunks {
    body: Body,
    inflater: Option<Inflater>,
    is_done: bool,
    /// Bytes given in this turn.
    given: usize,
}

impl BodyChunks {
    /// The chunks of a body with these headers.
    ///
    /// # Errors
    /// 415: an encoding that is not read.
    pub(in crate::http) fn new(headers: &HeaderMap, body: Body) -> Result<Self, Problem> {
        let inflater = if is_gzip(headers)? { Some(Inflater::new()) } else { None };
        Ok(Self { body, inflater, is_done: false, given: 0 })
    }

    /// How many bytes there are, if that is known before they are read.
    pub(in crate::http) fn length(&self) -> Option<usize> {
        let told = self.body.size_hint().exact().filter(|_| self.inflater.is_none())?;
        Some(usize::try_from(told).unwrap_or(usize::MAX))
    }

    /// What reading it takes over its bytes.
    pub(in crate::http) fn overhead(&self) -> usize {
        if self.inflater.is_some() { INFLATING } else { 0 }
    }

    /// The next piece; none at the end. A piece is at most as long as what came at one time, or 136 KiB when inflated.
    ///
    /// # Errors
    /// 400: the body broke off, or is not gzip.
    pub(in crate::http) async fn next(&mut self) -> Result<Option<Bytes>, Problem> {
        if self.given >= TURN {
            self.given = 0;
            yield_io::yield_to_reactor().await;
        }
        let piece = self.piece().await?;
        self.given += piece.as_ref().map_or(0, Bytes::len);
        Ok(piece)
    }

    async fn piece(&mut self) -> Result<Option<Bytes>, Problem> {
        loop {
            if let Some(inflater) = &mut self.inflater
                && let Some(piece) = inflater.next().map_err(not_gzip)?
            {
                return Ok(Some(piece));
            }
            if self.is_done {
                return Ok(None);
            }
            let data = match self.body.frame().await {
                Some(Ok(frame)) => frame.into_data().unwrap_or_default(),
                Some(Err(e)) => return Err(Problem::new(ProblemKind::Syntax, format!("The body broke off: {e}"))),
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

    /// What has not been read of the body as it was sent.
    pub(in crate::http) fn into_rest(self) -> Body {
        self.body
    }
}

fn not_gzip(error: impl std::fmt::Display) -> Problem {
    Problem::new(ProblemKind::Syntax, format!("The body is not gzip, or was cut: {error}"))
}

/// True for gzip, false for a body as it is.
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
