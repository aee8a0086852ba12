//! The one dispatch: one look-up of the route, the layers in their order, one place that catches panics.

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

use super::answer::Handled;
use super::app::AppState;
use super::body::RequestBody;
use super::middleware::access_log::InFlightRequest;
use super::middleware::drain_body::drain_body;
use super::middleware::validate_head;
use super::path::PathParams;
use super::problem::{Problem, ProblemKind};
use super::route::{Route, RouteHandler, RouteTable};
use super::routes::predict::predict;

/// What answers on a listener: all its routes with the layers around them. A `tower::Service` of requests with any body
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
        let dispatch = Arc::clone(&self.0);
        Box::pin(async move { Ok(dispatch.answer(request).await) })
    }
}

impl Dispatch {
    /// The layers, from the outermost to the innermost. One function and not a `tower` layer each: axum clones all that
    /// is below a layer for each request, which takes some 25 allocations.
    async fn answer<B>(&self, request: Request<B>) -> Response
    where
        B: HttpBody<Data = Bytes, Error: Into<BoxError>> + Send + Unpin + 'static,
    {
        let app = &self.app;
        let (mut head, body) = request.into_parts();
        let found = self.routes.find(head.uri.path());
        // 1. Request id, gauge, envelope of errors, metrics, log line. Outermost, so that every answer is seen.
        let in_flight = InFlightRequest::begin(app, found.as_ref().map(|(route, _)| route.template), &mut head);
        // 2. What is left of the body is read before the answer goes out: a client that is still sending would see a
        //    broken pipe instead of a refusal. Within 1, because it takes time that counts.
        let (mut body, waits_for_continue) = (RequestBody::new(body), head.headers.contains_key(EXPECT));
        // 3. A panic below becomes a 500. Within 1 and 2, so that it is counted and its body read.
        let mut handled = self.caught(self.handle(found, head, &mut body)).await;
        if let Some(leftover) = body.into_leftover() {
            let (arrival, response) = (in_flight.arrival(), &mut handled.response);
            // Boxed, because it is rare, so that the usual future is small.
            Box::pin(drain_body(app, leftover, arrival, waits_for_continue, response)).await;
        }
        in_flight.end(app, handled).await
    }

    /// Answers, with a counted 500 in place of a panic. No `async fn`: that would hold `handling` twice, since what is
    /// given to one is moved before it is awaited.
    fn caught(
        &self,
        handling: impl Future<Output = Result<Handled, Problem>> + Send,
    ) -> impl Future<Output = Handled> + Send {
        AssertUnwindSafe(handling).catch_unwind().map(|outcome| match outcome {
            Ok(Ok(handled)) => handled,
            Ok(Err(problem)) => problem.into_response().into(),
            Err(panic) => {
                self.app.serving.metrics.panicked();
                panic_problem(&*panic).into_response().into()
            }
        })
    }

    /// 4. Refuses what the head alone is refused for, then asks the handler.
    async fn handle<B>(
        &self,
        found: Option<(&Route, PathParams)>,
        mut head: Parts,
        body: &mut RequestBody<B>,
    ) -> Result<Handled, Problem>
    where
        B: HttpBody<Data = Bytes, Error: Into<BoxError>> + Send + Unpin + 'static,
    {
        let app = &self.app;
        validate_head::check(app, found.as_ref().map(|(route, _)| route.template), &head)?;
        let Some((route, params)) = found else {
            return Err(Problem::new(ProblemKind::NotFound, "There is no such route"));
        };
        match route.handler(&head.method) {
            None => route.answer_without_handler(&head.method).map(Handled::from),
            Some(RouteHandler::Predict) => predict(app, app.default_model()?, None, &head, body).await,
            Some(RouteHandler::Axum(handler)) => {
                if !params.is_empty() {
                    head.extensions.insert(params);
                }
                Ok(handler(Request::from_parts(head, body.lend()), app.clone()).await.into())
            }
        }
    }
}

/// What is answered in place of a panic.
fn panic_problem(panic: &(dyn Any + Send)) -> Problem {
    let text = panic.downcast_ref::<&str>().copied().or_else(|| panic.downcast_ref::<String>().map(String::as_str));
    Problem::internal(format!("a handler panicked: {}", text.unwrap_or("no text")))
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use axum::body::Body;
    use axum::extract::State;
    use http::Request;
    use http_body_util::BodyExt as _;
    use tower::ServiceExt as _;

    use super::Service;
    use crate::config::{ExtraFeatures, Limits};
    use crate::http::app::{AppState, Options};
    use crate::http::problem::Problem;
    use crate::http::route::{Route, RouteTable};
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
        app.serving.compute.predict(&app.serving.memory.lease(), &model, batch).await?;
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
        let routes = vec![Route::get("/panics", panics), Route::get("/broken", broken), Route::get("/", sound)];
        let app = AppState::new(Arc::clone(&serving), Options::default());
        (Service::new(RouteTable::new(routes), app), serving)
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
