//! `GET /models` and `GET /models/{name}`: the models, and what a row of each must look like.
//!
//! The wire types are separate from the artifact's header, which also holds training rows (golden rows, calibration): a
//! field added there must not leave the server by accident.

use std::collections::BTreeMap;

use axum::extract::State;
use axum::response::{IntoResponse, Response};
use http::header::CONTENT_TYPE;
use serde::{Serialize, Serializer};
use serde_json::value::RawValue;

use crate::model::artifact::{Coverage, Evaluation, GoldenCell, Importance, Origin, Setting, Threshold};
use crate::model::coefficients::LinearFunction;
use crate::model::prediction::Probabilities;
use crate::model::schema::{Feature, NO_STATISTICS, Target};
use crate::model::statistics::Stats;
use crate::serve::registry::ServedModel;

use crate::http::app::AppState;
use crate::http::encode;
use crate::http::leased::{self, RequestLease};
use crate::http::path::ModelName;
use crate::http::problem::Problem;

/// A model in a list.
#[derive(Serialize)]
struct ModelEntry<'a> {
    name: &'a str,
    version: &'a str,
    task: &'static str,
    algorithm: &'a str,
    default: bool,
}

/// A model with its schema, statistics and evaluation.
#[derive(Serialize)]
struct ModelDetails<'a> {
    #[serde(flatten)]
    entry: ModelEntry<'a>,
    #[serde(skip_serializing_if = "Option::is_none")]
    description: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    created: Option<&'a str>,
    /// Why what its file holds now is not served.
    #[serde(skip_serializing_if = "Option::is_none")]
    reload_error: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    smartcore: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    source: Option<&'a Origin>,
    /// `shares`, `votes` or `none`, of a classifier of trees or one that answers with a class alone.
    #[serde(skip_serializing_if = "Option::is_none")]
    probability: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    calibrator: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    threshold: Option<&'a Threshold>,
    hyperparameters: &'a BTreeMap<String, Setting>,
    target: &'a Target,
    features: &'a [Feature],
    /// That there are none, where there are none.
    #[serde(skip_serializing_if = "Option::is_none")]
    statistics: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    evaluation: Option<&'a Evaluation>,
    #[serde(skip_serializing_if = "<[Coverage]>::is_empty")]
    intervals: &'a [Coverage],
    #[serde(skip_serializing_if = "Option::is_none")]
    importance: Option<&'a Importance>,
    #[serde(skip_serializing_if = "Option::is_none")]
    coefficients: Option<&'a [LinearFunction]>,
    #[serde(skip_serializing_if = "Option::is_none")]
    prediction_stats: Option<&'a Stats>,
    example: ExampleRow<'a>,
}

/// A row to begin with, and what `POST /models/{name}/predict` answers to it, with an interval where there is one.
#[derive(Serialize)]
struct ExampleRow<'a> {
    row: Record<'a>,
    /// None where the model has no finite answer.
    #[serde(skip_serializing_if = "Option::is_none")]
    answer: Option<Box<RawValue>>,
}

/// A row by the names of its features.
struct Record<'a> {
    features: &'a [Feature],
    cells: &'a [GoldenCell],
}

impl Serialize for Record<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_map(self.features.iter().map(|feature| &feature.name).zip(self.cells))
    }
}

impl<'a> ExampleRow<'a> {
    fn of(served: &'a ServedModel) -> Self {
        let example = served.example();
        let written = |answer| String::from_utf8(encode::json::prediction(served, answer)).ok();
        Self {
            row: Record { features: &served.model.header().features, cells: &example.row },
            answer: example.answer.as_ref().and_then(written).and_then(|text| RawValue::from_string(text).ok()),
        }
    }
}

impl<'a> ModelEntry<'a> {
    fn of(served: &'a ServedModel) -> Self {
        let header = served.model.header();
        Self {
            name: &served.name,
            version: served.model.version(),
            task: header.task.as_str(),
            algorithm: header.algorithm.as_str(),
            default: served.is_default,
        }
    }
}

/// All models.
#[derive(Serialize)]
struct ModelList<'a> {
    models: Vec<ModelEntry<'a>>,
}

/// `GET /models`.
pub(in crate::http) async fn list(
    State(app): State<AppState>,
    RequestLease(memory): RequestLease,
) -> Result<Response, Problem> {
    let models = app.server.registry.list();
    let list = ModelList { models: models.iter().map(|served| ModelEntry::of(served)).collect() };
    leased::json(&memory, &list).await
}

/// `GET /models/{name}`.
pub(in crate::http) async fn show(
    State(app): State<AppState>,
    ModelName(name): ModelName,
    RequestLease(memory): RequestLease,
) -> Result<Response, Problem> {
    leased::json(&memory, &details(&*app.model(&name)?)).await
}

/// What clients see of a model.
pub(in crate::http) fn details(served: &ServedModel) -> impl Serialize + Sync {
    let header = served.model.header();
    ModelDetails {
        entry: ModelEntry::of(served),
        description: header.description.as_deref(),
        created: header.created.as_deref(),
        reload_error: served.reload_error(),
        smartcore: header.smartcore.as_deref(),
        source: header.source.as_ref(),
        probability: served.model.probabilities().map(Probabilities::as_str),
        calibrator: header.calibrator.as_deref(),
        threshold: header.threshold.as_ref(),
        hyperparameters: &header.hyperparameters,
        target: &header.target,
        features: &header.features,
        statistics: header.prediction_stats.is_none().then_some(NO_STATISTICS),
        evaluation: header.evaluation.as_ref(),
        intervals: &header.intervals,
        importance: header.importance.as_ref(),
        coefficients: header.coefficients.as_deref(),
        prediction_stats: header.prediction_stats.as_ref(),
        example: ExampleRow::of(served),
    }
}

/// A 200 with this body, which is short, as JSON.
pub(in crate::http) fn ok_json(body: &impl Serialize) -> Response {
    match serde_json::to_vec(body) {
        Ok(mut bytes) => {
            bytes.push(b'\n');
            ([(CONTENT_TYPE, "application/json")], bytes).into_response()
        }
        Err(error) => Problem::internal(format!("an answer cannot be written: {error}")).into_response(),
    }
}
