//! Reads what a handler left of a request's body before the answer goes out, within bounds; past them the connection
//! closes.

use std::pin::Pin;
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context, Poll};
use std::time::Instant;

use axum::body::{Body, Bytes, HttpBody};
use axum::response::Response;
use http::header::{CONNECTION, EXPECT};
use http::{HeaderMap, HeaderValue, StatusCode};
use http_body::{Frame, SizeHint};

use crate::http::app::App;
use crate::http::body::drain;
use crate::serve::listener::BoxError;

/// What will be left of a request's body; none for a request without one.
pub(in crate::http) struct UnreadBody<B>(Option<Watched<B>>);

struct Watched<B> {
    left: Arc<Mutex<Option<Leftover<B>>>>,
    waits_for_continue: bool,
}

impl<B> UnreadBody<B>
where
    B: HttpBody<Data = Bytes, Error: Into<BoxError>> + Send + Unpin + 'static,
{
    /// Wraps a body so that it comes back here when it is dropped before its end.
    pub(in crate::http) fn of(headers: &HeaderMap, body: B) -> (Body, Self) {
        if body.is_end_stream() {
            return (Body::empty(), Self(None));
        }
        let waits_for_continue = headers.contains_key(EXPECT);
        let left = Arc::new(Mutex::new(None));
        let watched = Watched { left: Arc::clone(&left), waits_for_continue };
        let body = Body::new(ReclaimBody { body: Some(body), was_polled: false, is_done: false, left });
        (body, Self(Some(watched)))
    }

    /// Reads what is left, and asks the client to close where that does not end. The request came at `arrival`.
    pub(in crate::http) async fn drain(self, app: &App, arrival: Instant, response: &mut Response) {
        let Some(Watched { left, waits_for_continue }) = self.0 else { return };
        let leftover = left.lock().unwrap_or_else(PoisonError::into_inner).take();
        if let Some(Leftover { body, was_polled }) = leftover {
            // A client that waits for "100 Continue" has sent nothing; one that got 408 has used up its time.
            let is_worth_reading =
                (was_polled || !waits_for_continue) && response.status() != StatusCode::REQUEST_TIMEOUT;
            // Boxed, because it is rare, so that the usual future is small.
            if !is_worth_reading || !Box::pin(drain(body, app, arrival)).await {
                response.headers_mut().insert(CONNECTION, HeaderValue::from_static("close"));
            }
        }
    }
}

/// What a handler left of a body.
struct Leftover<B> {
    body: B,
    was_polled: bool,
}

/// A body that is kept in `left` when it is dropped before its end.
struct ReclaimBody<B: HttpBody + Unpin> {
    /// None once it was dropped.
    body: Option<B>,
    was_polled: bool,
    is_done: bool,
    left: Arc<Mutex<Option<Leftover<B>>>>,
}

impl<B: HttpBody + Unpin> HttpBody for ReclaimBody<B> {
    type Data = B::Data;
    type Error = B::Error;

    fn poll_frame(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Result<Frame<B::Data>, B::Error>>> {
        self.was_polled = true;
        let Some(body) = &mut self.body else { return Poll::Ready(None) };
        let polled = Pin::new(body).poll_frame(cx);
        self.is_done = matches!(polled, Poll::Ready(None | Some(Err(_))));
        polled
    }

    fn is_end_stream(&self) -> bool {
        self.is_done || self.body.as_ref().is_none_or(HttpBody::is_end_stream)
    }

    fn size_hint(&self) -> SizeHint {
        self.body.as_ref().map_or_else(SizeHint::default, HttpBody::size_hint)
    }
}

impl<B: HttpBody + Unpin> Drop for ReclaimBody<B> {
    fn drop(&mut self) {
        if !self.is_end_stream()
            && let Some(body) = self.body.take()
        {
            let leftover = Leftover { body, was_polled: self.was_polled };
            *self.left.lock().unwrap_or_else(PoisonError::into_inner) = Some(leftover);
        }
    }
}
