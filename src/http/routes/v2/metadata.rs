//! `GET /v2`, `/v2/health/live`, `/v2/health/ready`, `/v2/models/{name}` and `…/ready`, with and without a version.

use axum::extract::State;
use axum::response::Response;
use serde::Serialize;

use crate::http::app::{App, AppState};
use crate::http::path::{ModelName, ModelVersion};
use crate::http::problem::{Problem, ProblemKind};
use crate::http::routes::models::json;
use crate::model::schema::{Feature, Kind};
use crate::serve::registry::{ServedModel, Snapshot};
use crate::text::shorten::shortened;

use crate::http::tensor::{Datatype, Output};

/// What is spoken here besides the protocol itself.
const EXTENSIONS: [&str; 2] = ["binary_tensor_data", "model_repository"];

/// The protocol's `<project>_<format>`.
const PLATFORM: &str = "smartserve_smartcore";

/// Any number of rows.
const ANY: i64 = -1;

#[derive(Serialize)]
struct ServerMetadata {
    name: &'static str,
    version: &'static str,
    extensions: &'static [&'static str],
}

#[derive(Serialize)]
struct ModelMetadata<'a> {
    name: &'a str,
    versions: [&'a str; 1],
    platform: &'static str,
    inputs: Vec<TensorMetadata<'a>>,
    outputs: Vec<TensorMetadata<'a>>,
}

#[derive(Serialize)]
struct TensorMetadata<'a> {
    name: &'a str,
    datatype: &'static str,
    shape: [i64; 2],
}

#[derive(Serialize)]
struct LiveStatus {
    live: bool,
}

/// The specification writes `live` where it means `ready`: both are there.
#[derive(Serialize)]
struct ReadyStatus {
    ready: bool,
    live: bool,
}

#[derive(Serialize)]
struct ModelReadyStatus<'a> {
    name: &'a str,
    ready: bool,
}

/// `GET /v2`.
pub(in crate::http) async fn server() -> Response {
    let version = env!("CARGO_PKG_VERSION");
    json(&ServerMetadata { name: "smartserve", version, extensions: &EXTENSIONS })
}

/// `GET /v2/health/live`: as `/livez`.
pub(in crate::http) async fn live(State(app): State<AppState>) -> Result<Response, Problem> {
    if app.serving.lifecycle.is_alive() {
        return Ok(json(&LiveStatus { live: true }));
    }
    Err(Problem::new(ProblemKind::NotReady, "The server makes no progress"))
}

/// `GET /v2/health/ready`: as `/readyz`.
pub(in crate::http) async fn ready(State(app): State<AppState>) -> Result<Response, Problem> {
    if app.is_ready() { Ok(json(&ReadyStatus { ready: true, live: true })) } else { Err(Problem::not_ready()) }
}

/// `GET /v2/models/{name}`.
pub(in crate::http) async fn model(
    State(app): State<AppState>,
    ModelName(name): ModelName,
) -> Result<Response, Problem> {
    Ok(describe(&*app.model(&name)?))
}

/// `GET /v2/models/{name}/versions/{version}`.
pub(in crate::http) async fn model_version(
    State(app): State<AppState>,
    path: ModelVersion,
) -> Result<Response, Problem> {
    Ok(describe(&*version_of(&app, &path)?))
}

/// `GET /v2/models/{name}/ready`: a model that is served is ready when the server is.
pub(in crate::http) async fn model_ready(
    State(app): State<AppState>,
    ModelName(name): ModelName,
) -> Result<Response, Problem> {
    let served = app.model(&name)?;
    is_ready(&app, &served)
}

/// `GET /v2/models/{name}/versions/{version}/ready`.
pub(in crate::http) async fn model_version_ready(
    State(app): State<AppState>,
    path: ModelVersion,
) -> Result<Response, Problem> {
    let served = version_of(&app, &path)?;
    is_ready(&app, &served)
}

/// The model of that name in that version.
///
/// # Errors
/// 404: there is none, or it is served in another version.
pub(super) fn version_of(app: &App, ModelVersion { name, version }: &ModelVersion) -> Result<Snapshot, Problem> {
    let served = app.model(name)?;
    let current = served.model.version();
    if version == current {
        return Ok(served);
    }
    let detail = format!("{name} is served in version {current}, not {}", shortened(version));
    Err(Problem::new(ProblemKind::NotFound, detail))
}

fn is_ready(app: &App, served: &ServedModel) -> Result<Response, Problem> {
    if !app.is_ready() {
        return Err(Problem::not_ready());
    }
    Ok(json(&ModelReadyStatus { name: &served.name, ready: true }))
}

fn describe(served: &ServedModel) -> Response {
    let schema = served.model.schema();
    let n_classes = i64::try_from(schema.target().classes.len()).unwrap_or(ANY);
    let output = |output: &Output| match output {
        Output::Predict if schema.task().is_classification() => (Datatype::Bytes, 1),
        Output::Predict => (Datatype::Fp64, 1),
        Output::PredictProba => (Datatype::Fp64, n_classes),
    };
    let outputs = Output::of(&served.model).iter().map(|of| {
        let (datatype, width) = output(of);
        TensorMetadata { name: of.as_str(), datatype: datatype.as_str(), shape: [ANY, width] }
    });
    json(&ModelMetadata {
        name: &served.name,
        versions: [served.model.version()],
        platform: PLATFORM,
        inputs: schema.features().iter().map(input).collect(),
        outputs: outputs.collect(),
    })
}

/// A feature as an input of its own.
fn input(feature: &Feature) -> TensorMetadata<'_> {
    let datatype = match feature.kind {
        Kind::Numeric => Datatype::Fp64,
        Kind::Categorical => Datatype::Bytes,
    };
    TensorMetadata { name: &feature.name, datatype: datatype.as_str(), shape: [ANY, 1] }
}
