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
/// is below a layer for each request, layer by layer: some 25 allocations.
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
    use axum::extract::State;
    use axum::routing::get;
    use http::Request;
    use http_body_util::BodyExt as _;
    use tower::ServiceExt as _;

    use crate::config::{ExtraFeatures, Limits};
    use crate::http::app::{AppState, Options};
    use crate::http::problem::Problem;
    use crate::model::Model;
    use crate::model::algorithm::Algorithm;
    use crate::model::batch::Batch;
    use crate::serve::Serving;
    use crate::serve::registry::{Served, Snapshot};
    use crate::table::TableFile;
    use crate::train::{TrainSpec, train};

    async fn panics() -> &'static str {
        panic!("the secret of forest.rs")
    }

    /// Two models whose rows have 2 and 3 features.
    fn models() -> Vec<Snapshot> {
        let served = |name: &str, csv: &str| {
            let mut spec = TrainSpec::new(name, "y", Algorithm::Ridge);
            (spec.folds, spec.test_size) = (0, 0.0);
            let table = TableFile::from_bytes("t.csv", csv.as_bytes().to_vec());
            let artifact = train(&spec, &table, &()).unwrap().artifact;
            Arc::new(Served::new(name, Model::load(&artifact).unwrap(), false))
        };
        let two = "a,b,y\n0,0,0\n1,1,1\n2,2,4\n3,0,9\n4,1,16\n5,2,25\n6,0,36\n7,1,49\n";
        let three = "a,b,c,y\n0,0,3,0\n1,1,1,5\n2,2,4,1\n3,3,1,2\n4,4,5,4\n0,5,9,3\n1,6,2,1\n2,7,6,8\n";
        vec![served("two", two), served("three", three)]
    }

    /// Rows of the model itself.
    async fn sound(State(app): State<AppState>) -> Result<&'static str, Problem> {
        compute(&app, "three", "three").await
    }

    /// Rows of another model, which the door never lets through: the predictor reads past their end and panics.
    async fn broken(State(app): State<AppState>) -> Result<&'static str, Problem> {
        compute(&app, "three", "two").await
    }

    async fn compute(app: &AppState, model: &str, rows: &str) -> Result<&'static str, Problem> {
        let [model, other] = [model, rows].map(|name| app.serving.registry.get(name).unwrap());
        let batch: Batch = other.model.golden_batch().clone();
        app.serving.compute.predict(&model, batch).await?;
        Ok("answered")
    }

    async fn ask(router: &Router, path: &str) -> (u16, String) {
        let request = Request::get(path).header("host", "a").body(Body::empty()).unwrap();
        let response = router.clone().oneshot(request).await.unwrap();
        let status = response.status().as_u16();
        let body = response.into_body().collect().await.unwrap().to_bytes();
        (status, String::from_utf8(body.to_vec()).unwrap())
    }

    fn router() -> (Router, Arc<Serving>) {
        let serving = Arc::new(Serving::new(models(), Limits::default(), ExtraFeatures::Reject));
        let routes = Router::new().route("/panics", get(panics)).route("/broken", get(broken)).route("/", get(sound));
        let app = AppState::new(Arc::clone(&serving), Options::default(), ["/panics", "/broken", "/"].into_iter());
        (super::layers(routes, &app).with_state(app), serving)
    }

    #[tokio::test]
    async fn a_panic_is_a_counted_500_that_tells_nothing() {
        let (router, serving) = router();
        let (status, body) = ask(&router, "/panics").await;
        assert_eq!(status, 500);
        assert!(body.contains("\"status\":500") && !body.contains("secret"), "{body}");
        let metrics = serving.metrics.render();
        let counted = r#"smartserve_http_requests_total{method="GET",route="/panics",status="500"} 1"#;
        assert!(metrics.contains(counted), "{metrics}");
        assert!(metrics.contains("smartserve_panics_total 1\n"), "{metrics}");
    }

    #[tokio::test]
    async fn beside_a_predictor_that_panics_others_go_on_being_answered() {
        let (router, serving) = router();
        for n in 1..=20 {
            let (broken, (status, body)) = tokio::join!(ask(&router, "/broken"), ask(&router, "/"));
            assert_eq!((status, body.as_str()), (200, "answered"));
            assert_eq!(broken.0, 500, "{}", broken.1);
            assert!(!broken.1.contains("index"), "{}", broken.1);
            assert!(serving.metrics.render().contains(&format!("smartserve_panics_total {n}\n")));
        }
    }
}
