//! A stream's answers as a response body: the next chunk is made when the one before was sent.
//!
//! A client that reads nothing is sent nothing more, and no more of its body is read.

use std::convert::Infallible;
use std::pin::Pin;
use std::task::{Context, Poll, ready};
use std::time::Instant;

use axum::body::{Body, Bytes, HttpBody};
use http_body::Frame;

use crate::http::app::AppState;
use crate::http::body::drain;
use crate::serve::metrics::GaugeGuard;

use super::rows::RowStream;

/// A step's result: a chunk, and the step after it.
type StreamStep = Pin<Box<dyn Future<Output = (Bytes, NextStep)> + Send>>;

/// The next step.
enum NextStep {
    /// More rows.
    Rows(Box<RowStream>),
    /// Read what the client still sends, so that it can read the error.
    Rest(Body, AppState),
    /// Nothing.
    Nothing,
}

/// A response's body.
pub(super) struct StreamBody {
    first: Option<Bytes>,
    step: Option<StreamStep>,
    /// The request counts as in flight until its last chunk is made.
    _in_flight: GaugeGuard,
}

impl StreamBody {
    /// `first`, then what `stream` still gives.
    pub(super) fn new(first: Bytes, stream: RowStream) -> Self {
        let in_flight = stream.app().serving.metrics.in_flight();
        Self { first: Some(first), step: Some(Box::pin(go_on(Box::new(stream)))), _in_flight: in_flight }
    }
}

async fn go_on(mut stream: Box<RowStream>) -> (Bytes, NextStep) {
    match stream.next().await {
        Ok(Some(rows)) => (rows, NextStep::Rows(stream)),
        Ok(None) => {
            let (nothing, _) = stream.end(None);
            (nothing, NextStep::Nothing)
        }
        Err(problem) => {
            let app = stream.app();
            let (line, rest) = stream.end(Some(&problem));
            (line, NextStep::Rest(rest, app))
        }
    }
}

async fn settle(rest: Body, app: AppState) -> (Bytes, NextStep) {
    drain(rest, &app, Instant::now()).await;
    (Bytes::new(), NextStep::Nothing)
}

impl HttpBody for StreamBody {
    type Data = Bytes;
    type Error = Infallible;

    fn poll_frame(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, Infallible>>> {
        if let Some(first) = self.first.take() {
            return Poll::Ready(Some(Ok(Frame::data(first))));
        }
        while let Some(step) = &mut self.step {
            let (chunk, next) = ready!(step.as_mut().poll(cx));
            self.step = match next {
                NextStep::Rows(stream) => Some(Box::pin(go_on(stream))),
                NextStep::Rest(rest, app) => Some(Box::pin(settle(rest, app))),
                NextStep::Nothing => None,
            };
            if !chunk.is_empty() {
                return Poll::Ready(Some(Ok(Frame::data(chunk))));
            }
        }
        Poll::Ready(None)
    }
}
