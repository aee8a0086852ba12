//! The static OpenAPI document against what the server answers, and what is left of it without models.

use std::collections::BTreeSet;

use axum::response::IntoResponse as _;
use serde_json::Value;

use smartserve::http::auth;
use smartserve::http::openapi::{Document, Subject};
use smartserve::http::problem::{Problem, ProblemKind};

/// The document of a server without models.
const STATIC: &str = include_str!("../../../src/http/openapi/openapi.json");

/// Every kind but `MethodNotAllowed`, `Misdirected` and `TransferCoding`, which the document's description tells of once for all routes.
const PROBLEMS: [ProblemKind; 20] = [
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
    ProblemKind::LoadsBusy,
    ProblemKind::ComputeTimeout,
];

#[test]
fn the_document_has_each_error_as_it_is_answered() {
    assert_eq!(PROBLEMS.len() + 2, ProblemKind::ComputeTimeout as usize, "the last kind; three are left out");
    let document: Value = serde_json::from_str(STATIC).unwrap();
    let responses = document["components"]["responses"].as_object().unwrap();
    let is_problem = |response: &Value| response["content"].get("application/problem+json").is_some();
    let told: BTreeSet<&str> = responses.iter().filter(|(_, r)| is_problem(r)).map(|(name, _)| &**name).collect();
    let mut answered = BTreeSet::new();
    for kind in PROBLEMS {
        let name: String = kind.title().split(' ').collect();
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
    // A page for browsers, and under the same address the details, which ask for a token: it is optional there.
    let page = &document["paths"]["/models/{name}/"]["get"]["security"];
    assert_eq!(page, &serde_json::json!([{}, { "bearer": [] }]));
    let is_both = |path: &str| path == "/models/{name}/";
    for (path, item) in document["paths"].as_object().unwrap().iter().filter(|(path, _)| !is_both(path)) {
        for operation in item.as_object().unwrap().values() {
            assert_eq!(operation.get("security").is_some(), auth::is_open(path), "{path}");
            assert_eq!(operation["responses"].get("401").is_none(), auth::is_open(path), "{path}");
        }
    }
}

#[test]
fn without_models_nothing_is_left_of_what_stands_for_them_or_for_options() {
    for asks_tokens in [false, true] {
        let subject = Subject { asks_tokens, ..Subject::by_default(&[]) };
        let document = serde_json::to_value(Document::new(&subject)).unwrap();
        let text = document.to_string();
        for word in ["\"x-", "/Any\"", "/Any."] {
            assert!(!text.contains(word), "{word}");
        }
        assert_eq!(document["info"]["version"], env!("CARGO_PKG_VERSION"));
    }
}
