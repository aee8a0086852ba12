//! Media types: which `Content-Type` is read, and which format of an answer `Accept` chooses.

use axum::body::Body;
use http::Request;
use smartserve::config::Limits;
use smartserve::http::service::Service;

use crate::support::router::{Answer, public, request, send};

const JSON: &str = "application/json";
const NDJSON: &str = "application/x-ndjson";
const CSV: &str = "text/csv; charset=utf-8; header=present";

/// A request for one row, which reads the same as JSON and as NDJSON.
fn row(fields: &[(&'static str, &str)]) -> Request<Body> {
    let mut request = request("POST", "/models/line/predict", r#"{"x":2}"#);
    for (name, value) in fields {
        request.headers_mut().append(*name, value.parse().unwrap());
    }
    request
}

async fn ask(router: &Service, fields: &[(&'static str, &str)]) -> Answer {
    send(router, row(fields)).await
}

#[tokio::test]
async fn json_is_read_under_the_names_that_clients_give_it() {
    let router = public(Limits::default());
    for name in [
        "application/json",
        "Application/JSON; charset=UTF-8",
        "application/json;charset=\"utf-8\"",
        "application/vnd.api+json",
        "application/x-www-form-urlencoded",
        "application/json; version=2",
    ] {
        assert_eq!(ask(&router, &[("content-type", name)]).await.status, 200, "{name}");
    }
    assert_eq!(ask(&router, &[]).await.status, 200);
}

#[tokio::test]
async fn other_types_and_charsets_are_not() {
    let router = public(Limits::default());
    for name in ["text/plain", "application/json; charset=latin1", "application/jsonx", "image/svg+json", "*/*"] {
        assert_eq!(ask(&router, &[("content-type", name)]).await.status, 415, "{name}");
    }
}

#[tokio::test]
async fn the_form_liked_best_is_chosen_and_what_is_named_beats_what_is_not() {
    let router = public(Limits::default());
    for (accept, expected) in [
        ("", JSON),
        ("*/*", JSON),
        ("text/csv", CSV),
        ("Text/CSV; header=absent", "text/csv; charset=utf-8; header=absent"),
        ("text/csv ; Header=\"absent\"; q=0.25, ,*/*;Q=0", "text/csv; charset=utf-8; header=absent"),
        ("text/*", CSV),
        ("application/*", JSON),
        ("application/json, text/csv", JSON),
        ("application/json;q=0.8, text/csv", CSV),
        ("text/csv;q=0.3, application/x-ndjson;q=0.4, */*;q=0.1", NDJSON),
        ("text/csv, */*", CSV),
        ("application/json;q=0, */*", NDJSON),
        ("text/html, image/png", JSON),
        ("application/json;q=0, text/csv;q=0, application/x-ndjson;q=0", JSON),
        ("application/jsonlines", "application/jsonlines"),
        // A weight that is none counts as 1.
        ("application/json;q=0.9, text/csv;q=2", CSV),
        ("application/json;q=0.9, text/csv;q=nan", CSV),
    ] {
        let answer = ask(&router, &[("accept", accept)]).await;
        assert_eq!(answer.header("content-type"), expected, "{accept}");
    }
    let fields = [("accept", "text/csv;q=0.25, */*;q=0"), ("accept", "application/x-ndjson;q=0.5")];
    assert_eq!(ask(&router, &fields).await.header("content-type"), NDJSON);
}

#[tokio::test]
async fn lines_are_answered_with_lines_unless_something_else_is_named() {
    let router = public(Limits::default());
    let lines = ("content-type", NDJSON);
    for (accept, expected) in [
        ("*/*", NDJSON),
        ("application/*", NDJSON),
        ("application/json, text/plain, */*", JSON),
        ("text/csv", CSV),
        ("text/html", NDJSON),
    ] {
        assert_eq!(ask(&router, &[lines, ("accept", accept)]).await.header("content-type"), expected, "{accept}");
    }
    assert_eq!(ask(&router, &[lines]).await.header("content-type"), NDJSON);
}
