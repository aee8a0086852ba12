//! Between hyper and whatever answers: tells the connection's progress when a head is complete and when an answer is
//! done, gives requests their context, and asks clients to close while draining.

use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};

use http::header::{CONNECTION, HeaderValue};
use http::{Request, Response};
use http_body::{Body, Frame, SizeHint};
use hyper::body::Incoming;
use pin_project_lite::pin_project;
use tower::util::Oneshot;

use crate::serve::lifecycle::Lifecycle;

use super::state::ConnectionState;
use super::{RequestContext, Role, Shared};

/// Any error, as hyper takes them.
pub type BoxError = Box<dyn std::error::Error + Send + Sync>;

/// What can answer on a listener: every cloneable `tower::Service` from hyper's request to a response, such as an
/// axum `Router`. Not to be implemented by hand.
pub trait HttpService: Clone + Send + 'static {
    /// The answer's body.
    type Body: Body<Data: Send, Error: Into<BoxError>> + Send + 'static;
    /// An error closes the connection.
    type Error: Into<BoxError>;
    /// The answer to come.
    type Future: Future<Output = Result<Response<Self::Body>, Self::Error>> + Send;

    /// Answers a request.
    fn answer(&self, request: Request<Incoming>) -> Self::Future;
}

impl<S, B> HttpService for S
where
    S: tower::Service<Request<Incoming>, Response = Response<B>, Future: Send, Error: Into<BoxError>>
        + Clone
        + Send
        + 'static,
    B: Body<Data: Send, Error: Into<BoxError>> + Send + 'static,
{
    type Body = B;
    type Error = S::Error;
    type Future = Oneshot<S, Request<Incoming>>;

    fn answer(&self, request: Request<Incoming>) -> Self::Future {
        tower::ServiceExt::oneshot(self.clone(), request)
    }
}

/// One connection's way into the service.
#[derive(Debug)]
pub(super) struct ConnectionService<S> {
    pub(super) service: S,
    pub(super) shared: Shared,
    pub(super) peer: std::net::SocketAddr,
    pub(super) state: Arc<ConnectionState>,
}

impl<S: HttpService> hyper::service::Service<Request<Incoming>> for ConnectionService<S> {
    type Response = Response<TrackedBody<S::Body>>;
    type Error = S::Error;
    type Future = ResponseFuture<S::Future>;

    fn call(&self, mut request: Request<Incoming>) -> Self::Future {
        self.state.head_done(request.body().size_hint().exact());
        let Shared { lifecycle, limits, role, .. } = &self.shared;
        let state = Arc::clone(&self.state);
        let context = RequestContext::new(self.peer, *role, limits.body_timeout, lifecycle.clone(), state);
        request.extensions_mut().insert(context);
        ResponseFuture {
            future: self.service.answer(request),
            role: *role,
            lifecycle: lifecycle.clone(),
            state: Some(Arc::clone(&self.state)),
        }
    }
}

pin_project! {
    /// A request being answered.
    pub(super) struct ResponseFuture<F> {
        #[pin]
        future: F,
        role: Role,
        lifecycle: Lifecycle,
        state: Option<Arc<ConnectionState>>,
    }
}

impl<F, B, E> Future for ResponseFuture<F>
where
    F: Future<Output = Result<Response<B>, E>>,
{
    type Output = Result<Response<TrackedBody<B>>, E>;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let this = self.project();
        let mut response = ready!(this.future.poll(cx))?;
        if this.lifecycle.is_draining() {
            response.headers_mut().insert(CONNECTION, HeaderValue::from_static("close"));
        }
        let done = Done(this.state.take());
        Poll::Ready(Ok(response.map(|body| TrackedBody { body, done })))
    }
}

/// Leaving scope means that hyper has taken the whole answer.
#[derive(Debug)]
struct Done(Option<Arc<ConnectionState>>);

impl Drop for Done {
    fn drop(&mut self) {
        if let Some(state) = &self.0 {
            state.answer_done();
        }
    }
}

pin_project! {
    /// An answer's body, which tells the connection when the last of it was taken.
    #[derive(Debug)]
    pub struct TrackedBody<B> {
        #[pin]
        body: B,
        done: Done,
    }
}

impl<B: Body> Body for TrackedBody<B> {
    type Data = B::Data;
    type Error = B::Error;

    fn poll_frame(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Result<Frame<B::Data>, B::Error>>> {
        self.project().body.poll_frame(cx)
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}
