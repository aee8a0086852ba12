//! What becomes of a body that nobody read to its end.
//!
//! Stands apart because it is about TCP and not about requests: closing a socket while bytes are still coming resets
//! it, and the client never sees the answer. So the rest is read first, up to a bound; past it the connection closes.

use std::pin::Pin;
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context, Poll};
use std::time::Duration;

use axum::body::{Body, Bytes, HttpBody};
use axum::response::Response;
use http::header::{CONNECTION, EXPECT};
use http::{Extensions, HeaderValue, Request, StatusCode};
use http_body::{Frame, SizeHint};
use http_body_util::BodyExt as _;

use crate::config::Limits;
use crate::http::app::App;
use crate::serve::listener::{BoxError, RequestContext};

/// Times the largest body that is read for politeness' sake.
const TIMES_LIMIT: usize = 16;

/// And for how long.
const LONGEST: Duration = Duration::from_secs(5);

/// What will be left of a request's body.
pub(in crate::http) struct UnreadBody<B> {
    /// None for a request without a body.
    watched: Option<WatchedBody<B>>,
}

struct WatchedBody<B> {
    context: RequestContext,
    left: Arc<Mutex<Option<Leftover<B>>>>,
    waits_for_continue: bool,
}

impl<B> UnreadBody<B>
where
    B: HttpBody<Data = Bytes, Error: Into<BoxError>> + Send + Unpin + 'static,
{
    /// Takes note of whether the request's body is read to its end.
    pub(in crate::http) fn of(context: &RequestContext, request: Request<B>) -> (Request<Body>, Self) {
        if request.body().is_end_stream() {
            return (request.map(|_| Body::empty()), Self { watched: None });
        }
        let waits_for_continue = request.headers().contains_key(EXPECT);
        let left = Arc::new(Mutex::new(None));
        let watched = Some(WatchedBody { context: context.clone(), left: Arc::clone(&left), waits_for_continue });
        let returned = |body| Body::new(ReclaimBody { body: Some(body), was_polled: false, is_done: false, left });
        (request.map(returned), Self { watched })
    }

    /// Reads what is left of the body before its answer goes out.
    pub(in crate::http) async fn settle(self, app: &App, mut response: Response) -> Response {
        let Some(WatchedBody { context, left, waits_for_continue }) = self.watched else { return response };
        let unread = left.lock().unwrap_or_else(PoisonError::into_inner).take();
        if let Some(Leftover { body, was_polled }) = unread {
            // A client that waits for "100 Continue" has sent nothing; one that was too slow has had its time.
            let is_owed = (was_polled || !waits_for_continue) && response.status() != StatusCode::REQUEST_TIMEOUT;
            if !is_owed || !Box::pin(drain(body, &app.serving.limits, &context)).await {
                response.headers_mut().insert(CONNECTION, HeaderValue::from_static("close"));
            }
        }
        response
    }
}

/// When a request came, what it is called and how long its body may take.
///
/// # Panics
/// Outside the layers, which give every request one.
pub(in crate::http) fn context_of(extensions: &Extensions) -> &RequestContext {
    extensions.get::<RequestContext>().expect("the outermost layer gives every request a context")
}

/// Reads a body without keeping it; true when it ended within the bounds, the body's own deadline among them.
pub(in crate::http) async fn drain<B>(mut body: B, limits: &Limits, context: &RequestContext) -> bool
where
    B: HttpBody<Data = Bytes> + Unpin,
{
    let limit = limits.max_body_bytes.saturating_mul(TIMES_LIMIT);
    let read = async {
        let mut bytes = 0;
        while let Some(frame) = body.frame().await {
            bytes += frame.as_ref().map_or(0, |f| f.data_ref().map_or(0, Bytes::len));
            if frame.is_err() || bytes > limit {
                return false;
            }
        }
        true
    };
    tokio::select! {
        is_done = read => is_done,
        () = tokio::time::sleep(LONGEST) => false,
        () = context.body_overdue() => false,
    }
}

/// What a handler left of a body.
struct Leftover<B> {
    body: B,
    was_polled: bool,
}

/// A body that comes back when it is dropped before its end.
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
            let unread = Leftover { body, was_polled: self.was_polled };
            *self.left.lock().unwrap_or_else(PoisonError::into_inner) = Some(unread);
        }
    }
}
