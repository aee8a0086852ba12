//! A request's body, whole, within its limits: bytes, time, and a share of the memory that all bodies have together.
//!
//! Stands apart because every prediction route reads its body the same way, whatever is in it.

mod chunks;
mod drain;
mod inflate;
mod min_rate;
mod yield_io;

use axum::body::{Body, Bytes};
use http::request::Parts;

use crate::config::Limits;
use crate::http::app::App;
use crate::http::encode;
use crate::http::problem::{Problem, ProblemKind};
use crate::model::batch::Batch;
use crate::model::schema::Schema;
use crate::serve::admission::MemoryLease;
use crate::serve::listener::RequestContext;

pub(super) use chunks::BodyChunks;
pub(super) use drain::drain;
use min_rate::MinDataRate;

/// A whole body; its share of the budget is given back when it is dropped.
#[derive(Debug)]
pub(in crate::http) struct ReceivedBody {
    bytes: Bytes,
    permit: MemoryLease,
}

impl ReceivedBody {
    /// The bytes.
    pub(in crate::http) fn bytes(&self) -> &[u8] {
        &self.bytes
    }

    /// Takes room for the largest batch that can be in the body, before there is one: batches that wait for room would
    /// be counted nowhere.
    ///
    /// # Errors
    /// 503: no room within the admission wait.
    pub(in crate::http) async fn room_for_batch(&mut self, schema: &Schema, limits: &Limits) -> Result<(), Problem> {
        // The shortest cell, an element of a binary tensor or an empty field, takes a byte.
        let cells = self.bytes.len().min(limits.max_rows.saturating_mul(schema.n_features()));
        Ok(self.permit.reach(cells * size_of::<f64>()).await?)
    }

    /// Lets the body go.
    pub(in crate::http) fn into_permit(self) -> MemoryLease {
        self.permit
    }
}

/// From now on the request holds what became of its body: the batch, then the prediction beside it, then that and the
/// answer. Gives the room for the answer, in bytes.
///
/// # Errors
/// 503: that is more than the body, and there is no room within the admission wait.
pub(in crate::http) async fn hold(permit: &mut MemoryLease, batch: &Batch, schema: &Schema) -> Result<usize, Problem> {
    // Predictions grow as their slices come.
    const GROWING: usize = 2;
    let (rows, classes) = (batch.n_rows(), schema.target().classes.len());
    let prediction = GROWING * rows * (1 + classes) * size_of::<f64>();
    let answer = encode::max_bytes(schema.target(), rows);
    permit.hold(prediction + size_of_val(batch.values()).max(answer)).await?;
    Ok(answer)
}

/// Keeps a request's share of the budget until its answer is written.
pub(in crate::http) fn hold_until_written(head: &Parts, permit: MemoryLease) {
    RequestContext::of(&head.extensions).hold_until_written(permit);
}

/// Reads a body with something in it.
///
/// # Errors
/// As [`read_any`]; 400 also when it is empty.
pub(in crate::http) async fn read(app: &App, head: &Parts, body: Body) -> Result<ReceivedBody, Problem> {
    let received = read_any(app, head, body).await?;
    if received.bytes.is_empty() {
        return Err(Problem::new(ProblemKind::Syntax, "The body is empty: send rows"));
    }
    Ok(received)
}

/// Reads a body, an empty one too, inflated if it is compressed. Its share of the budget is taken before its first byte,
/// or while it is inflated.
///
/// # Errors
/// 415: an encoding that is not read. 503: no room within the admission wait. 408: not all of it came in time, or it came
/// slowly while others waited for room. 413: it is too long. 400: it broke off, or is not gzip.
pub(in crate::http) async fn read_any(app: &App, head: &Parts, body: Body) -> Result<ReceivedBody, Problem> {
    let limits = &app.serving.limits;
    let chunks = BodyChunks::new(&head.headers, body)?;
    let declared = chunks.length();
    if declared.is_some_and(|n| n > limits.max_body_bytes) {
        return Err(Problem::body_too_large(limits));
    }
    let room = declared.unwrap_or(0) + chunks.overhead();
    let permit = app.serving.memory.reserve(room).await?;
    let rate = MinDataRate::new(&app.serving.memory, limits, room);
    tokio::select! {
        // The body first: nearly always it is there, and nobody waits.
        biased;
        received = collect(limits, chunks, declared, permit, &rate) => received,
        late = async { Box::pin(late(RequestContext::of(&head.extensions), &rate)).await } => Err(late),
    }
}

/// Resolves when a body's time is over, or when it is too slow for others to wait for its room.
async fn late(context: &RequestContext, rate: &MinDataRate<'_>) -> Problem {
    let detail = tokio::select! {
        () = context.body_overdue() => "The body did not come in time",
        () = rate.violated() => "The body came too slowly while the server had no room for others: send it again",
    };
    Problem::new(ProblemKind::BodyTimeout, detail)
}

async fn collect(
    limits: &Limits,
    mut chunks: BodyChunks,
    declared: Option<usize>,
    mut permit: MemoryLease,
    rate: &MinDataRate<'_>,
) -> Result<ReceivedBody, Problem> {
    let mut bytes = Bytes::new();
    let mut joined = Vec::new();
    while let Some(data) = chunks.next().await? {
        let length = bytes.len() + joined.len() + data.len();
        rate.received(length);
        if length > limits.max_body_bytes {
            return Err(Problem::body_too_large(limits));
        }
        if declared.is_none() {
            permit.grow(data.len()).await?;
        }
        // A body in one piece is not copied.
        if bytes.is_empty() && joined.is_empty() {
            bytes = data;
            continue;
        }
        if joined.is_empty() {
            joined.reserve_exact(declared.unwrap_or(length).max(length));
            joined.extend_from_slice(&std::mem::take(&mut bytes));
        }
        joined.extend_from_slice(&data);
    }
    let bytes = if joined.is_empty() { bytes } else { joined.into() };
    Ok(ReceivedBody { bytes, permit })
}
