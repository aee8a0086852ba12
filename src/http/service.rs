//! The one dispatch: the look-up of the route, the layers in their order, the one place that catches panics.

use std::any::Any;
use std::convert::Infallible;
use std::panic::AssertUnwindSafe;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use axum::body::{Bytes, HttpBody};
use axum::response::{IntoResponse as _, Response};
use futures_util::FutureExt as _;
use http::Request;
use http::header::EXPECT;
use http::request::Parts;

use crate::serve::listener::BoxError;

use super::app::AppState;
use super::body::RequestBody;
use super::handler_output::HandlerOutput;
use super::middleware::discard_body::discard_body;
use super::middleware::in_flight_request::InFlightRequest;
use super::middleware::validate_head;
use super::path::PathParams;
use super::problem::{Problem, ProblemKind};
use super::route::{Route, RouteHandler, RouteTable};
use super::routes::predict;
use super::routes::query::RouteAsks;
use super::within::within;

/// The service of a listener: all its routes with the layers around them. A `tower::Service` of requests with any body
/// that never fails; cheap to clone. It must run within tokio.
#[derive(Debug, Clone)]
pub struct Service(Arc<Dispatch>);

#[derive(Debug)]
struct Dispatch {
    app: AppState,
    routes: RouteTable,
}

impl Service {
    /// Puts the layers around `routes`.
    pub(super) fn new(routes: RouteTable, app: AppState) -> Self {
        Self(Arc::new(Dispatch { app, routes }))
    }
}

impl<B> tower::Service<Request<B>> for Service
where
    B: HttpBody<Data = Bytes, Error: Into<BoxError>> + Send + Unpin + 'static,
{
    type Response = Response;
    type Error = Infallible;
    type Future = Pin<Box<dyn Future<Output = Result<Response, Infallible>> + Send>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: Request<B>) -> Self::Future {
        Box::pin(Arc::clone(&self.0).handle_request(request))
    }
}

impl Dispatch {
    /// The layers, from the outermost to the innermost. One function and not a `tower` layer each: axum clones all that
    /// is below a layer for each request, which takes some 25 allocations.
    async fn handle_request<B>(self: Arc<Self>, request: Request<B>) -> Result<Response, Infallible>
    where
        B: HttpBody<Data = Bytes, Error: Into<BoxError>> + Send + Unpin + 'static,
    {
        let app = &self.app;
        let (mut head, body) = request.into_parts();
        let found = self.routes.find(head.uri.path());
        // Outermost layer: counts, finishes and logs every answer, panics included.
        let in_flight = InFlightRequest::begin(app, found.as_ref().map(|(route, _)| route.template), &mut head);
        let (mut body, waits_for_continue) = (RequestBody::new(body), head.headers.contains_key(EXPECT));
        // Panics become a 500 here, inside both other layers.
        let handled = within(self.catch_panics(self.handle(found, head, &mut body)), in_flight.answer_by).await;
        let mut output = handled.unwrap_or_else(|| Problem::out_of_time().into_response().into());
        // Unread body: read before answering, or a client that still sends sees a broken pipe. Inside the timing.
        if let Some(leftover) = body.into_leftover() {
            let (arrival, response) = (in_flight.arrival, &mut output.response);
            // Boxed, because it is rare, so that the usual future is small.
            Box::pin(discard_body(app, leftover, arrival, waits_for_continue, response)).await;
        }
        Ok(in_flight.end(app, output).await)
    }

    /// Runs a handler; a panic becomes a counted 500. Not an `async fn`, whose future would hold `handling` twice: an
    /// argument is moved before it is awaited.
    fn catch_panics(
        &self,
        handling: impl Future<Output = Result<HandlerOutput, Problem>> + Send,
    ) -> impl Future<Output = HandlerOutput> + Send {
        AssertUnwindSafe(handling).catch_unwind().map(|outcome| match outcome {
            Ok(Ok(output)) => output,
            Ok(Err(problem)) => problem.into_response().into(),
            Err(panic) => {
                self.app.server.metrics.panicked();
                panic_problem(&*panic).into_response().into()
            }
        })
    }

    /// Innermost: checks the head, then calls the route's handler.
    async fn handle<B>(
        &self,
        found: Option<(&Route, PathParams)>,
        mut head: Parts,
        body: &mut RequestBody<B>,
    ) -> Result<HandlerOutput, Problem>
    where
        B: HttpBody<Data = Bytes, Error: Into<BoxError>> + Send + Unpin + 'static,
    {
        let app = &self.app;
        validate_head::check(app, found.as_ref().map(|(route, _)| route.template), &head)?;
        let Some((route, params)) = found else {
            return Err(Problem::new(ProblemKind::NotFound, "There is no such route"));
        };
        match route.handler(&head.method) {
            None => route.answer_without_handler(&head.method).map(HandlerOutput::from),
            Some(RouteHandler::Predict) => {
                predict::predict_with(app, app.default_model()?, None, RouteAsks::Nothing, &head, body).await
            }
            Some(RouteHandler::Axum(handler)) => {
                if !params.is_empty() {
                    head.extensions.insert(params);
                }
                Ok(handler(Request::from_parts(head, body.lend()), app.clone()).await.into())
            }
        }
    }
}

/// The answer in place of a panic.
pub(super) fn panic_problem(panic: &(dyn Any + Send)) -> Problem {
    let text = panic.downcast_ref::<&str>().copied().or_else(|| panic.downcast_ref::<String>().map(String::as_str));
    Problem::internal(format!("a handler panicked: {}", text.unwrap_or("no text")))
}
