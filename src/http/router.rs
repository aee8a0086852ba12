//! The one list of routes: a path that is not here is a 404.

use std::sync::Arc;

use axum::handler::Handler as _;
use http::HeaderValue;
use http::header::CACHE_CONTROL;
use tower_http::set_header::SetResponseHeaderLayer;

use crate::config::Vertex;
use crate::serve::ServerState;
use crate::serve::listener::Role;

use super::app::{AppState, Options};
use super::repository_routes::{LOAD, UNLOAD};
use super::route::{Route, RouteTable};
use super::routes::{health, invocations, models, predict, tensorflow, v2};
use super::service::Service;
use super::{auth, pages};

/// All routes of a listener with their layers.
pub fn router(server: Arc<ServerState>, role: Role, options: Options) -> Service {
    let routes = match role {
        Role::Main => public(&options),
        Role::Admin => admin(),
    };
    let app = AppState::new(server, role, options);
    // On Lambda by the first request for the document: few functions are ever asked for it, and the first answer would
    // wait. A model's page that does not fit the budget of requests is no answer there.
    if role == Role::Main && !app.options.on_lambda {
        pages::room::follow(&app);
    }
    Service::new(RouteTable::new(routes), app)
}

/// The templates of all routes that clients see.
pub fn templates(options: &Options) -> Vec<&'static str> {
    public(options).iter().map(|route| route.template).collect()
}

/// Says how a page may be cached.
fn cached(policy: &'static str) -> SetResponseHeaderLayer<HeaderValue> {
    SetResponseHeaderLayer::overriding(CACHE_CONTROL, HeaderValue::from_static(policy))
}

/// What clients see.
fn public(options: &Options) -> Vec<Route> {
    let mut routes = vec![
        Route::predict("/predict"),
        Route::get("/models", models::list),
        Route::get("/models/{name}", models::show),
        Route::post("/models/{name}/predict", predict::predict_named),
        Route::get("/v1/models", tensorflow::list),
        Route::any("/v1/models/{name}", tensorflow::model),
        Route::any("/v1/models/{name}/versions/{version}", tensorflow::version),
        Route::post("/invocations", invocations::invoke),
        Route::get("/version", invocations::version),
        Route::get("/openapi.json", pages::openapi_page::show),
        Route::get("/docs", pages::docs::show.layer(cached("no-cache"))),
    ];
    routes.extend(open_inference());
    routes.push(Route::post("/v2/repository/index", v2::repository::index));
    if !options.on_lambda {
        routes.extend(changes(options.tokens.is_some()));
        routes.extend(probes());
        routes.push(Route::get("/health", health::ready));
        if !options.private_metrics {
            routes.push(Route::get("/metrics", health::metrics));
        }
    }
    if !options.no_ui {
        routes.push(Route::get("/", pages::whatif::show));
        routes.push(Route::get("/models/{name}/", pages::whatif::show_model));
        routes.push(Route::get("/ui/{version}/{file}", pages::whatif::file));
    }
    add_vertex(&mut routes, &options.vertex);
    routes
}

/// Vertex AI's routes, which the environment names. The prediction route replaces one of ours of the same path:
/// `/predict` then answers as Vertex AI wants it.
fn add_vertex(routes: &mut Vec<Route>, vertex: &Vertex) {
    // Templates live as long as the process.
    let lasting = |path: &String| -> &'static str { path.clone().leak() };
    if let Some(path) = &vertex.predict {
        routes.retain(|route| route.template != path);
        routes.push(Route::post(lasting(path), invocations::vertex));
    }
    if let Some(path) = &vertex.health
        && !routes.iter().any(|route| route.template == path)
    {
        routes.push(Route::get(lasting(path), health::ready));
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
    let is_taken = |path: &&str| !auth::is_open(path) && ours.iter().any(|route| route.template == *path);
    if let Some(path) = health.as_deref().filter(is_taken) {
        return Err(format!("AIP_HEALTH_ROUTE is {path}, which is something else here; choose another one, or /ping"));
    }
    Ok(())
}

/// The Open Inference Protocol.
fn open_inference() -> Vec<Route> {
    vec![
        Route::get("/v2", v2::server),
        Route::get("/v2/models/{name}", v2::model),
        Route::get("/v2/models/{name}/ready", v2::model_ready),
        Route::post("/v2/models/{name}/infer", v2::infer),
        Route::get("/v2/models/{name}/versions/{version}", v2::model_version),
        Route::get("/v2/models/{name}/versions/{version}/ready", v2::model_version_ready),
        Route::post("/v2/models/{name}/versions/{version}/infer", v2::infer_version),
    ]
}

/// What its repository extension changes; without `may_change` they are 403.
fn changes(may_change: bool) -> [Route; 2] {
    if may_change {
        [Route::post(LOAD, v2::repository::load), Route::post(UNLOAD, v2::repository::unload)]
    } else {
        [Route::post(LOAD, v2::repository::forbidden), Route::post(UNLOAD, v2::repository::forbidden)]
    }
}

/// What operators see.
fn admin() -> Vec<Route> {
    let mut routes = probes();
    routes.push(Route::post("/v2/repository/index", v2::repository::index));
    routes.extend(changes(true));
    routes.push(Route::get("/metrics", health::metrics));
    routes
}

/// What Kubernetes and, under other names, `MLflow`, `SageMaker` and `KServe` ask.
fn probes() -> Vec<Route> {
    vec![
        Route::get("/livez", health::live),
        Route::get("/healthz", health::live),
        Route::get("/readyz", health::ready),
        Route::get("/ping", health::ready),
        Route::get("/v2/health/live", v2::live),
        Route::get("/v2/health/ready", v2::ready),
    ]
}
