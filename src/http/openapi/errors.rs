//! The answers that are not successes, from the one list of problems.
//!
//! Stands apart because every operation refers to them: one component a status, saying all that gives it.

use std::collections::BTreeMap;

use http::StatusCode;
use serde_json::{Map, Value};

use crate::http::openapi::json::json;

use crate::http::problem::{Problem, ProblemKind as Kind};

use super::reference;

/// What a kind means to a client.
fn meaning(kind: Kind) -> &'static str {
    match kind {
        Kind::Syntax => {
            "The body is not what its type says, or holds a duplicate key or a number beyond a double's range"
        }
        Kind::BadRequest => "The head is not what HTTP asks for, or the query is not known",
        Kind::Unauthorized => "There is no bearer token, or none that the server knows",
        Kind::Forbidden => "This is not for this listener",
        Kind::NotFound => "There is no such model, or not in this version",
        Kind::MethodNotAllowed => "The route has no such method",
        Kind::BodyTimeout => "The body did not come in time",
        Kind::Conflict => "The new schema differs from the one served",
        Kind::BodyTooLarge => "The body has more bytes than the limit",
        Kind::TooManyRows => "The body has more rows than the limit",
        Kind::UriTooLong => "The request target is longer than the limit",
        Kind::MediaType => "The media type, charset or content encoding is not read here",
        Kind::Schema => "The body does not fit: all that is wrong is listed, at most 20 errors",
        Kind::Unsupported => "It is fine, and this model or build cannot give it",
        Kind::Unloadable => "The model's file cannot be served, or the model cannot go",
        Kind::HeaderTooLarge => "The head has more bytes or fields than the limit",
        Kind::Internal => "The server failed; its log has the cause under the request id",
        Kind::NotReady => "There is no model, or the server drains",
        Kind::Overloaded => "There was no room within the admission wait",
        Kind::ComputeTimeout => "The prediction took longer than the limit",
    }
}

/// The status of a kind, and a reference to its response.
pub(super) fn response_of(kind: Kind) -> (String, Value) {
    let status = kind.status();
    (status.as_str().to_owned(), reference("responses", &name(status)))
}

/// A status as a component is called: `UnprocessableEntity`.
fn name(status: StatusCode) -> String {
    status.canonical_reason().unwrap_or("Error").split(' ').collect()
}

/// One response for each status of these kinds, in the order of the statuses.
pub(super) fn responses(kinds: &[Kind]) -> Map<String, Value> {
    let mut by_status: BTreeMap<StatusCode, Vec<Kind>> = BTreeMap::new();
    for kind in kinds {
        let same = by_status.entry(kind.status()).or_default();
        if !same.contains(kind) {
            same.push(*kind);
        }
    }
    by_status.into_iter().map(|(status, kinds)| (name(status), response(&kinds))).collect()
}

/// The response of kinds of one status.
fn response(kinds: &[Kind]) -> Value {
    let meanings: Vec<&str> = kinds.iter().map(|kind| meaning(*kind)).collect();
    let mut headers = json!({ "X-Request-Id": reference("headers", "RequestId") });
    match kinds[0] {
        Kind::NotReady | Kind::Overloaded => headers["Retry-After"] = reference("headers", "RetryAfter"),
        Kind::Unauthorized => headers["WWW-Authenticate"] = reference("headers", "Challenge"),
        _ => {}
    }
    let mut content = json!({ "schema": reference("schemas", "Problem") });
    if let Ok(example) = serde_json::from_slice::<Value>(&Problem::new(kinds[0], meanings[0]).render("row-17")) {
        content["example"] = example;
    }
    json!({
        "description": format!("{}.", meanings.join(". Or: ")),
        "headers": headers,
        "content": { "application/problem+json": content },
    })
}

/// The envelope.
pub(super) fn schemas() -> Map<String, Value> {
    let problem = json!({
        "type": "object",
        "description": "An error (RFC 9457).",
        "required": ["type", "title", "status", "detail", "request_id", "errors", "error"],
        "properties": {
            "type": { "type": "string" },
            "title": { "type": "string", "description": "The status in words." },
            "status": { "type": "integer", "minimum": 400, "maximum": 599 },
            "detail": { "type": "string", "description": "What went wrong and what to change." },
            "request_id": { "type": "string", "description": "As in `X-Request-Id` and in the server's log." },
            "errors": {
                "type": "array",
                "maxItems": 20,
                "items": reference("schemas", "FieldError"),
                "description": "All that is wrong in the body, 20 at most.",
            },
            "error": { "type": "string", "description": "`detail` again, for Open Inference Protocol clients." },
        },
    });
    let field_error = json!({
        "type": "object",
        "required": ["pointer", "detail"],
        "properties": {
            "pointer": { "type": "string", "description": "JSON pointer (RFC 6901) to the place; empty for the body." },
            "detail": { "type": "string", "description": "What is wrong and what would be right." },
        },
    });
    Map::from_iter([("Problem".to_owned(), problem), ("FieldError".to_owned(), field_error)])
}
