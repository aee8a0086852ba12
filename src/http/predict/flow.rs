//! A stream's answers as a response's body: one piece is made when the one before was taken.
//!
//! Stands apart from `stream` as the part that is about polling. A client that takes nothing is sent nothing more, and
//! nothing more is read from it.

use std::convert::Infallible;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use axum::body::{Body, Bytes, HttpBody};
use http_body::Frame;

use crate::http::app::AppState;
use crate::http::middleware::read_away;
use crate::serve::listener::RequestContext;
use crate::serve::metrics::InFlight;

use super::stream::Stream;

/// What a step gives: a piece, and what comes after it.
type Step = Pin<Box<dyn Future<Output = (Bytes, Next)> + Send>>;

/// What is left to do.
enum Next {
    /// More rows.
    Rows(Box<Stream>),
    /// To read what the client still sends, so that it can read what it was told.
    Rest(Body, AppState),
    /// Nothing.
    Nothing,
}

/// A response's body.
pub(super) struct Flow {
    first: Option<Bytes>,
    step: Option<Step>,
    /// A request is in flight until the last of its answer is made.
    _in_flight: InFlight,
}

impl Flow {
    /// `first`, then what `stream` still gives.
    pub(super) fn new(first: Bytes, stream: Stream) -> Self {
        let in_flight = stream.app().serving.metrics.in_flight();
        Self { first: Some(first), step: Some(Box::pin(go_on(Box::new(stream)))), _in_flight: in_flight }
    }
}

async fn go_on(mut stream: Box<Stream>) -> (Bytes, Next) {
    match stream.next().await {
        Ok(Some(rows)) => (rows, Next::Rows(stream)),
        Ok(None) => {
            let (nothing, _) = stream.end(None);
            (nothing, Next::Nothing)
        }
        Err(problem) => {
            let app = stream.app();
            let (line, rest) = stream.end(Some(&problem));
            (line, Next::Rest(rest, app))
        }
    }
}

async fn settle(rest: Body, app: AppState) -> (Bytes, Next) {
    let context = RequestContext::detached(&app.serving.limits, &app.serving.life);
    read_away(rest, &app.serving.limits, &context).await;
    (Bytes::new(), Next::Nothing)
}

impl HttpBody for Flow {
    type Data = Bytes;
    type Error = Infallible;

    fn poll_frame(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, Infallible>>> {
        if let Some(first) = self.first.take() {
            return Poll::Ready(Some(Ok(Frame::data(first))));
        }
        while let Some(step) = &mut self.step {
            let (piece, next) = ready!(step.as_mut().poll(cx));
            self.step = match next {
                Next::Rows(stream) => Some(Box::pin(go_on(stream))),
                Next::Rest(rest, app) => Some(Box::pin(settle(rest, app))),
                Next::Nothing => None,
            };
            if !piece.is_empty() {
                return Poll::Ready(Some(Ok(Frame::data(piece))));
            }
        }
        Poll::Ready(None)
    }
}
