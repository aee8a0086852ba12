//! The one list of layers, from the outermost to the innermost.
//!
//! Stands apart from `router` because every route, known or not, passes all of them in this order, and the order is
//! what makes refusals countable and readable.

use std::any::Any;
use std::convert::Infallible;
use std::panic::AssertUnwindSafe;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use axum::Router;
use axum::body::{Body, Bytes, HttpBody};
use axum::response::{IntoResponse, Response};
use futures_util::FutureExt as _;
use http::{Method, Request};
use tower::ServiceExt as _;
use tower_http::catch_panic::CatchPanicLayer;

use crate::serve::listener::{BoxError, RequestContext};

use super::answer::Handled;
use super::app::{App, AppState};
use super::middleware::{access_log, drain_body, validate_head};
use super::problem::Problem;
use super::routes::predict;

/// What answers on a listener: all routes with the layers around them. A `tower::Service` of requests with any body that
/// never fails; cheap to clone. It expects to run within tokio.
#[derive(Debug, Clone)]
pub struct Service(Arc<Layered>);

#[derive(Debug)]
struct Layered {
    app: AppState,
    routes: Router,
    /// `POST /predict`, if that is ours.
    direct: Option<&'static str>,
}

impl Service {
    /// Puts the layers around `routes`. `POST` to the route `direct` is [`predict::default`], and goes there directly:
    /// nearly every request is one, and axum's way to a handler clones and boxes all that is on it.
    pub(super) fn new(routes: Router<AppState>, app: AppState, direct: Option<&'static str>) -> Self {
        // 3. A panic below becomes a 500. Within 1 and 2, so that it is counted and its body read to the end.
        let panicked = Arc::clone(&app.serving.metrics);
        let caught = CatchPanicLayer::custom(move |panic: Box<dyn Any + Send>| {
            panicked.panicked();
            of_panic(&*panic)
        });
        Self(Arc::new(Layered { routes: routes.with_state(app.clone()).layer(caught), app, direct }))
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
        let all = Arc::clone(&self.0);
        Box::pin(async move { Ok(all.answer(request).await) })
    }
}

impl Layered {
    /// The layers, from the outermost to the innermost. One function and not a `tower` layer for each: axum clones all
    /// that is below a layer for each request, layer by layer: some 25 allocations.
    async fn answer<B>(&self, mut request: Request<B>) -> Response
    where
        B: HttpBody<Data = Bytes, Error: Into<BoxError>> + Send + Unpin + 'static,
    {
        let app = &self.app;
        let route = app.route(request.uri().path());
        // 1. Request id, in-flight gauge, duration, the envelope of errors, the log line. Outermost, so that every
        //    request that is answered is seen, whoever answered it.
        let detached = || RequestContext::detached(&app.serving.limits, &app.serving.lifecycle);
        let mut context = request.extensions_mut().remove().unwrap_or_else(detached);
        let seen = access_log::InFlightRequest::begin(app, route, &request, &mut context);
        // 2. What is left of a refused body is read, within bounds, before the answer goes out: a client that is still
        //    sending would otherwise see a broken pipe instead of the refusal. Within 1: it is part of answering.
        let (mut request, rest) = drain_body::UnreadBody::of(&context, request);
        request.extensions_mut().insert(context);
        // 4. Refusals that need nothing but the head: target and head too long, Host, method, token, declared length.
        //    Innermost, so that they are answered, counted, logged and readable like any other answer.
        let mut answered = match validate_head::check(app, route, &request) {
            Ok(()) => self.ask(route, request).await,
            Err(problem) => {
                // Lets go of its body, for 2.
                drop(request);
                problem.into_response().into()
            }
        };
        answered.response = rest.settle(app, answered.response).await;
        seen.end(app, answered).await
    }

    /// Asks the handler.
    async fn ask(&self, route: Option<&str>, request: Request<Body>) -> Handled {
        if route.is_some() && route == self.direct && *request.method() == Method::POST {
            // 3, here.
            return caught(&self.app, predict::default(&self.app, request)).await;
        }
        // Boxed, so that the future of what is asked most is small.
        match Box::pin(self.routes.clone().oneshot(request)).await {
            Ok(response) => response.into(),
            Err(never) => match never {},
        }
    }
}

