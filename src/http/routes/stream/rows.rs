//! The rows of a stream: read line by line, answered some at a time, and forgotten.

use std::sync::{Arc, Weak};
use std::time::{Duration, Instant};

use axum::body::{Body, Bytes};
use http::request::Parts;

use crate::http::app::AppState;
use crate::http::body::BodyChunks;
use crate::http::decode::{DecodeOptions, Places, ndjson};
use crate::http::encode;
use crate::http::middleware::StreamSpan;
use crate::http::problem::{Problem, ProblemKind};
use crate::model::question::Question;
use crate::serve::admission::CHUNKED_STEP;
use crate::serve::error::Overloaded;
use crate::serve::listener::{RequestContext, RequestId};
use crate::serve::logging::milliseconds;
use crate::serve::predict::{PredictInput, PredictOutput};
use crate::serve::registry::{ServedModel, Snapshot};

/// The most features read and numbers answered at one time: from 64 KiB of short lines a model with many classes would
/// make hundreds of mebibytes.
const NUMBERS_AT_ONCE: usize = 16 << 10;

/// The last line of a stream whose version has been replaced twice, or unloaded.
const VERSION_GONE: &str = "The version that this stream began with is neither served nor kept any more: send the rows \
                            that have no answer in a new request";

/// A stream under way.
pub(super) struct RowStream {
    app: AppState,
    /// The version that answers all rows. Held while rows are answered alone: a stream may last longer than the memory
    /// bound counts a replaced version, which is until it is neither served nor the one before.
    snapshot: Weak<ServedModel>,
    question: Question,
    chunks: BodyChunks<Body>,
    /// The lines of the last chunk, and the beginning of the next line.
    held: Vec<u8>,
    /// How many bytes of it are whole lines.
    whole: usize,
    /// How long the current line has been waited for.
    waited: Duration,
    log: StreamLog,
}

/// The log line of a stream's end, long after its status was logged, and the end of its span.
struct StreamLog {
    context: RequestContext,
    progress: ndjson::LinesRead,
    /// Rows were answered, so the status is sent.
    has_begun: bool,
    /// The status it ended with; none until then, and when its client left.
    end: Option<u16>,
    /// Where spans are exported.
    span: Option<StreamSpan>,
}

impl StreamLog {
    /// The request's id, for the log and the last line.
    fn id(&self) -> &str {
        self.context.id.as_ref().map_or("unknown", RequestId::as_str)
    }
}

impl Drop for StreamLog {
    fn drop(&mut self) {
        let (rows, duration_ms) = (self.progress.rows, milliseconds(self.context.arrival.elapsed()));
        if let Some(status) = self.end {
            tracing::info!(request_id = self.id(), status, rows, duration_ms, "a stream ended with {status}");
        } else if self.has_begun {
            tracing::info!(request_id = self.id(), rows, duration_ms, "a stream was left by its client");
        }
        if let Some(span) = &self.span {
            span.end(rows, self.end);
        }
    }
}

impl RowStream {
    /// A stream of the rows in `body`, none of them read yet.
    ///
    /// # Errors
    /// 415: an encoding that is not read.
    pub(super) fn new(
        app: &AppState,
        snapshot: &Snapshot,
        question: Question,
        head: &Parts,
        body: Body,
    ) -> Result<Self, Problem> {
        let context = RequestContext::of(&head.extensions).clone();
        let (progress, span) = (ndjson::LinesRead::default(), app.server.spans.as_ref().map(|_| StreamSpan::default()));
        Ok(Self {
            chunks: BodyChunks::new(app, head, body)?,
            held: Vec::new(),
            whole: 0,
            waited: Duration::ZERO,
            log: StreamLog { context, progress, has_begun: false, end: None, span },
            app: app.clone(),
            snapshot: Arc::downgrade(snapshot),
            question,
        })
    }

    /// Notes that the status is sent: from now on errors go into the log and the last line.
    pub(super) fn begin(&mut self) {
        self.log.has_begun = true;
    }

    /// The place of the request's span, which ends with the stream.
    pub(super) fn span(&self) -> Option<StreamSpan> {
        self.log.span.clone()
    }

