//! A body of lines answered while it comes: rows go out as soon as their lines are whole, and nothing is kept of either.
//!
//! Stands apart from the other predictions because its limits are other ones. A line may be as long as a whole body, and
//! takes as long to come; how many lines there are does not matter, since memory holds one chunk of them. The first
//! rows decide the status; what goes wrong after them is told by a last line, the envelope of errors (its `status`
//! member sets it apart).

use std::time::{Duration, Instant};

use axum::body::{Body, Bytes, HttpBody as _};
use axum::response::{IntoResponse as _, Response};
use http::HeaderMap;
use http::header::CONTENT_TYPE;
use http::request::Parts;

use crate::http::app::{App, AppState};
use crate::http::body::BodyChunks;
use crate::http::decode::{DecodeOptions, ndjson};
use crate::http::encode;
use crate::http::media::{Accepted, AnswerFormat, BodyFormat};
use crate::http::problem::{Problem, ProblemKind};
use crate::serve::admission::{CHUNKED_STEP, MemoryLease, Overloaded};
use crate::serve::listener::RequestContext;
use crate::serve::registry::Snapshot;

use super::predict::decode_options;
use super::stream_body::StreamBody;

/// Features read and numbers answered at one time: of 64 KiB of short lines a model with many classes would make
/// hundreds of mebibytes.
const NUMBERS_AT_ONCE: usize = 16 << 10;

/// True when lines are answered with lines and the body is not known to be short. One that is known to is read whole
/// first: its client may read nothing before it has sent everything, and gets a status that speaks for all rows.
pub(in crate::http) fn is_wanted(
    app: &App,
    headers: &HeaderMap,
    body: &Body,
    format: BodyFormat,
    accepted: Accepted,
) -> bool {
    let is_short = || {
        let is_plain = !headers.contains_key(http::header::CONTENT_ENCODING);
        let limit = app.serving.limits.max_body_bytes as u64;
        is_plain && body.size_hint().exact().is_some_and(|length| length <= limit)
    };
    format == BodyFormat::Ndjson && accepted.format == AnswerFormat::Ndjson && !is_short()
}

/// Answers with the first rows, and goes on from there.
///
/// # Errors
/// As any prediction, as long as no row is answered.
pub(in crate::http) async fn answer(
    app: &AppState,
    snapshot: Snapshot,
    head: &Parts,
    body: Body,
) -> Result<Response, Problem> {
    let mut stream = RowStream {
        chunks: BodyChunks::new(&head.headers, body)?,
        permit: app.serving.memory.reserve(0).await?,
        held: Vec::new(),
        whole: 0,
        waited: Duration::ZERO,
        log: StreamLog {
            context: RequestContext::of(&head.extensions).clone(),
            progress: ndjson::LinesRead::default(),
            has_begun: false,
            end: None,
        },
        app: app.clone(),
        snapshot,
    };
    let first = stream.next().await?.ok_or_else(Problem::no_rows)?;
    stream.log.has_begun = true;
    Ok(([(CONTENT_TYPE, encode::ndjson::MEDIA_TYPE)], Body::new(StreamBody::new(first, stream))).into_response())
}

/// A stream under way.
pub(in crate::http) struct RowStream {
    app: AppState,
    snapshot: Snapshot,
    chunks: BodyChunks,
    /// The share of the budget for what is held.
    permit: MemoryLease,
    /// The lines of the last chunk, and the beginning of one.
    held: Vec<u8>,
    /// How many bytes of it are whole lines.
    whole: usize,
    /// How long the line that is coming has been waited for.
    waited: Duration,
    log: StreamLog,
}

/// What the log says of a stream, whose status was told long before its end.
struct StreamLog {
    context: RequestContext,
    progress: ndjson::LinesRead,
    /// Rows were answered: what comes is not in the status.
    has_begun: bool,
    /// The status of what it ended with; none while it goes on, and when its client left or took no more answers.
    end: Option<u16>,
}

impl StreamLog {
    /// The request's id: what goes wrong after an answer has begun is told under it too.
    fn id(&self) -> &str {
        self.context.id.as_ref().and_then(|id| id.to_str().ok()).unwrap_or("unknown")
    }
}

impl Drop for StreamLog {
    fn drop(&mut self) {
        let (rows, duration_ms) = (self.progress.rows, self.context.arrival.elapsed().as_secs_f64() * 1e3);
        if let Some(status) = self.end {
            tracing::info!(request_id = self.id(), status, rows, duration_ms, "a stream ended with {status}");
        } else if self.has_begun {
            tracing::info!(request_id = self.id(), rows, duration_ms, "a stream was left by its client");
        }
    }
}

