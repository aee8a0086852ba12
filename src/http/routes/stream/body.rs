//! A stream's answers as a response body: the next chunk is made when the one before was sent.
//!
//! A client that reads nothing is sent nothing more, and no more of its body is read.

use std::convert::Infallible;
use std::time::Instant;

use axum::body::{Body, Bytes};
use futures_util::stream::unfold;

use crate::http::app::AppState;
use crate::http::body::discard_rest;
use crate::serve::metrics::GaugeGuard;

use super::rows::RowStream;

/// What comes next in the body.
enum NextStep {
    /// The rows that are answered already.
    First(Bytes, Box<RowStream>),
    /// More rows.
    Rows(Box<RowStream>),
    /// Nothing: read what the client still sends, so that it can read the error.
    Discard(Body, AppState),
}

/// A response's body: `first`, then what `stream` still gives. The request counts as in flight until its last chunk is
/// made.
pub(super) fn stream_body(first: Bytes, stream: RowStream) -> Body {
    let in_flight = stream.app().server.metrics.in_flight();
    Body::from_stream(unfold((NextStep::First(first, Box::new(stream)), in_flight), next))
}

async fn next(
    (step, in_flight): (NextStep, GaugeGuard),
) -> Option<(Result<Bytes, Infallible>, (NextStep, GaugeGuard))> {
    let (chunk, step) = match step {
        NextStep::First(rows, stream) => (rows, NextStep::Rows(stream)),
        NextStep::Rows(mut stream) => match stream.next().await {
            Ok(Some(rows)) => (rows, NextStep::Rows(stream)),
            Ok(None) => {
                drop(stream.end(None));
                return None;
            }
            Err(problem) => {
                let app = stream.app();
                let (line, rest) = stream.end(Some(&problem));
                (line, NextStep::Discard(rest, app))
            }
        },
        NextStep::Discard(rest, app) => {
            discard_rest(rest, &app, Instant::now()).await;
            return None;
        }
    };
    Some((Ok(chunk), (step, in_flight)))
}