    /// The next rows' answers; none at the end. The answers before must be sent already.
    ///
    /// # Errors
    /// As any prediction, for the next rows.
    pub(super) async fn next(&mut self) -> Result<Option<Bytes>, Problem> {
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
                && let Some(rows) = self.answer_lines().await?
            {
                return Ok(Some(rows));
            }
        }
    }

    /// Waits for a chunk: for one line at most the body timeout, shrunk while draining.
    async fn chunk(&mut self) -> Result<Option<Bytes>, Problem> {
        let began = Instant::now();
        let limit = self.app.server.limits.body_timeout.saturating_sub(self.waited);
        tokio::select! {
            biased;
            () = self.app.server.lifecycle.wait_until(began + limit) => {
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
        let limits = &self.app.server.limits;
        let most = limits.max_body_bytes;
        if self.held.len() - self.whole > most { Err(Problem::body_too_large(most)) } else { Ok(()) }
    }

    /// Answers the first whole lines that are held, and forgets them; none when they are blank.
    async fn answer_lines(&mut self) -> Result<Option<Bytes>, Problem> {
        let snapshot = self.snapshot.upgrade().ok_or_else(|| Problem::new(ProblemKind::NotReady, VERSION_GONE))?;
        let schema = snapshot.model.schema();
        let asked = snapshot.model.numbers_beside(self.question);
        let numbers = schema.n_features() + schema.target().classes.len() + 1 + asked;
        let lines_at_once = (NUMBERS_AT_ONCE / numbers).max(1);
        let mut ends = memchr::memchr_iter(b'\n', &self.held[..self.whole]);
        let length = ends.nth(lines_at_once - 1).map_or(self.whole, |at| at + 1);
        let options = DecodeOptions { max_rows: usize::MAX, ..DecodeOptions::new(&self.app.server, &snapshot) };
        let first = self.log.progress.rows;
        let batch = ndjson::read(&self.held[..length], &options, &mut self.log.progress)?;
        self.held.drain(..length);
        self.whole -= length;
        self.waited = Duration::ZERO;
        let Some(batch) = batch.map(|batch| batch.asking(self.question)) else { return Ok(None) };
        let other_bytes = self.stepped(self.held.len());
        let input = PredictInput { snapshot: &snapshot, batch, answer_bytes: 0, other_bytes };
        let answer = self.app.server.predict(&self.log.context.memory, input).await;
        let pointer = |row, feature| Places::Records(&[]).pointer(row, feature, schema);
        let PredictOutput { predicted, .. } =
            answer.map_err(|error| Problem::of_batch(error.counted_from(first), pointer))?;
        let rows = encode::ndjson::rows(schema, &predicted);
        self.share(self.held.len() + rows.len()).await?;
        Ok(Some(rows.into()))
    }

    /// Resizes the request's lease to `bytes`, rounded up so that it rarely changes; to nothing for no bytes, so that a
    /// slow line holds nothing.
    async fn share(&mut self, bytes: usize) -> Result<(), Overloaded> {
        self.log.context.memory.resize_to(self.stepped(bytes)).await
    }

    /// `bytes` and the inflater's, in steps, so that the lease is rarely resized.
    fn stepped(&self, bytes: usize) -> usize {
        bytes.next_multiple_of(CHUNKED_STEP) + self.chunks.overhead()
    }

    /// Tells the log and the metrics how the stream ended. Gives the last line, if an error needs one, and the unread
    /// body.
    pub(super) fn end(mut self, problem: Option<&Problem>) -> (Bytes, Body) {
        self.log.context.memory.release();
        self.log.end = Some(problem.map_or(200, |problem| problem.kind().status().as_u16()));
        let Some(problem) = problem else { return (Bytes::new(), self.chunks.into_rest()) };
        let id = self.log.id();
        problem.record(&self.app.server.metrics, id, None);
        (problem.render(id).into(), self.chunks.into_rest())
    }

    /// The router's state.
    pub(super) fn app(&self) -> AppState {
        self.app.clone()
    }
}
