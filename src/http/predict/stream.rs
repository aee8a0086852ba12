//! A body of lines answered while it comes: rows go out as soon as their lines are whole, and nothing is kept of either.
//!
//! Stands apart from the other predictions because its limits are other ones. A line may be as long as a whole body, and
//! takes as long to come; how many lines there are does not matter, since memory holds one piece of them. The first
//! rows decide the status; what goes wrong after them is told by a last line, the envelope of errors (its `status`
//! member sets it apart).

use std::time::{Duration, Instant};

use axum::body::{Body, Bytes, HttpBody as _};
use axum::response::{IntoResponse as _, Response};
use http::HeaderMap;
use http::header::CONTENT_TYPE;
use http::request::Parts;

use crate::http::app::{App, AppState};
use crate::http::encode_lines;
use crate::http::middleware::{RequestId, context_of, too_large};
use crate::http::problem::{Kind, Problem};
use crate::serve::admission::BodyPermit;
use crate::serve::registry::Snapshot;

use super::accept::{Form, Wanted};
use super::content::{self, Format};
use super::dialect::{Rules, lines};
use super::flow::Flow;
use super::pieces::Pieces;
use super::reply::NDJSON;
use super::{accept, no_rows, rules};

/// True when a head announces a stream, whatever its length: then its length is not held against it.
pub(in crate::http) fn announces(headers: &HeaderMap) -> bool {
    content::format(headers)
        .is_ok_and(|format| format == Format::Lines && accept::wanted(headers, format).form == Form::Lines)
}

/// True when lines are answered with lines and the body is not known to be short. One that is known to is read whole
/// first: its client may read nothing before it has sent everything, and gets a status that speaks for all rows.
pub(super) fn is_wanted(app: &App, headers: &HeaderMap, body: &Body, format: Format, wanted: Wanted) -> bool {
    let is_short = || {
        let is_plain = !headers.contains_key(http::header::CONTENT_ENCODING);
        let limit = app.serving.limits.max_body_bytes as u64;
        is_plain && body.size_hint().exact().is_some_and(|length| length <= limit)
    };
    format == Format::Lines && wanted.form == Form::Lines && !is_short()
}

/// Answers with the first rows, and goes on from there.
///
/// # Errors
/// As any prediction, as long as no row is answered.
pub(super) async fn answer(app: &AppState, snapshot: Snapshot, head: &Parts, body: Body) -> Result<Response, Problem> {
    let mut stream = Stream {
        pieces: Pieces::new(&head.headers, body)?,
        permit: app.serving.body_budget.reserve(0).await?,
        permitted: 0,
        held: Vec::new(),
        waited: Duration::ZERO,
        story: Story {
            id: head.extensions.get::<RequestId>().cloned().unwrap_or_default(),
            arrival: context_of(app, &head.extensions).arrival,
            progress: lines::Progress::default(),
            has_begun: false,
            end: None,
        },
        app: app.clone(),
        snapshot,
    };
    let first = stream.next().await?.ok_or_else(no_rows)?;
    stream.story.has_begun = true;
    Ok(([(CONTENT_TYPE, NDJSON)], Body::new(Flow::new(first, stream))).into_response())
}

/// A stream under way.
pub(super) struct Stream {
    app: AppState,
    snapshot: Snapshot,
    pieces: Pieces,
    /// The share of the budget for what is held.
    permit: BodyPermit,
    /// Bytes that it is for: the most that was held since it was empty.
    permitted: usize,
    /// The lines of the last piece, and the beginning of one.
    held: Vec<u8>,
    /// How long the line that is coming has been waited for.
    waited: Duration,
    story: Story,
}

/// What the log says of a stream, whose status was told long before its end.
struct Story {
    id: RequestId,
    arrival: Instant,
    progress: lines::Progress,
    /// Rows were answered: what comes is not in the status.
    has_begun: bool,
    /// The status of what it ended with; none while it goes on, and when its client left or took no more answers.
    end: Option<u16>,
}

