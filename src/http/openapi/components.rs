//! What operations refer to, gathered from the families.
//!
//! Stands apart so that a family adds what one model brings in one place, under the model's name.

use serde_json::{Map, Value};

use crate::http::openapi::json::json;

use crate::model::cell::MAX_ABS;

use crate::http::problem::ProblemKind as Kind;

use super::{Subject, answers, bodies, compat, errors, models, operation, predict, v2};

/// Components by kind and name.
#[derive(Debug, Default)]
pub(super) struct Components {
    pub(super) schemas: Map<String, Value>,
    pub(super) bodies: Map<String, Value>,
    pub(super) responses: Map<String, Value>,
}

/// Everything that operations refer to; `failures` are all the ways in which one may fail.
pub(super) fn of(subject: &Subject<'_>, failures: &[Kind]) -> Value {
    let mut all = Components::default();
    let number = |kinds: Value| json!({ "type": kinds, "minimum": -MAX_ABS, "maximum": MAX_ABS });
    all.schemas.insert("Number".to_owned(), number(json!("number")));
    all.schemas.insert("NumberOrNull".to_owned(), number(json!(["number", "null"])));
    for served in subject.models {
        predict::add(subject, served, &mut all);
        v2::add(subject, served, &mut all);
        compat::add(subject, served, &mut all);
    }
    if subject.models.is_empty() {
        all.schemas.insert("AnyBody".to_owned(), bodies::any());
        all.schemas.insert("AnyAnswer".to_owned(), answers::any());
    }
    all.schemas.extend(models::schemas());
    all.schemas.extend(v2::schemas());
    all.schemas.extend(compat::schemas());
    all.schemas.extend(errors::schemas());
    all.responses.extend(errors::responses(failures));
    let mut components = json!({
        "schemas": all.schemas,
        "requestBodies": all.bodies,
        "responses": all.responses,
        "parameters": operation::parameters(),
        "headers": operation::headers(),
    });
    if subject.asks_tokens {
        components["securitySchemes"] = json!({ (operation::SECURITY): {
            "type": "http",
            "scheme": "bearer",
            "description": "One of the lines of the server's token file.",
        } });
    }
    components
}