/// Answers, with a counted 500 where that panics.
async fn caught(app: &App, answering: impl Future<Output = Result<Handled, Problem>>) -> Handled {
    match AssertUnwindSafe(answering).catch_unwind().await {
        Ok(Ok(answered)) => answered,
        Ok(Err(problem)) => problem.into_response().into(),
        Err(panic) => {
            app.serving.metrics.panicked();
            of_panic(&*panic).into()
        }
    }
}

/// What is answered in a panic's place.
fn of_panic(panic: &(dyn Any + Send)) -> Response {
    let text = panic.downcast_ref::<&str>().copied().or_else(|| panic.downcast_ref::<String>().map(String::as_str));
    Problem::internal(format!("a handler panicked: {}", text.unwrap_or("no text"))).into_response()
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

    use super::Service;
    use crate::config::{ExtraFeatures, Limits};
    use crate::http::app::{AppState, Options};
    use crate::http::problem::Problem;
    use crate::model::Model;
    use crate::model::algorithm::Algorithm;
    use crate::model::batch::Batch;
    use crate::serve::Serving;
    use crate::serve::registry::{ServedModel, Snapshot};
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
            Arc::new(ServedModel::new(name, Model::load(&artifact).unwrap(), false))
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

    async fn ask(service: &Service, path: &str) -> (u16, String) {
        let request = Request::get(path).header("host", "a").body(Body::empty()).unwrap();
        let response = service.clone().oneshot(request).await.unwrap();
        let status = response.status().as_u16();
        let body = response.into_body().collect().await.unwrap().to_bytes();
        (status, String::from_utf8(body.to_vec()).unwrap())
    }

    fn service() -> (Service, Arc<Serving>) {
        let serving = Arc::new(Serving::new(models(), Limits::default(), ExtraFeatures::Reject));
        let routes = Router::new().route("/panics", get(panics)).route("/broken", get(broken)).route("/", get(sound));
        let app = AppState::new(Arc::clone(&serving), Options::default(), ["/panics", "/broken", "/"].into_iter());
        (Service::new(routes, app, None), serving)
    }

    #[tokio::test]
    async fn a_panic_is_a_counted_500_that_tells_nothing() {
        let (service, serving) = service();
        let (status, body) = ask(&service, "/panics").await;
        assert_eq!(status, 500);
        assert!(body.contains("\"status\":500") && !body.contains("secret"), "{body}");
        let metrics = serving.metrics.render();
        let counted = r#"smartserve_http_requests_total{method="GET",route="/panics",status="500"} 1"#;
        assert!(metrics.contains(counted), "{metrics}");
        assert!(metrics.contains("smartserve_panics_total 1\n"), "{metrics}");
    }

    #[tokio::test]
    async fn a_panic_without_axum_is_a_counted_500_that_tells_nothing_too() {
        let serving = Arc::new(Serving::new(models(), Limits::default(), ExtraFeatures::Reject));
        let app = AppState::new(Arc::clone(&serving), Options::default(), std::iter::empty());
        let answered = super::caught(&app, async { panic!("the secret of predict.rs") }).await;
        assert_eq!(answered.response.status(), 500);
        let problem = answered.response.extensions().get::<Arc<Problem>>().unwrap();
        let envelope = String::from_utf8(problem.render("id")).unwrap();
        assert!(!envelope.contains("secret"), "{envelope}");
        assert!(serving.metrics.render().contains("smartserve_panics_total 1\n"));
    }

    #[tokio::test]
    async fn beside_a_predictor_that_panics_others_go_on_being_answered() {
        let (service, serving) = service();
        for n in 1..=20 {
            let (broken, (status, body)) = tokio::join!(ask(&service, "/broken"), ask(&service, "/"));
            assert_eq!((status, body.as_str()), (200, "answered"));
            assert_eq!(broken.0, 500, "{}", broken.1);
            assert!(!broken.1.contains("index"), "{}", broken.1);
            assert!(serving.metrics.render().contains(&format!("smartserve_panics_total {n}\n")));
        }
    }
}
