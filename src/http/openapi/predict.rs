//! `/predict` and `/models/{name}/predict`.

use serde_json::{Value, json};

use crate::http::problem::Kind;
use crate::serve::registry::Snapshot;

use super::components::Components;
use super::operation::Operation;
use super::{Subject, answers, bodies, reference};

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
    let default = subject.models.iter().find(|served| served.is_default);
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
    bodies::schemas(subject, served, &mut all.schemas);
    all.schemas.insert(format!("{name}.Answer"), answers::schema(served));
    all.bodies.insert(name.clone(), bodies::request_body(subject, served));
    all.responses.insert(name.clone(), answers::response(subject, served));
}

fn about(operation: Operation, served: Option<&Snapshot>) -> Operation {
    let (body, answer) = match served {
        Some(served) => (reference("requestBodies", &served.name), reference("responses", &served.name)),
        None => (any_body(), answers::any_response()),
    };
    operation
        .description(served.map_or_else(String::new, description))
        .parameter(explain())
        .body(body)
        .answers(200, answer)
        .fails(&FAILURES)
}

fn any_body() -> Value {
    json!({
        "required": true,
        "content": {
            "application/json": { "schema": reference("schemas", "AnyBody") },
            "text/csv": { "schema": { "type": "string" } },
        },
    })
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