impl Drop for Story {
    fn drop(&mut self) {
        let (rows, duration_ms) = (self.progress.rows, self.arrival.elapsed().as_secs_f64() * 1e3);
        if let Some(status) = self.end {
            tracing::info!(request_id = self.id.as_str(), status, rows, duration_ms, "a stream ended with {status}");
        } else if self.has_begun {
            tracing::info!(request_id = self.id.as_str(), rows, duration_ms, "a stream was left by its client");
        }
    }
}

impl Stream {
    /// The next rows' answers; none at the end.
    ///
    /// # Errors
    /// Whatever is wrong with the next rows.
    pub(super) async fn next(&mut self) -> Result<Option<Bytes>, Problem> {
        loop {
            let piece = self.piece().await?;
            let is_end = piece.is_none();
            let whole = match piece {
                Some(piece) => self.hold(&piece).await?,
                None => self.held.len(),
            };
            let answered = if whole > 0 { self.answer(whole).await? } else { None };
            if answered.is_some() || is_end {
                return Ok(answered);
            }
        }
    }

    /// Waits for a piece, but for a line no longer than for a body, and while draining no longer than is left.
    async fn piece(&mut self) -> Result<Option<Bytes>, Problem> {
        let began = Instant::now();
        let limit = self.app.serving.limits.body_timeout.saturating_sub(self.waited);
        tokio::select! {
            biased;
            () = self.app.serving.life.passed(began + limit) => {
                Err(Problem::new(Kind::BodyTimeout, "The next line did not come in time"))
            }
            piece = self.pieces.next() => {
                self.waited += began.elapsed();
                piece
            }
        }
    }

    /// Keeps a piece; how many bytes of whole lines there are now.
    async fn hold(&mut self, piece: &[u8]) -> Result<usize, Problem> {
        let (before, limits) = (self.held.len(), &self.app.serving.limits);
        let more = (before + piece.len()).saturating_sub(self.permitted);
        self.permit.grow(more).await?;
        self.permitted += more;
        self.held.extend_from_slice(piece);
        let whole = memchr::memrchr(b'\n', piece).map_or(0, |at| before + at + 1);
        if self.held.len() - whole > limits.max_body_bytes {
            return Err(too_large(limits));
        }
        Ok(whole)
    }

    /// Answers the first `length` bytes of what is held, whole lines, and forgets them.
    async fn answer(&mut self, length: usize) -> Result<Option<Bytes>, Problem> {
        self.waited = Duration::ZERO;
        let rules = Rules { max_rows: usize::MAX, ..rules(&self.app, &self.snapshot) };
        let batch = lines::read(&self.held[..length], &rules, &mut self.story.progress)?;
        self.held.drain(..length);
        if self.held.is_empty() {
            // Nothing is held: nothing of the budget either, however long the next line takes to come.
            self.permit = self.app.serving.body_budget.reserve(0).await?;
            self.permitted = 0;
        }
        let Some(batch) = batch else { return Ok(None) };
        let (prediction, _) = self.app.serving.compute.predict(&self.snapshot, batch).await?;
        Ok(Some(encode_lines::ndjson(self.snapshot.model.schema().target(), &prediction).into()))
    }

    /// Tells the log, the metrics and the client how the stream ended; the last line, if there is one to write, and what
    /// was not read of the body.
    pub(super) fn end(mut self, problem: Option<&Problem>) -> (Bytes, Body) {
        self.story.end = Some(problem.map_or(200, |problem| problem.kind().status().as_u16()));
        let Some(problem) = problem else { return (Bytes::new(), self.pieces.into_rest()) };
        let id = self.story.id.as_str();
        if let Some(reason) = problem.kind().reason() {
            self.app.serving.metrics.rejected(reason);
        }
        if let Some(cause) = problem.cause() {
            tracing::error!(request_id = id, cause, "a stream failed: {cause}");
        }
        let mut line = problem.render(id);
        line.push(b'\n');
        (line.into(), self.pieces.into_rest())
    }

    /// The state that it was asked with.
    pub(super) fn app(&self) -> AppState {
        self.app.clone()
    }
}
