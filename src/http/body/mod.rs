//! Reads a request's whole body within its limits: bytes, time, and the memory that all requests share.

mod chunks;
mod discard;
mod inflate;
mod inflating;
mod min_rate;
mod request_body;
mod turns;
mod yield_io;

use axum::body::Bytes;
use http::request::Parts;

use crate::http::app::App;
use crate::http::problem::{Problem, ProblemKind};
use crate::serve::admission::MemoryLease;
use crate::serve::listener::RequestContext;

pub(super) use chunks::BodyChunks;
pub(super) use discard::discard_rest;
use min_rate::MinDataRate;
pub(super) use request_body::{Leftover, ReadableBody, RequestBody};

/// Reads a body that must not be empty.
///
/// # Errors
/// As [`read_at_most`]; 400 also when it is empty.
pub(in crate::http) async fn read(app: &App, head: &Parts, body: impl ReadableBody) -> Result<Bytes, Problem> {
    let bytes = read_at_most(app, head, body, app.server.limits.max_body_bytes).await?;
    if bytes.is_empty() {
        return Err(Problem::new(ProblemKind::Syntax, "The body is empty: send rows"));
    }
    Ok(bytes)
}

/// Reads a body of at most `most` bytes, which may be empty, and inflates it if it is compressed. The request's lease
/// is resized to it before its first byte, or while it comes if its length is not known.
///
/// # Errors
/// 415: an unknown encoding. 503: no memory within the admission wait. 408: it did not come in time, or came slowly
/// while memory was scarce. 413: it is too long. 400: it broke off, or is not of its encoding.
pub(in crate::http) async fn read_at_most(
    app: &App,
    head: &Parts,
    body: impl ReadableBody,
    most: usize,
) -> Result<Bytes, Problem> {
    let limits = &app.server.limits;
    let context = RequestContext::of(&head.extensions);
    let chunks = BodyChunks::new(app, head, body)?.at_most(most);
    let declared = chunks.length();
    if declared.is_some_and(|n| n > most) {
        return Err(Problem::body_too_large(most));
    }
    let overhead = chunks.overhead();
    context.memory.resize_to(declared.unwrap_or(0) + overhead).await?;
    let rate = MinDataRate::new(&app.server.memory, limits, declared, overhead);
    tokio::select! {
        // The body first: nearly always it is there already.
        biased;
        bytes = collect(most, chunks, declared, &context.memory, &rate) => bytes,
        late = async { Box::pin(late(context, &rate)).await } => Err(late),
    }
}

/// Resolves when a body is overdue, or when it is too slow while memory is scarce.
async fn late(context: &RequestContext, rate: &MinDataRate<'_>) -> Problem {
    let detail = tokio::select! {
        () = context.body_overdue() => "The body did not come in time",
        () = rate.violated() => "The body came too slowly while the server was short of memory: send it again",
    };
    Problem::new(ProblemKind::BodyTimeout, detail)
}

async fn collect(
    most: usize,
    mut chunks: BodyChunks<impl ReadableBody>,
    declared: Option<usize>,
    memory: &MemoryLease,
    rate: &MinDataRate<'_>,
) -> Result<Bytes, Problem> {
    let overhead = chunks.overhead();
    let mut bytes = Bytes::new();
    let mut joined = Vec::new();
    while let Some(data) = chunks.next().await? {
        let length = bytes.len() + joined.len() + data.len();
        rate.received(length);
        if length > most {
            return Err(Problem::body_too_large(most));
        }
        if declared.is_none() {
            memory.grow_in_steps(overhead + length).await?;
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
    Ok(if joined.is_empty() { bytes } else { joined.into() })
}
