//! `/v2/repository/index`, and `load` and `unload` of a model.

use serde_json::{Map, Value};

use crate::http::openapi::json::json;

use crate::http::openapi::Subject;
use crate::http::openapi::operation::{Operation, response};
use crate::http::openapi::{answers, reference};
use crate::http::problem::ProblemKind as Kind;
use crate::serve::registry::Snapshot;

use super::TAG;

/// How reading a body that may be empty may fail.
const FAILURES: [Kind; 5] = [Kind::Syntax, Kind::BodyTimeout, Kind::MediaType, Kind::Schema, Kind::Overloaded];

/// The operations.
pub(super) fn operations(subject: &Subject<'_>) -> Vec<Operation> {
    let index = response("The models.", "application/json", &reference("schemas", "V2Index"), None);
    let mut all = vec![
        Operation::post("/v2/repository/index", TAG, "List the models")
            .body(optional("V2IndexRequest"))
            .answers(200, index)
            .fails(&FAILURES),
    ];
    for served in subject.models {
        all.extend(of_model(subject, Some(served)));
    }
    if subject.models.is_empty() {
        all.extend(of_model(subject, None));
    }
    all
}

/// Where anybody could ask, the answer is 403.
fn of_model(subject: &Subject<'_>, served: Option<&Snapshot>) -> [Operation; 2] {
    let name = served.map_or("a model", |served| served.name.as_str());
    let load = Operation::post("/v2/repository/models/{name}/load", TAG, format!("Look at the file of {name} again"));
    let unload = Operation::post("/v2/repository/models/{name}/unload", TAG, format!("Stop serving {name}"));
    let of_model = |operation: Operation| operation.of_model(served.map(AsRef::as_ref));
    if !subject.asks_tokens {
        let closed = "This server asks for no tokens, and then only its admin listener does this.";
        return [load, unload].map(|operation| of_model(operation.description(closed).fails(&[Kind::Forbidden])));
    }
    let loaded = response("It is served.", "application/json", &reference("schemas", "V2IndexEntry"), None);
    let unloaded = response("It is served no longer.", "application/json", &json!({ "type": "object" }), None);
    let load = load
        .description("What cannot be loaded leaves the model as it is served.")
        .body(optional("V2LoadRequest"))
        .answers(200, loaded)
        .fails(&FAILURES)
        .fails(&[Kind::Conflict, Kind::Unloadable]);
    let unload = unload
        .description("The default model stays.")
        .body(optional("V2UnloadRequest"))
        .answers(200, unloaded)
        .fails(&FAILURES)
        .fails(&[Kind::Unloadable]);
    [load, unload].map(of_model)
}

fn optional(schema: &str) -> Value {
    json!({ "required": false, "content": { "application/json": { "schema": reference("schemas", schema) } } })
}

/// The schemas of what is sent and answered.
pub(super) fn schemas() -> Map<String, Value> {
    let entry = json!({
        "type": "object",
        "required": ["name", "version", "state", "reason"],
        "properties": {
            "name": { "type": "string" },
            "version": answers::version(),
            "state": { "type": "string" },
            "reason": { "type": "string" },
        },
    });
    let index = json!({ "type": "array", "items": reference("schemas", "V2IndexEntry") });
    let index_request = json!({
        "type": "object",
        "properties": {
            "ready": { "type": ["boolean", "null"], "description": "Only models that are ready: all that are listed." },
        },
    });
    let load_request = json!({
        "type": "object",
        "properties": { "parameters": {
            "type": ["object", "null"],
            "properties": {
                "version": { "type": ["string", "null"], "description": "A version kept; without it, the file's." },
            },
            "additionalProperties": false,
        } },
    });
    let all = [
        ("V2Index", index),
        ("V2IndexEntry", entry),
        ("V2IndexRequest", index_request),
        ("V2LoadRequest", load_request),
        ("V2UnloadRequest", json!({ "type": "object" })),
    ];
    all.into_iter().map(|(name, schema)| (name.to_owned(), schema)).collect()
}
