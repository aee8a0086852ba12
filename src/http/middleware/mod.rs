//! The one list of layers, from the outermost to the innermost.
//!
//! Stands apart from `router` because every route, known or not, passes all of them in this order, and the order is
//! what makes refusals countable and readable.

mod gate;
mod observe;
mod settle;

use std::any::Any;
use std::sync::Arc;

use axum::Router;
use axum::body::Body;
use axum::extract::{Request, State};
use axum::middleware::{Next, from_fn_with_state};
use axum::response::{IntoResponse, Response};
use tower::ServiceExt as _;
use tower_http::catch_panic::{CatchPanic, ResponseForPanic};

use crate::serve::metrics::Metrics;

use super::app::AppState;
use super::problem::Problem;

pub(super) use gate::too_large;
pub(super) use observe::{RequestId, Work};
pub(super) use settle::{context_of, read_away};

/// Puts the layers around all routes.
pub(super) fn layers(routes: Router<AppState>, app: &AppState) -> Router<AppState> {
    routes.layer(from_fn_with_state(app.clone(), all))
}

/// The layers, from the outermost to the innermost. One function and not a `tower` layer for each: axum clones all that
/// is below a layer for each request, layer by layer, which took a third of a request's time.
async fn all(State(app): State<AppState>, mut request: Request, next: Next) -> Response {
    // 1. Request id, in-flight gauge, duration, the envelope of errors, the log line. Outermost, so that every request
    //    that is answered is seen, whoever answered it.
    let seen = observe::Seen::begin(&app, &mut request);
    // 2. What is left of a refused body is read, within bounds, before the answer goes out: a client that is still
    //    sending would otherwise see a broken pipe instead of the refusal. Within 1: it is part of answering.
    let (request, rest) = settle::Rest::of(&app, request);
    // 4. Refusals that need nothing but the head: target and head too long, Host, method, token, declared length.
    //    Innermost, so that they are answered, counted, logged and readable like any other answer.
    let response = match gate::check(&app, &request) {
        // 3. A panic below becomes a 500. Within 1 and 2, so that it is counted and its body read to the end.
        Ok(()) => caught(&app, next, request).await,
        Err(problem) => {
            // Lets go of its body, for 2.
            drop(request);
            problem.into_response()
        }
    };
    let response = rest.settle(&app, response).await;
    seen.end(&app, response).await
}

/// Answers, with a 500 where that panics.
async fn caught(app: &AppState, next: Next, request: Request) -> Response {
    let on_panic = OnPanic(Arc::clone(&app.serving.metrics));
    match CatchPanic::custom(next, on_panic).oneshot(request).await {
        Ok(response) => response.map(Body::new),
        Err(never) => match never {},
    }
}

/// Counts a panic, and answers in its place.
#[derive(Clone)]
struct OnPanic(Arc<Metrics>);

impl ResponseForPanic for OnPanic {
    type ResponseBody = Body;

    fn response_for_panic(&mut self, panic: Box<dyn Any + Send>) -> Response {
        self.0.panicked();
        let text = panic.downcast_ref::<&str>().copied().or_else(|| panic.downcast_ref::<String>().map(String::as_str));
        Problem::internal(format!("a handler panicked: {}", text.unwrap_or("no text"))).into_response()
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use axum::Router;
    use axum::body::Body;
    use axum::routing::get;
    use http::Request;
    use http_body_util::BodyExt as _;
    use tower::ServiceExt as _;

    use crate::config::{ExtraFeatures, Limits};
    use crate::http::app::{AppState, Options};
    use crate::serve::Serving;

    async fn panics() -> &'static str {
        panic!("the secret of forest.rs")
    }

    #[tokio::test]
    async fn a_panic_is_a_counted_500_that_tells_nothing() {
        let serving = Arc::new(Serving::new(Vec::new(), Limits::default(), ExtraFeatures::Reject));
        let app = AppState::new(Arc::clone(&serving), Options::default(), ["/panics"].into_iter());
        let router = super::layers(Router::new().route("/panics", get(panics)), &app).with_state(app);
        let request = Request::get("/panics").header("host", "a").body(Body::empty()).unwrap();
        let response = router.oneshot(request).await.unwrap();
        assert_eq!(response.status(), 500);
        let body = response.into_body().collect().await.unwrap().to_bytes();
        let body = String::from_utf8(body.to_vec()).unwrap();
        assert!(body.contains("\"status\":500") && !body.contains("secret"), "{body}");
        let metrics = serving.metrics.render();
        let counted = r#"smartserve_http_requests_total{method="GET",route="/panics",status="500"} 1"#;
        assert!(metrics.contains(counted), "{metrics}");
    }
}
