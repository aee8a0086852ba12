//! The document: the static one with its options decided and what each model adds.

use serde_json::{Map, Value};

use super::subject::Subject;
use super::{model, paths, template};

/// The document of a server without models, with and without tokens, with every page and route.
const STATIC: &str = include_str!("openapi.json");

/// Components of the static document that stand for those of a model: `AnyBody`, `Any.infer`.
const STAND_IN: &str = "Any";

/// Added to the description where the server asks for tokens.
const TOKENS_NOTE: &str =
    " This server asks for a token; what training saw of each feature is at `GET /models/{name}`.";

/// The document.
///
/// # Panics
/// If the static document is not JSON, which every test of it would show.
pub fn document(subject: &Subject<'_>) -> Value {
    let mut document: Value = serde_json::from_str(STATIC).expect("openapi.json is JSON");
    template::decide_tokens(&mut document, subject.asks_tokens);
    let info = &mut document["info"];
    info["version"] = env!("CARGO_PKG_VERSION").into();
    if subject.asks_tokens {
        let description = info["description"].as_str().unwrap_or_default();
        info["description"] = (description.to_owned() + TOKENS_NOTE).into();
    }
    let of_server = take_members(&mut document["paths"]);
    document["paths"] = paths::paths(of_server, &document["components"], subject).into();
    add_models(&mut document["components"], subject);
    document
}

/// Puts what each model brings in place of the stand-ins. `AnyBody` and `AnyAnswer` remain where there is no model;
/// the other stand-ins are written out in the operations then.
fn add_models(components: &mut Value, subject: &Subject<'_>) {
    let mut of_models: Vec<Value> = subject.models.iter().map(|served| model::components(subject, served)).collect();
    for kind in ["schemas", "requestBodies", "responses"] {
        let mut all = Map::new();
        for (name, component) in take_members(&mut components[kind]) {
            if !name.starts_with(STAND_IN) {
                all.insert(name, component);
                continue;
            }
            for model in &mut of_models {
                all.extend(take_members(&mut model[kind]));
            }
            if kind == "schemas" && subject.models.is_empty() {
                all.insert(name, component);
            }
        }
        components[kind] = all.into();
    }
}

/// The members of an object, which is left without any.
fn take_members(object: &mut Value) -> Map<String, Value> {
    object.as_object_mut().map(std::mem::take).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use axum::response::IntoResponse as _;
    use serde_json::Value;

    use super::{STATIC, Subject, document};
    use crate::http::auth;
    use crate::http::problem::{Problem, ProblemKind};

    /// Every kind but `MethodNotAllowed`, which the document's description tells of once for all routes.
    const PROBLEMS: [ProblemKind; 19] = [
        ProblemKind::Syntax,
        ProblemKind::BadRequest,
        ProblemKind::Unauthorized,
        ProblemKind::Forbidden,
        ProblemKind::NotFound,
        ProblemKind::BodyTimeout,
        ProblemKind::Conflict,
        ProblemKind::BodyTooLarge,
        ProblemKind::TooManyRows,
        ProblemKind::UriTooLong,
        ProblemKind::MediaType,
        ProblemKind::Schema,
        ProblemKind::Unsupported,
        ProblemKind::Unloadable,
        ProblemKind::HeaderTooLarge,
        ProblemKind::Internal,
        ProblemKind::NotReady,
        ProblemKind::Overloaded,
        ProblemKind::ComputeTimeout,
    ];

    #[test]
    fn the_document_has_each_error_as_it_is_answered() {
        assert_eq!(PROBLEMS.len(), ProblemKind::ComputeTimeout as usize, "the last kind; one is left out");
        let document: Value = serde_json::from_str(STATIC).unwrap();
        let responses = document["components"]["responses"].as_object().unwrap();
        let is_problem = |response: &Value| response["content"].get("application/problem+json").is_some();
        let told: BTreeSet<&str> = responses.iter().filter(|(_, r)| is_problem(r)).map(|(name, _)| &**name).collect();
        let mut answered = BTreeSet::new();
        for kind in PROBLEMS {
            let reason = kind.status().canonical_reason().unwrap();
            let name: String = reason.split(' ').collect();
            let response = &responses[&name];
            let example = &response["content"]["application/problem+json"]["example"];
            let problem = Problem::new(kind, example["detail"].as_str().unwrap().to_owned());
            assert_eq!(example, &serde_json::from_slice::<Value>(&problem.render("row-17")).unwrap());
            let headers = problem.into_response().headers().clone();
            for header in ["Retry-After", "WWW-Authenticate"] {
                assert_eq!(headers.contains_key(header), response["headers"].get(header).is_some(), "{name} {header}");
            }
            answered.extend(told.get(&*name));
        }
        assert_eq!(told, answered);
    }

    #[test]
    fn an_operation_is_open_where_no_token_is_asked_for() {
        let document: Value = serde_json::from_str(STATIC).unwrap();
        for (path, item) in document["paths"].as_object().unwrap() {
            for operation in item.as_object().unwrap().values() {
                assert_eq!(operation.get("security").is_some(), auth::is_open(path), "{path}");
                assert_eq!(operation["responses"].get("401").is_none(), auth::is_open(path), "{path}");
            }
        }
    }

    #[test]
    fn without_models_nothing_is_left_of_what_stands_for_them_or_for_options() {
        for asks_tokens in [false, true] {
            let document = document(&Subject { asks_tokens, ..Subject::by_default(&[]) });
            let text = document.to_string();
            for word in ["\"x-", "/Any\"", "/Any."] {
                assert!(!text.contains(word), "{word}");
            }
            assert_eq!(document["info"]["version"], env!("CARGO_PKG_VERSION"));
        }
    }
}
