//! The one list of routes.
//!
//! Stands apart as the only place where a route is registered: what is not here is a 404.

use std::sync::Arc;

use axum::Router;
use axum::handler::Handler;
use axum::response::IntoResponse;
use axum::routing::{MethodRouter, any, get, options, post};
use http::header::ALLOW;
use http::{HeaderValue, StatusCode};

use crate::config::Vertex;
use crate::serve::Serving;

use super::app::{AppState, Options};
use super::auth;
use super::pages;
use super::problem::{Problem, ProblemKind};
use super::routes::{health, invocations, models, predict, tensorflow, v2};
use super::service::Service;
use crate::serve::listener::Role;

/// The route that goes to its handler directly.
const DIRECT: &str = "/predict";

/// All routes of a listener with their layers.
pub fn router(serving: Arc<Serving>, role: Role, options: Options) -> Service {
    let routes = match role {
        Role::Main => public(&options),
        Role::Admin => admin(),
    };
    // Who reaches the admin listener is an operator: no tokens there.
    let options = Options { tokens: options.tokens.filter(|_| role == Role::Main), ..options };
    // Vertex AI's route of this name answers in its own words.
    let is_ours = role == Role::Main && options.vertex.predict.as_deref() != Some(DIRECT);
    let app = AppState::new(serving, options, routes.iter().map(|(path, _)| *path));
    let all = routes.into_iter().fold(Router::new(), |all, (path, methods)| all.route(path, methods));
    Service::new(all.fallback(not_found), app, is_ours.then_some(DIRECT))
}

/// The templates of all routes that clients see.
pub fn templates(options: &Options) -> Vec<&'static str> {
    public(options).into_iter().map(|(path, _)| path).collect()
}

type Route = (&'static str, MethodRouter<AppState>);

/// What clients see.
fn public(options: &Options) -> Vec<Route> {
    let mut routes = vec![
        (DIRECT, posts(predict::predict_default)),
        ("/models", gets(models::list)),
        ("/models/{name}", gets(models::show)),
        ("/models/{name}/predict", posts(predict::predict_named)),
        ("/v1/models", gets(tensorflow::list)),
        ("/v1/models/{name}", any(tensorflow::model)),
        ("/v1/models/{name}/versions/{version}", any(tensorflow::version)),
        ("/invocations", posts(invocations::invoke)),
        ("/version", gets(invocations::version)),
        ("/health", gets(health::ready)),
        ("/openapi.json", gets(pages::openapi::show)),
        ("/docs", gets(pages::docs::show)),
    ];
    routes.extend(open_inference());
    routes.extend(repository(options.tokens.is_some()));
    routes.extend(probes());
    if !options.private_metrics {
        routes.push(("/metrics", gets(health::metrics)));
    }
    if !options.no_ui {
        routes.push(("/", gets(pages::index::show)));
    }
    add_vertex(&mut routes, &options.vertex);
    routes
}

/// Vertex AI's routes, whose names the environment chooses: the prediction route in place of one of ours of that name
/// (`/predict` answers as Vertex AI wants it then), the health route beside them.
fn add_vertex(routes: &mut Vec<Route>, vertex: &Vertex) {
    // The names live as long as the process, as all other routes' do.
    let lasting = |path: &String| -> &'static str { path.clone().leak() };
    if let Some(path) = &vertex.predict {
        routes.retain(|(taken, _)| taken != path);
        routes.push((lasting(path), posts(invocations::vertex)));
    }
    if let Some(path) = &vertex.health
        && !routes.iter().any(|(taken, _)| taken == path)
    {
        routes.push((lasting(path), gets(health::ready)));
    }
}

/// Checks that Vertex AI's routes fit among ours.
///
/// # Errors
/// One sentence when predictions would be asked where no token is needed, or health where there is something else.
pub fn check(options: &Options) -> Result<(), String> {
    let Vertex { predict, health } = &options.vertex;
    if let Some(path) = predict.as_deref().filter(|path| auth::is_open(path)) {
        return Err(format!("AIP_PREDICT_ROUTE is {path}, which is a probe or a page here; choose another one"));
    }
    let ours = public(&Options { vertex: Vertex::default(), ..options.clone() });
    let is_taken = |path: &&str| !auth::is_open(path) && ours.iter().any(|(taken, _)| taken == path);
    if let Some(path) = health.as_deref().filter(is_taken) {
        return Err(format!("AIP_HEALTH_ROUTE is {path}, which is something else here; choose another one, or /ping"));
    }
    Ok(())
}

/// The Open Inference Protocol.
fn open_inference() -> Vec<Route> {
    vec![
        ("/v2", gets(v2::server)),
        ("/v2/models/{name}", gets(v2::model)),
        ("/v2/models/{name}/ready", gets(v2::model_ready)),
        ("/v2/models/{name}/infer", posts(v2::infer)),
        ("/v2/models/{name}/versions/{version}", gets(v2::model_version)),
        ("/v2/models/{name}/versions/{version}/ready", gets(v2::model_version_ready)),
        ("/v2/models/{name}/versions/{version}/infer", posts(v2::infer_version)),
    ]
}

/// Its repository extension; `may_change` where whoever asks may change what is served.
fn repository(may_change: bool) -> Vec<Route> {
    const LOAD: &str = "/v2/repository/models/{name}/load";
    const UNLOAD: &str = "/v2/repository/models/{name}/unload";
    let mut routes = vec![("/v2/repository/index", posts(v2::repository::index))];
    routes.extend(if may_change {
        [(LOAD, posts(v2::repository::load)), (UNLOAD, posts(v2::repository::unload))]
    } else {
        [(LOAD, posts(v2::repository::forbidden)), (UNLOAD, posts(v2::repository::forbidden))]
    });
    routes
}

/// What operators see.
fn admin() -> Vec<Route> {
    let mut routes = probes();
    routes.extend(repository(true));
    routes.push(("/metrics", gets(health::metrics)));
    routes
}

/// What Kubernetes and, under other names, `MLflow`, `SageMaker` and `KServe` ask.
fn probes() -> Vec<Route> {
    vec![
        ("/livez", gets(health::live)),
        ("/healthz", gets(health::live)),
        ("/readyz", gets(health::ready)),
        ("/ping", gets(health::ready)),
        ("/v2/health/live", gets(v2::live)),
        ("/v2/health/ready", gets(v2::ready)),
    ]
}

/// A route that answers GET, and HEAD as GET.
fn gets<H: Handler<T, AppState>, T: 'static>(handler: H) -> MethodRouter<AppState> {
    const ALLOWED: &str = "GET, HEAD, OPTIONS";
    with_allow(get(handler), ALLOWED)
}

/// A route that answers POST.
fn posts<H: Handler<T, AppState>, T: 'static>(handler: H) -> MethodRouter<AppState> {
    const ALLOWED: &str = "POST, OPTIONS";
    with_allow(post(handler), ALLOWED)
}

/// OPTIONS is 204 and any other method, TRACE and CONNECT too, 405; both tell what is allowed.
fn with_allow(methods: MethodRouter<AppState>, allowed: &'static str) -> MethodRouter<AppState> {
    let tell = move || async move { (StatusCode::NO_CONTENT, [(ALLOW, HeaderValue::from_static(allowed))]) };
    let refuse = move || async move { Problem::method_not_allowed(allowed) };
    methods.merge(options(tell)).fallback(refuse)
}

async fn not_found() -> impl IntoResponse {
    Problem::new(ProblemKind::NotFound, "There is no such route")
}
