//! `/openapi.json`, `/docs` and `/`.

use crate::http::openapi::json::json;

use super::operation::{Operation, response};
use super::{Subject, reference};

/// The operations.
pub(super) fn operations(subject: &Subject<'_>) -> Vec<Operation> {
    let html = |text| response(text, "text/html", &json!({ "type": "string" }), None);
    let schema = json!({ "type": "object", "required": ["openapi", "info", "paths"] });
    let mut document = response("The document.", "application/json", &schema, None);
    document["headers"]["ETag"] = reference("headers", "ETag");
    let unchanged = json!({
        "description": "It is still the one of `If-None-Match`.",
        "headers": { "ETag": reference("headers", "ETag"), "X-Request-Id": reference("headers", "RequestId") },
    });
    let if_none_match = json!({
        "name": "If-None-Match",
        "in": "header",
        "description": "The `ETag` of the document that the client has.",
        "schema": { "type": "string" },
    });
    let mut all = vec![
        Operation::get("/openapi.json", "pages", "This document")
            .parameter(if_none_match)
            .answers(200, document)
            .answers(304, unchanged),
        Operation::get("/docs", "pages", "This document, for people").answers(200, html("The page.")),
    ];
    if !subject.no_ui {
        all.push(Operation::get("/", "pages", "The models and how to ask them").answers(200, html("The page.")));
    }
    all
}
