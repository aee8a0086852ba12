//! `/v2` and everything below it: the Open Inference Protocol.
//!
//! The protocol has its own words for a model, its readiness and its answers; errors are this server's, which hold the
//! protocol's `error` too.

mod infer;
mod repository;

use serde_json::{Map, Value};

use crate::http::openapi::json::json;

use crate::http::problem::ProblemKind as Kind;
use crate::serve::registry::Snapshot;

use super::operation::{Operation, response};
use super::{Subject, reference};

pub(super) use infer::add;

/// The tag of the family.
const TAG: &str = "v2";

/// The operations: of the server, of each model, of the repository.
pub(super) fn operations(subject: &Subject<'_>) -> Vec<Operation> {
    let mut all = vec![
        get("/v2", "The server's name, version and extensions", "V2Server"),
        get("/v2/health/live", "As /livez", "V2Live").fails(&[Kind::NotReady]),
        get("/v2/health/ready", "As /readyz", "V2Ready").fails(&[Kind::NotReady]),
    ];
    for served in subject.models {
        all.extend(of_model(Some(served)));
    }
    if subject.models.is_empty() {
        all.extend(of_model(None));
    }
    all.extend(repository::operations(subject));
    all
}

fn get(route: &'static str, summary: impl Into<String>, schema: &str) -> Operation {
    let answer = response("Yes.", "application/json", &reference("schemas", schema), None);
    Operation::get(route, TAG, summary).answers(200, answer)
}

/// What one model answers to, by its name and by its name and version.
fn of_model(served: Option<&Snapshot>) -> Vec<Operation> {
    let name = served.map_or("a model", |served| served.name.as_str());
    let metadata = |route| get(route, format!("Inputs and outputs of {name}"), "V2Model");
    let ready = |route| get(route, format!("Is {name} ready?"), "V2ModelReady").fails(&[Kind::NotReady]);
    let infer = |route| infer::operation(route, format!("Infer with {name}"), served);
    let named = [metadata("/v2/models/{name}"), ready("/v2/models/{name}/ready"), infer("/v2/models/{name}/infer")];
    let versioned = [
        metadata("/v2/models/{name}/versions/{version}"),
        ready("/v2/models/{name}/versions/{version}/ready"),
        infer("/v2/models/{name}/versions/{version}/infer"),
    ];
    let versioned = versioned.map(|operation| operation.of_version(served.map(AsRef::as_ref)));
    named.into_iter().chain(versioned).map(|operation| operation.of_model(served.map(AsRef::as_ref))).collect()
}

/// The schemas of what is answered whatever the model.
pub(super) fn schemas() -> Map<String, Value> {
    let text = || json!({ "type": "string" });
    let object = |properties: Value| {
        let required: Vec<String> = properties.as_object().map(|p| p.keys().cloned().collect()).unwrap_or_default();
        json!({ "type": "object", "required": required, "properties": properties })
    };
    let list = |items: Value| json!({ "type": "array", "items": items });
    let tensor = object(json!({
        "name": text(),
        "datatype": text(),
        "shape": list(json!({ "type": "integer" })),
    }));
    let model = object(json!({
        "name": text(),
        "versions": list(text()),
        "platform": text(),
        "inputs": list(reference("schemas", "V2TensorMetadata")),
        "outputs": list(reference("schemas", "V2TensorMetadata")),
    }));
    let yes = || json!({ "const": true });
    let named = [
        ("V2Server", object(json!({ "name": text(), "version": text(), "extensions": list(text()) }))),
        ("V2Live", object(json!({ "live": yes() }))),
        ("V2Ready", object(json!({ "ready": yes(), "live": yes() }))),
        ("V2ModelReady", object(json!({ "name": text(), "ready": yes() }))),
        ("V2Model", model),
        ("V2TensorMetadata", tensor),
    ];
    let all = named.map(|(name, schema)| (name.to_owned(), schema)).into_iter();
    all.chain(infer::schemas()).chain(repository::schemas()).collect()
}
