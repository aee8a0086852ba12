//! `GET /v2`, `/v2/health/live`, `/v2/health/ready`, `/v2/models/{name}` and `…/ready`, with and without a version.

use std::borrow::Cow;

use axum::extract::State;
use axum::response::Response;
use serde::{Serialize, Serializer};
use serde_json::json;

use crate::http::app::{App, AppState};
use crate::http::leased::{self, RequestLease};
use crate::http::path::{ModelName, ModelVersion};
use crate::http::problem::Problem;
use crate::http::routes::models::ok_json;
use crate::model::artifact::{Header, Origin};
use crate::model::schema::{Feature, FeatureKind};
use crate::serve::registry::ServedModel;

use crate::http::tensor::{Datatype, Output};

/// What is spoken here besides the protocol itself.
const EXTENSIONS: [&str; 2] = ["binary_tensor_data", "model_repository"];

/// The protocol's `<project>_<format>` of what `train` wrote: smartcore's object, or the neutral form.
const PLATFORM: &str = "smartserve_smartcore";
const PLATFORM_NEUTRAL: &str = "smartserve_neutral";

/// The same of a model of another library, as Triton and `KServe` spell projects and formats: `xgboost_json`,
/// `sklearn_pickle`.
fn platform(header: &Header) -> Cow<'static, str> {
    let Some(Origin { library, format, .. }) = &header.source else {
        return if header.smartcore.is_some() { PLATFORM.into() } else { PLATFORM_NEUTRAL.into() };
    };
    let project = if library == "scikit-learn" { "sklearn" } else { library };
    // The first word: `text v4` has its version behind it.
    let format = format.split(' ').next().unwrap_or_default();
    let format = if format == "ubjson" { "ubj" } else { format };
    format!("{project}_{format}").into()
}

/// `GET /v2`.
pub(in crate::http) async fn server() -> Response {
    ok_json(&json!({ "name": "smartserve", "version": env!("CARGO_PKG_VERSION"), "extensions": EXTENSIONS }))
}

/// `GET /v2/health/live`: as `/livez`.
pub(in crate::http) async fn live(State(app): State<AppState>) -> Result<Response, Problem> {
    app.check_alive().map(|()| ok_json(&json!({ "live": true })))
}

/// `GET /v2/health/ready`: as `/readyz`. The specification writes `live` where it means `ready`: both are there.
pub(in crate::http) async fn ready(State(app): State<AppState>) -> Result<Response, Problem> {
    app.check_ready().map(|()| ok_json(&json!({ "ready": true, "live": true })))
}

/// `GET /v2/models/{name}`.
pub(in crate::http) async fn model(
    State(app): State<AppState>,
    ModelName(name): ModelName,
    RequestLease(memory): RequestLease,
) -> Result<Response, Problem> {
    leased::json(&memory, &Description::of(&*app.model(&name)?)).await
}

/// `GET /v2/models/{name}/versions/{version}`.
pub(in crate::http) async fn model_version(
    State(app): State<AppState>,
    path: ModelVersion,
    RequestLease(memory): RequestLease,
) -> Result<Response, Problem> {
    leased::json(&memory, &Description::of(&*app.model_version(&path.name, &path.version)?)).await
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
    let served = app.model_version(&path.name, &path.version)?;
    is_ready(&app, &served)
}

fn is_ready(app: &App, served: &ServedModel) -> Result<Response, Problem> {
    app.check_ready().map(|()| ok_json(&json!({ "name": served.name, "ready": true })))
}

/// A model's inputs and outputs.
#[derive(Serialize)]
struct Description<'a> {
    name: &'a str,
    versions: [&'a str; 1],
    platform: Cow<'static, str>,
    inputs: Inputs<'a>,
    outputs: Vec<Tensor<'a>>,
}

impl<'a> Description<'a> {
    fn of(served: &'a ServedModel) -> Self {
        let schema = served.model.schema();
        let output = |output: &Output| {
            let (datatype, width) = match output {
                Output::Predict if schema.task().is_classification() => (Datatype::of_labels(schema.label_kind()), 1),
                Output::Predict => (Datatype::Fp64, schema.target().n_outputs()),
                Output::PredictProba => (Datatype::Fp64, schema.target().classes.len()),
                // They are not among the outputs that come unasked.
                Output::Raw => (Datatype::Fp64, served.model.n_raw().unwrap_or(1)),
                Output::Interval => (Datatype::Fp64, 2),
                Output::Set => (Datatype::Bool, schema.target().classes.len()),
                Output::Baseline => (Datatype::Fp64, served.model.n_explained()),
                Output::Contributions => (Datatype::Fp64, served.model.n_explained() * schema.n_features()),
            };
            Tensor::of(output.as_str(), datatype, width)
        };
        Self {
            name: &served.name,
            versions: [served.model.version()],
            platform: platform(served.model.header()),
            inputs: Inputs(schema.features()),
            outputs: Output::of(&served.model).iter().map(output).collect(),
        }
    }
}

/// Each feature as an input of its own.
struct Inputs<'a>(&'a [Feature]);

impl Serialize for Inputs<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_seq(self.0.iter().map(|feature| {
            let datatype = match feature.kind {
                FeatureKind::Numeric => Datatype::Fp64,
                FeatureKind::Categorical | FeatureKind::Date(_) => Datatype::Bytes,
            };
            Tensor::of(&feature.name, datatype, 1)
        }))
    }
}

/// A tensor of any number of rows.
#[derive(Serialize)]
struct Tensor<'a> {
    name: &'a str,
    datatype: &'static str,
    shape: (i8, usize),
}

impl<'a> Tensor<'a> {
    fn of(name: &'a str, datatype: Datatype, width: usize) -> Self {
        Self { name, datatype: datatype.as_str(), shape: (-1, width) }
    }
}
