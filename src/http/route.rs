//! One route (its template, its method, its handler) and the table that finds it by a path.

use std::fmt;
use std::pin::Pin;

use axum::body::{Body, HttpBody as _};
use axum::extract::Request;
use axum::handler::Handler;
use axum::response::{IntoResponse as _, Response};
use http::header::{ALLOW, CONTENT_LENGTH};
use http::{HeaderValue, Method, StatusCode};

use super::app::AppState;
use super::path::PathParams;
use super::problem::Problem;

/// An axum handler behind a pointer, its extractors included.
type BoxedHandler = Box<dyn Fn(Request, AppState) -> Pin<Box<dyn Future<Output = Response> + Send>> + Send + Sync>;

/// The handler of a route.
pub(super) enum RouteHandler {
    /// Predicts with the default model. Not behind a pointer: nearly every request is one, and its future needs no box.
    Predict,
    /// Any other handler.
    Axum(BoxedHandler),
}

/// The method that a route accepts besides OPTIONS.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Methods {
    /// GET, and HEAD as GET.
    Get,
    /// POST.
    Post,
    /// The handler looks at the method itself.
    Any,
}

/// A route.
pub(super) struct Route {
    /// Its path with names in braces: the label of its metrics.
    pub(super) template: &'static str,
    methods: Methods,
    handler: RouteHandler,
}

impl fmt::Debug for Route {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Route")
            .field("template", &self.template)
            .field("methods", &self.methods)
            .finish_non_exhaustive()
    }
}

impl Route {
    /// A route that answers GET, and HEAD as GET.
    pub(super) fn get<T: 'static, H: Handler<T, AppState> + Sync>(template: &'static str, handler: H) -> Self {
        Self { template, methods: Methods::Get, handler: boxed(handler) }
    }

    /// A route that answers POST.
    pub(super) fn post<T: 'static, H: Handler<T, AppState> + Sync>(template: &'static str, handler: H) -> Self {
        Self { template, methods: Methods::Post, handler: boxed(handler) }
    }

    /// A route whose handler gets every method, OPTIONS too.
    pub(super) fn any<T: 'static, H: Handler<T, AppState> + Sync>(template: &'static str, handler: H) -> Self {
        Self { template, methods: Methods::Any, handler: boxed(handler) }
    }

    /// The route that asks the default model by POST.
    pub(super) fn predict(template: &'static str) -> Self {
        Self { template, methods: Methods::Post, handler: RouteHandler::Predict }
    }

    /// The handler for this method; none where the route has no such method.
    pub(super) fn handler(&self, method: &Method) -> Option<&RouteHandler> {
        let is_answered = match self.methods {
            Methods::Any => true,
            Methods::Get => matches!(*method, Method::GET | Method::HEAD),
            Methods::Post => *method == Method::POST,
        };
        is_answered.then_some(&self.handler)
    }

    /// The answer to a method that has no handler: OPTIONS is 204 with `Allow`.
    ///
    /// # Errors
    /// 405 with `Allow`: any other method.
    pub(super) fn answer_without_handler(&self, method: &Method) -> Result<Response, Problem> {
        let allowed = if self.methods == Methods::Post { "POST, OPTIONS" } else { "GET, HEAD, OPTIONS" };
        if *method != Method::OPTIONS {
            return Err(Problem::method_not_allowed(allowed));
        }
        Ok((StatusCode::NO_CONTENT, [(ALLOW, HeaderValue::from_static(allowed))]).into_response())
    }
}

fn boxed<T: 'static, H: Handler<T, AppState> + Sync>(handler: H) -> RouteHandler {
    RouteHandler::Axum(Box::new(move |request, app| {
        let is_head = *request.method() == Method::HEAD;
        let answer = handler.clone().call(request, app);
        Box::pin(async move { with_length(answer.await, is_head) })
    }))
}

/// Sets `Content-Length` if the length is known; an answer to HEAD keeps that and has no body.
fn with_length(mut response: Response, is_head: bool) -> Response {
    if let Some(length) = response.body().size_hint().exact() {
        response.headers_mut().entry(CONTENT_LENGTH).or_insert_with(|| length.into());
    }
    if is_head { response.map(|_| Body::empty()) } else { response }
}

/// All routes of a listener.
#[derive(Debug)]
pub(super) struct RouteTable(matchit::Router<Route>);

impl RouteTable {
    /// A table of these routes.
    ///
    /// # Panics
    /// Two of them match the same path.
    pub(super) fn new(routes: Vec<Route>) -> Self {
        let mut table = matchit::Router::new();
        for route in routes {
            table.insert(route.template, route).expect("no two routes match the same path");
        }
        Self(table)
    }

    /// The route of a path, and the path's parameters; none when there is no such route. A path that is not found is
    /// looked up again with one slash for several and none at its end: `//predict` and `/predict/` are `/predict`.
    pub(super) fn find(&self, path: &str) -> Option<(&Route, PathParams)> {
        self.at(path).or_else(|| self.at(&without_extra_slashes(path)?))
    }

    fn at(&self, path: &str) -> Option<(&Route, PathParams)> {
        let found = self.0.at(path).ok()?;
        Some((found.value, PathParams::of(&found.params)))
    }
}

/// The path with one slash for several and none at its end; none when it is so already.
fn without_extra_slashes(path: &str) -> Option<String> {
    if !path.contains("//") && !path.ends_with('/') {
        return None;
    }
    let segments = path.split('/').filter(|segment| !segment.is_empty());
    Some(segments.fold(String::with_capacity(path.len()), |plain, segment| plain + "/" + segment))
}
