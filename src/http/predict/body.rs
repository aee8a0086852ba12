//! A request's body, whole, within its limits: bytes, time, and a share of the memory that all bodies have together.
//!
//! Stands apart because every prediction route reads its body the same way, whatever is in it.

use axum::body::{Body, Bytes, HttpBody as _};
use http::request::Parts;
use http_body_util::BodyExt as _;

use crate::config::Limits;
use crate::http::app::App;
use crate::http::middleware::{context_of, too_large};
use crate::http::problem::{Kind, Problem};
use crate::serve::admission::BodyPermit;

/// A whole body; its share of the budget is given back when it is dropped.
#[derive(Debug)]
pub(in crate::http) struct Received {
    bytes: Bytes,
    _permit: BodyPermit,
}

impl Received {
    /// The bytes.
    pub(in crate::http) fn bytes(&self) -> &[u8] {
        &self.bytes
    }
}

/// Reads a body with something in it.
///
/// # Errors
/// As [`read_any`]; 400 also when it is empty.
pub(in crate::http) async fn read(app: &App, head: &Parts, body: Body) -> Result<Received, Problem> {
    let received = read_any(app, head, body).await?;
    if received.bytes.is_empty() {
        return Err(Problem::new(Kind::Syntax, "The body is empty: send rows"));
    }
    Ok(received)
}

/// Reads a body, an empty one too. Its share of the budget is taken before its first byte.
///
/// # Errors
/// 503: no room within the admission wait. 408: not all of it came in time. 413: it is too long. 400: it broke off.
pub(in crate::http) async fn read_any(app: &App, head: &Parts, body: Body) -> Result<Received, Problem> {
    let limits = &app.serving.limits;
    let declared = body.size_hint().exact().map(|n| usize::try_from(n).unwrap_or(usize::MAX));
    if declared.is_some_and(|n| n > limits.max_body_bytes) {
        return Err(too_large(limits));
    }
    let permit = app.serving.body_budget.reserve(declared.unwrap_or(0)).await?;
    let context = context_of(app, &head.extensions);
    tokio::select! {
        biased;
        received = collect(limits, body, declared, permit) => received,
        () = context.body_overdue() => Err(Problem::new(Kind::BodyTimeout, "The body did not come in time")),
    }
}

async fn collect(
    limits: &Limits,
    mut body: Body,
    declared: Option<usize>,
    mut permit: BodyPermit,
) -> Result<Received, Problem> {
    let mut bytes = Bytes::new();
    let mut joined = Vec::new();
    while let Some(frame) = body.frame().await {
        let broken = |e| Problem::new(Kind::Syntax, format!("The body broke off: {e}"));
        let Ok(data) = frame.map_err(broken)?.into_data() else { continue };
        let length = bytes.len() + joined.len() + data.len();
        if length > limits.max_body_bytes {
            return Err(too_large(limits));
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
    Ok(Received { bytes, _permit: permit })
}
