//! A request body as it arrives, chunk by chunk, inflated if it is gzip or deflate.

use axum::body::Bytes;
use http::HeaderMap;
use http::header::CONTENT_ENCODING;
use http::request::Parts;
use http_body_util::BodyExt as _;

use crate::http::app::App;
use crate::http::problem::{Problem, ProblemKind};
use crate::serve::listener::{BoxError, RequestContext};

use super::inflate::Encoding;
use super::inflating::{INFLATING, Inflating, Piece};
use super::request_body::ReadableBody;
use super::turns::Turns;

/// A body, chunk by chunk.
#[derive(Debug)]
pub(in crate::http) struct BodyChunks<B> {
    body: B,
    inflating: Option<Box<Inflating>>,
    is_done: bool,
    turns: Turns,
    /// The most bytes that are read of a compressed body, however few it becomes.
    most_compressed: usize,
}

impl<B: ReadableBody> BodyChunks<B> {
    /// The chunks of the body of the request with this head.
    ///
    /// # Errors
    /// 415: an encoding that is not read.
    pub(in crate::http) fn new(app: &App, head: &Parts, body: B) -> Result<Self, Problem> {
        let memory = &RequestContext::of(&head.extensions).memory;
        let inflating = |encoding| Box::new(Inflating::new(encoding, memory, &app.server));
        Ok(Self {
            body,
            inflating: encoding(&head.headers)?.map(inflating),
            is_done: false,
            turns: Turns::default(),
            most_compressed: usize::MAX,
        })
    }

    /// The same, of a body that may be `most` bytes long: compressed it may be longer by what its frame takes.
    pub(in crate::http) fn at_most(self, most: usize) -> Self {
        Self { most_compressed: most.saturating_add(most / 1024 + 64), ..self }
    }

    /// The number of bytes, if it is known before they are read.
    pub(in crate::http) fn length(&self) -> Option<usize> {
        let length = self.body.size_hint().exact().filter(|_| self.inflating.is_none())?;
        Some(usize::try_from(length).unwrap_or(usize::MAX))
    }

    /// The memory that reading takes besides the body's bytes.
    pub(in crate::http) fn overhead(&self) -> usize {
        if self.inflating.is_some() { INFLATING } else { 0 }
    }

    /// The next chunk; none at the end. A chunk is at most what arrived at one time, or 64 KiB when inflated. Not to be
    /// asked again once its future was dropped.
    ///
    /// # Errors
    /// 400: the body broke off, or is not of its encoding. 413: it is compressed, and longer than it may be. 503: it
    /// takes long to inflate, and there was no permit to do so within the admission wait.
    pub(in crate::http) async fn next(&mut self) -> Result<Option<Bytes>, Problem> {
        loop {
            self.turns.next().await;
            if let Some(inflating) = &mut self.inflating
                && let Some(Piece { bytes, work }) = inflating.next().await?
            {
                self.turns.add(work);
                if bytes.is_empty() {
                    continue;
                }
                return Ok(Some(bytes));
            }
            if self.is_done {
                return Ok(None);
            }
            let data = match self.body.frame().await {
                Some(Ok(frame)) => frame.into_data().unwrap_or_default(),
                Some(Err(error)) => {
                    let error: BoxError = error.into();
                    let cause = error.source().map_or_else(String::new, |cause| format!(": {cause}"));
                    let detail = format!("The body broke off: {error}{cause}");
                    return Err(Problem::new(ProblemKind::Syntax, detail).ending_connection());
                }
                None => {
                    self.is_done = true;
                    return self.inflating.as_mut().map_or(Ok(()), |inflating| inflating.finish()).map(|()| None);
                }
            };
            self.turns.add_piece(data.len());
            match &mut self.inflating {
                Some(inflating) => {
                    let left = self.most_compressed.checked_sub(data.len());
                    self.most_compressed = left.ok_or_else(|| {
                        Problem::new(
                            ProblemKind::BodyTooLarge,
                            "The body is longer, compressed, than it may be inflated",
                        )
                    })?;
                    inflating.feed(data);
                }
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
