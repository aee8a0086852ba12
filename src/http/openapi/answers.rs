//! What a prediction answers.
//!
//! Stands apart from the errors: an answer's schema is the model's target and its classes.

use serde_json::{Map, Value};

use crate::http::openapi::json::json;

use crate::model::schema::Target;
use crate::serve::registry::{ServedModel, Snapshot};

use super::examples::Rows;
use super::{Subject, operation, reference};

/// The answer of a model.
pub(super) fn schema(served: &ServedModel) -> Value {
    let target = served.model.schema().target();
    let mut unit = String::new();
    if let Some(text) = &target.unit {
        unit = format!(", in {text}");
    }
    let mut properties = json!({ "prediction": {
        "type": "array",
        "minItems": 1,
        "items": item(served),
        "description": format!("{}{unit}: one a row, in the order of the rows.", target.name),
    } });
    if !target.classes.is_empty() {
        properties["probability"] = probability(target);
    }
    properties["model"] = json!({ "const": served.name });
    properties["version"] = version();
    json!({ "type": "object", "required": ["prediction", "model", "version"], "properties": properties })
}

/// A predicted value or label.
pub(super) fn item(served: &ServedModel) -> Value {
    let classes = &served.model.schema().target().classes;
    if classes.is_empty() { json!({ "type": "number" }) } else { json!({ "enum": classes }) }
}

fn probability(target: &Target) -> Value {
    let share = || json!({ "type": "number", "minimum": 0, "maximum": 1 });
    let classes: Map<String, Value> = target.classes.iter().map(|class| (class.clone(), share())).collect();
    json!({
        "type": "array",
        "description": "Each row's probability of each class, where the method has them.",
        "items": { "type": "object", "required": target.classes, "properties": classes },
    })
}

/// A model's version.
pub(super) fn version() -> Value {
    json!({
        "type": "string",
        "pattern": "^[0-9a-f]{12}$",
        "description": "The first 12 hex digits of the model file's SHA-256.",
    })
}

/// The response of a model's prediction routes.
pub(super) fn response(subject: &Subject<'_>, served: &Snapshot) -> Value {
    let rows = Rows::new(served.model.schema(), subject.shows_statistics());
    let schema = reference("schemas", &format!("{}.Answer", served.name));
    // What the model says of a row is for those who may ask it.
    let example = if subject.asks_tokens { None } else { rows.answer(served) };
    response_of(&schema, example)
}

/// A prediction's response: JSON of this schema, or what `Accept` asks for.
pub(super) fn response_of(schema: &Value, example: Option<Value>) -> Value {
    let mut response = timed(operation::response("The predictions.", "application/json", schema, example));
    let text = |description: &str| json!({ "schema": { "type": "string", "description": description } });
    let content = &mut response["content"];
    content["text/csv"] = text("A line a row: `prediction`, and `probability_CLASS` for each class.");
    content["application/x-ndjson"] = text("An object a line: `prediction`, and `probability`.");
    response
}

/// The answer of a model that is not known.
pub(super) fn any() -> Value {
    json!({
        "type": "object",
        "required": ["prediction", "model", "version"],
        "properties": {
            "prediction": { "type": "array", "minItems": 1, "items": { "type": ["number", "string"] } },
            "probability": { "type": "array", "items": { "type": "object" } },
            "model": { "type": "string" },
            "version": version(),
        },
    })
}

/// The response of a model that is not known.
pub(super) fn any_response(schema: &str) -> Value {
    response_of(&reference("schemas", schema), None)
}

/// A response that tells its durations.
pub(super) fn timed(mut response: Value) -> Value {
    response["headers"]["Server-Timing"] = reference("headers", "ServerTiming");
    response
}
