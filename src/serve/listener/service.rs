//! Between hyper and the service: gives each request its context, tells the connection when a head is complete and when
//! an answer is done, and asks clients to close while draining, when their connection is old, and
//! when a head is not to be trusted.

use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};
use std::time::Instant;

use http::header::{CONNECTION, HeaderValue};
use http::{Request, Response};
use http_body::{Body, Frame, SizeHint};
use hyper::body::Incoming;
use pin_project_lite::pin_project;

use crate::serve::admission::MemoryLease;

use super::listener_context::ListenerContext;
use super::request_context::RequestContext;
use super::state::ConnectionState;

/// An error of any type, as hyper takes it.
pub type BoxError = Box<dyn std::error::Error + Send + Sync>;

/// A service that can answer on a listener: every cloneable `tower::Service` from hyper's request to a response that is
/// always ready, such as an axum `Router`: `poll_ready` is not asked. Do not implement it by hand.
pub trait HttpService: Clone + Send + 'static {
    /// The answer's body.
    type Body: Body<Data: Send, Error: Into<BoxError>> + Send + 'static;
    /// An error closes the connection.
    type Error: Into<BoxError>;
    /// Resolves to the answer.
    type Future: Future<Output = Result<Response<Self::Body>, Self::Error>> + Send;

    /// Answers a request.
    fn respond(&self, request: Request<Incoming>) -> Self::Future;
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
    type Future = S::Future;

    fn respond(&self, request: Request<Incoming>) -> Self::Future {
        self.clone().call(request)
    }
}

/// The service of one connection.
#[derive(Debug)]
pub(super) struct ConnectionService<S> {
    pub(super) service: S,
    pub(super) listener: Arc<ListenerContext>,
    pub(super) state: Arc<ConnectionState>,
}

impl<S: HttpService> hyper::service::Service<Request<Incoming>> for ConnectionService<S> {
    type Response = Response<TrackedBody<S::Body>>;
    type Error = S::Error;
    type Future = ResponseFuture<S::Future>;

    fn call(&self, mut request: Request<Incoming>) -> Self::Future {
        self.state.head_done(request.body().size_hint().exact());
        let mut context = RequestContext::new(&self.listener);
        context.head_fault = self.state.take_fault();
        let (arrival, is_refused) = (context.arrival, context.head_fault.is_some());
        let unfinished = Unfinished { state: Arc::clone(&self.state), memory: context.memory.clone() };
        request.extensions_mut().insert(context);
        let listener = Arc::clone(&self.listener);
        ResponseFuture {
            future: self.service.respond(request),
            listener,
            arrival,
            is_refused,
            unfinished: Some(unfinished),
        }
    }
}

pin_project! {
    /// A request being answered.
    pub(super) struct ResponseFuture<F> {
        #[pin]
        future: F,
        listener: Arc<ListenerContext>,
        arrival: Instant,
        // Its head has a fault: where it ends, and what follows, is not sure.
        is_refused: bool,
        unfinished: Option<Unfinished>,
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
        let is_old = this.unfinished.as_ref().is_some_and(|one| one.state.should_close_after(*this.arrival));
        if is_old || *this.is_refused || this.listener.lifecycle.is_draining() {
            response.headers_mut().insert(CONNECTION, HeaderValue::from_static("close"));
        }
        let unfinished = this.unfinished.take();
        Poll::Ready(Ok(response.map(|body| TrackedBody { body, unfinished })))
    }
}

/// The connection of a request that is not answered yet, and the request's lease.
#[derive(Debug)]
struct Unfinished {
    state: Arc<ConnectionState>,
    memory: MemoryLease,
}

pin_project! {
    /// An answer's body. Dropping it tells the connection that hyper has taken the whole answer.
    #[derive(Debug)]
    pub struct TrackedBody<B> {
        #[pin]
        body: B,
        unfinished: Option<Unfinished>,
    }

    impl<B> PinnedDrop for TrackedBody<B> {
        fn drop(this: Pin<&mut Self>) {
            if let Some(Unfinished { state, memory }) = this.project().unfinished.take() {
                state.answer_done(memory);
            }
        }
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