impl RowStream {
    /// The next rows' answers; none at the end. Who asks has taken the ones before.
    ///
    /// # Errors
    /// Whatever is wrong with the next rows.
    pub(in crate::http) async fn next(&mut self) -> Result<Option<Bytes>, Problem> {
        self.share(self.held.len()).await?;
        loop {
            if self.whole == 0 {
                match self.chunk().await? {
                    Some(chunk) => self.hold(&chunk).await?,
                    // The last line may lack its end.
                    None if self.held.is_empty() => return Ok(None),
                    None => self.whole = self.held.len(),
                }
            }
            if self.whole > 0
                && let Some(rows) = self.answer().await?
            {
                return Ok(Some(rows));
            }
        }
    }

    /// Waits for a chunk, but for a line no longer than for a body, and while draining no longer than is left.
    async fn chunk(&mut self) -> Result<Option<Bytes>, Problem> {
        let began = Instant::now();
        let limit = self.app.serving.limits.body_timeout.saturating_sub(self.waited);
        tokio::select! {
            biased;
            () = self.app.serving.lifecycle.passed(began + limit) => {
                Err(Problem::new(ProblemKind::BodyTimeout, "The next line did not come in time"))
            }
            chunk = self.chunks.next() => {
                self.waited += began.elapsed();
                chunk
            }
        }
    }

    /// Keeps a chunk.
    async fn hold(&mut self, chunk: &[u8]) -> Result<(), Problem> {
        let before = self.held.len();
        self.share(before + chunk.len()).await?;
        self.held.extend_from_slice(chunk);
        self.whole = memchr::memrchr(b'\n', chunk).map_or(0, |at| before + at + 1);
        let limits = &self.app.serving.limits;
        if self.held.len() - self.whole > limits.max_body_bytes { Err(Problem::body_too_large(limits)) } else { Ok(()) }
    }

    /// Answers the first whole lines that are held, and forgets them; none when they are blank.
    async fn answer(&mut self) -> Result<Option<Bytes>, Problem> {
        let schema = self.snapshot.model.schema();
        let numbers = schema.n_features() + schema.target().classes.len() + 1;
        let lines_at_once = (NUMBERS_AT_ONCE / numbers).max(1);
        let mut ends = memchr::memchr_iter(b'\n', &self.held[..self.whole]);
        let length = ends.nth(lines_at_once - 1).map_or(self.whole, |at| at + 1);
        let options = DecodeOptions { max_rows: usize::MAX, ..decode_options(&self.app, &self.snapshot) };
        let batch = ndjson::read(&self.held[..length], &options, &mut self.log.progress)?;
        self.held.drain(..length);
        self.whole -= length;
        self.waited = Duration::ZERO;
        let Some(batch) = batch else { return Ok(None) };
        self.share(self.held.len() + size_of_val(batch.values())).await?;
        let (prediction, _) = self.app.serving.compute.predict(&self.snapshot, batch).await?;
        let rows = encode::ndjson::rows(self.snapshot.model.schema().target(), &prediction);
        self.share(self.held.len() + rows.len()).await?;
        Ok(Some(rows.into()))
    }

    /// Takes a share of the budget for `bytes`, in steps, so that it is taken anew seldom; none for nothing, however
    /// long the next line takes to come.
    async fn share(&mut self, bytes: usize) -> Result<(), Overloaded> {
        let inflating = self.chunks.overhead();
        self.permit.hold(bytes.next_multiple_of(CHUNKED_STEP) + inflating).await
    }

    /// Tells the log, the metrics and the client how the stream ended; the last line, if there is one to write, and what
    /// was not read of the body.
    pub(in crate::http) fn end(mut self, problem: Option<&Problem>) -> (Bytes, Body) {
        self.log.end = Some(problem.map_or(200, |problem| problem.kind().status().as_u16()));
        let Some(problem) = problem else { return (Bytes::new(), self.chunks.into_rest()) };
        let id = self.log.id();
        if let Some(reason) = problem.kind().reason() {
            self.app.serving.metrics.rejected(reason);
        }
        if let Some(cause) = problem.cause() {
            tracing::error!(request_id = id, cause, "a stream failed: {cause}");
        }
        let mut line = problem.render(id);
        line.push(b'\n');
        (line.into(), self.chunks.into_rest())
    }

    /// The state that it was asked with.
    pub(in crate::http) fn app(&self) -> AppState {
        self.app.clone()
    }
}
