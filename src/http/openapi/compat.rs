//! Routes that other model servers' clients know: `TensorFlow` Serving and `KServe` v1, `MLflow`, `SageMaker`, Vertex AI.

use serde_json::{Map, Value};

use crate::http::openapi::json::json;

use crate::http::problem::ProblemKind as Kind;
use crate::serve::registry::Snapshot;

use super::bodies::Bodies;
use super::components::Components;
use super::examples::Rows;
use super::operation::{Operation, response};
use super::{Subject, answers, contents, predict, reference};

/// The tag of the family.
const TAG: &str = "compatible";

/// `MLflow`'s keys.
const MLFLOW: [&str; 4] = ["dataframe_split", "dataframe_records", "instances", "inputs"];

/// `TensorFlow` Serving's.
const TENSORFLOW: [&str; 2] = ["instances", "inputs"];

/// Vertex AI's.
const VERTEX: [&str; 1] = ["instances"];

/// The operations.
pub(super) fn operations(subject: &Subject<'_>) -> Vec<Operation> {
    let default = subject.default_model();
    let text = response("The version, as text.", "text/plain", &json!({ "type": "string" }), None);
    let invoke = Operation::post("/invocations", TAG, "Predict with the default model, as MLflow and SageMaker ask");
    let list = response("The models' names.", "application/json", &reference("schemas", "V1List"), None);
    let mut all = vec![
        asks(invoke, default, "mlflow"),
        Operation::get("/version", TAG, "This server's version").answers(200, text),
        Operation::get("/v1/models", TAG, "List the models' names").answers(200, list),
    ];
    for served in subject.models {
        all.extend(of_model(Some(served)));
    }
    if subject.models.is_empty() {
        all.extend(of_model(None));
    }
    all
}

/// Vertex AI's prediction route, whose name the environment chooses.
pub(super) fn vertex(subject: &Subject<'_>, route: &str) -> Operation {
    let operation = Operation::post(route, TAG, "Predict with the default model, as Vertex AI asks");
    asks(operation, subject.default_model(), "vertex")
}

/// `TensorFlow` Serving's routes of one model.
fn of_model(served: Option<&Snapshot>) -> [Operation; 4] {
    const NAMED: &str = "/v1/models/{name}";
    const VERSIONED: &str = "/v1/models/{name}/versions/{version}";
    let name = served.map_or("a model", |served| served.name.as_str());
    let model = served.map(AsRef::as_ref);
    let state = |route| {
        let answer = response("Its state.", "application/json", &reference("schemas", "V1Model"), None);
        Operation::get(route, TAG, format!("State of {name}")).of_model(model).answers(200, answer)
    };
    let predict = |route| {
        let summary = format!("Predict with {name}, as TensorFlow Serving's clients ask");
        asks(Operation::post(route, TAG, summary).verb("predict").of_model(model), served, "tensorflow")
    };
    [state(NAMED), predict(NAMED), state(VERSIONED).of_version(model), predict(VERSIONED).of_version(model)]
}

/// A prediction in the words of a protocol.
fn asks(operation: Operation, served: Option<&Snapshot>, protocol: &str) -> Operation {
    let (body, answer) = match served {
        Some(served) => (
            reference("requestBodies", &format!("{}.{protocol}", served.name)),
            reference("responses", &format!("{}.predictions", served.name)),
        ),
        None => (contents::any(&json!({ "type": "object" })), answers::any_response("V1Predictions")),
    };
    let operation = operation.description(served.map_or_else(String::new, predict::description));
    operation.parameter(predict::explain()).body(body).answers(200, answer).fails(&predict::FAILURES)
}

/// What a model brings.
pub(super) fn add(subject: &Subject<'_>, served: &Snapshot, all: &mut Components) {
    let name = &served.name;
    let bodies = Bodies::new(subject, served);
    let rows = Rows::new(served.model.schema(), subject.shows_statistics());
    let mut add_body = |protocol: &str, keys: &[&str], beside: &[(&str, Value)]| {
        let beside: Map<String, Value> =
            beside.iter().map(|(key, schema)| ((*key).to_owned(), schema.clone())).collect();
        let schema = bodies.wrapped(keys, &beside);
        let examples = contents::wrapped(&rows, keys).into();
        let body = contents::request_body(&bodies, &rows, &schema, &examples);
        all.bodies.insert(format!("{name}.{protocol}"), body);
    };
    let none = || json!({ "type": ["object", "null"], "maxProperties": 0, "description": "There are none." });
    add_body("tensorflow", &TENSORFLOW, &[("signature_name", json!({ "type": ["string", "null"] }))]);
    if served.is_default {
        add_body("mlflow", &MLFLOW, &[("params", none())]);
        if subject.vertex.predict.is_some() {
            add_body("vertex", &VERTEX, &[("parameters", none())]);
        }
    }
    let predictions = json!({ "type": "array", "minItems": 1, "items": answers::item(served) });
    let schema = json!({
        "type": "object",
        "required": ["predictions"],
        "properties": { "predictions": predictions, "outputs": predictions },
    });
    all.responses.insert(format!("{name}.predictions"), answers::response_of(&schema, None));
}

/// The schemas that are the same for all models.
pub(super) fn schemas() -> Map<String, Value> {
    let text = || json!({ "type": "string" });
    let any = || json!({ "type": "array", "minItems": 1, "items": { "type": ["number", "string"] } });
    let list = json!({
        "type": "object",
        "required": ["models"],
        "properties": { "models": { "type": "array", "items": text() } },
    });
    let state = json!({
        "type": "object",
        "required": ["version", "state", "status"],
        "properties": {
            "version": answers::version(),
            "state": text(),
            "status": { "type": "object", "properties": { "error_code": text(), "error_message": text() } },
        },
    });
    let model = json!({
        "type": "object",
        "required": ["name", "ready", "model_version_status"],
        "properties": {
            "name": text(),
            "ready": { "type": "boolean" },
            "model_version_status": { "type": "array", "items": state },
        },
    });
    let predictions = json!({
        "type": "object",
        "required": ["predictions"],
        "properties": {
            "predictions": any(),
            "outputs": { "description": "The same again, for rows under `inputs`.", "type": "array" },
        },
    });
    let all = [("V1List", list), ("V1Model", model), ("V1Predictions", predictions)];
    all.into_iter().map(|(name, schema)| (name.to_owned(), schema)).collect()
}

/// As `/readyz`, under another name.
pub(super) fn health(route: &str) -> Operation {
    let schema = json!({ "type": "object", "properties": { "status": { "const": "ready" } } });
    let answer = response("Yes.", "application/json", &schema, None);
    Operation::get(route, "probes", "As /readyz: another name for it").answers(200, answer).fails(&[Kind::NotReady])
}
