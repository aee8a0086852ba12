//! `/predict` and `/models/{name}/predict`.

use serde_json::Value;

use crate::http::openapi::json::json;

use crate::http::problem::ProblemKind as Kind;
use crate::serve::registry::Snapshot;

use super::bodies::Bodies;
use super::components::Components;
use super::examples::Rows;
use super::operation::Operation;
use super::{Subject, answers, contents, reference};

/// How any prediction may fail.
pub(super) const FAILURES: [Kind; 9] = [
    Kind::Syntax,
    Kind::BodyTimeout,
    Kind::TooManyRows,
    Kind::MediaType,
    Kind::Schema,
    Kind::Unsupported,
    Kind::NotReady,
    Kind::Overloaded,
    Kind::ComputeTimeout,
];

/// The operations: of the default model, then of each by its name.
pub(super) fn operations(subject: &Subject<'_>) -> Vec<Operation> {
    let default = subject.default_model();
    let of_default = match default {
        Some(served) => format!("Predict with the default model, {}", served.name),
        None => "Predict with the default model".to_owned(),
    };
    let mut all = vec![about(Operation::post("/predict", "predict", of_default), default)];
    let named = |served: Option<&Snapshot>| {
        let summary = format!("Predict with {}", served.map_or("a model", |served| served.name.as_str()));
        let operation = Operation::post("/models/{name}/predict", "predict", summary);
        about(operation.of_model(served.map(AsRef::as_ref)), served)
    };
    all.extend(subject.models.iter().map(|served| named(Some(served))));
    if subject.models.is_empty() {
        all.push(named(None));
    }
    all
}

/// What a model brings.
pub(super) fn add(subject: &Subject<'_>, served: &Snapshot, all: &mut Components) {
    let name = &served.name;
    let (bodies, rows) = (Bodies::new(subject, served), Rows::new(served.model.schema(), subject.shows_statistics()));
    all.schemas.extend(bodies.schemas());
    all.schemas.insert(format!("{name}.Answer"), answers::schema(served));
    let is_split = bodies.wraps("columns") && bodies.wraps("data");
    let keys = ["columns", "dataframe_split", "dataframe_records", "instances", "inputs"];
    let keys: Vec<&str> = keys.into_iter().filter(|key| bodies.wraps(key) && (*key != "columns" || is_split)).collect();
    let mut examples = contents::bare(&rows);
    examples.extend(contents::wrapped(&rows, &keys));
    let body = reference("schemas", &format!("{name}.Body"));
    all.bodies.insert(name.clone(), contents::request_body(&bodies, &rows, &body, &examples.into()));
    all.responses.insert(name.clone(), answers::response(subject, served));
}

fn about(operation: Operation, served: Option<&Snapshot>) -> Operation {
    let (body, answer) = match served {
        Some(served) => (reference("requestBodies", &served.name), reference("responses", &served.name)),
        None => (contents::any(&reference("schemas", "AnyBody")), answers::any_response("AnyAnswer")),
    };
    operation
        .description(served.map_or_else(String::new, description))
        .parameter(explain())
        .body(body)
        .answers(200, answer)
        .fails(&FAILURES)
}

/// What the model is, and what it makes of a row.
pub(super) fn description(served: &Snapshot) -> String {
    let header = served.model.header();
    let mut text = String::new();
    if let Some(about) = &header.description {
        text = format!("{} ", about.trim_end());
    }
    let (target, task, algorithm) = (&header.target.name, header.task.as_str(), header.algorithm.as_str());
    format!("{text}Predicts `{target}` ({task}, {algorithm}). Version {}.", served.model.version())
}

/// The parameters of any prediction. `explain`: this build gives no contributions, so that only `false` is accepted.
pub(super) fn explain() -> Value {
    json!({
        "name": "explain",
        "in": "query",
        "description": "Contributions of the features. `true`, and any `interval`, is a 422 that says why it cannot \
            be given.",
        "schema": { "enum": [false] },
    })
}
