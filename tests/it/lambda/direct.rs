//! Direct invocations: the event is a body of `/predict`, whatever keys it has.

use std::time::Duration;

use serde_json::{Value, json};

use super::{function, model, row};
use crate::support::process::Server;

#[test]
fn a_direct_event_is_a_body_of_predict() {
    let server = Server::start(&["--model", &model()]);
    let mut function = function(&[]);
    let columns: Value = row().as_object().unwrap().iter().map(|(k, v)| (k.clone(), json!([v, v]))).collect();
    for body in [row(), json!([row(), row()]), columns, json!({"instances": [row()]})] {
        let (status, expected) = server.ask_as("application/json", "/predict", &body.to_string());
        let ended = function.invoke(&body);
        assert!(ended.is_answered && status == 200, "{}", ended.text);
        // Lambda's library ends no line.
        assert_eq!(ended.text, expected.trim_end());
    }
}

#[test]
fn what_cannot_be_answered_is_a_function_error() {
    let server = Server::start(&["--model", &model()]);
    let mut function = function(&["--log-level", "trace"]);
    let mut wrong = row();
    wrong["RM"] = "six".into();
    let error = function.invoke(&wrong);
    assert!(!error.is_answered);
    let error = error.json();
    assert_eq!(error["errorType"], "UnprocessableContent");
    let envelope: Value = serde_json::from_str(error["errorMessage"].as_str().unwrap()).unwrap();
    let expected = server.ask("POST", "/predict", &wrong.to_string()).1;
    assert_eq!((&envelope["status"], &envelope["errors"]), (&json!(422), &expected["errors"]));
    assert_eq!(envelope["request_id"], function.id());
    // No value of the event is in the log.
    let log = function.log();
    assert!(!log.iter().any(|line| line.to_string().contains("six")), "{log:?}");
    assert!(function.invoke(&row()).is_answered);
}

#[test]
fn an_event_that_is_not_json_is_refused_and_counted() {
    let mut function = function(&[]);
    let ended = function.invoke_text(r#"{"RM": 6.575"#, Duration::from_secs(60));
    assert!(!ended.is_answered);
    let error = ended.json();
    assert_eq!(error["errorType"], "BadRequest");
    let envelope: Value = serde_json::from_str(error["errorMessage"].as_str().unwrap()).unwrap();
    assert!(envelope["detail"].as_str().unwrap().starts_with("The event is not JSON: EOF"), "{envelope}");
    let line = function.metrics();
    assert_eq!((&line["event"], &line["status"], &line["ClientErrors"]), (&json!("unknown"), &json!(400), &json!(1)));
    assert_eq!(line["requestId"], function.id());
    assert!(function.invoke(&row()).is_answered);
}

#[test]
fn an_envelope_is_told_by_all_its_keys() {
    let mut function = function(&[]);
    let unknown = |key: &str, value: Value| {
        let mut body = row();
        body[key] = value;
        body
    };
    for (key, value) in [
        ("Records", json!([])),
        ("Records", json!([{"eventSource": "aws:sqs"}])),
        ("rawPath", json!("/predict")),
        ("httpMethod", json!("POST")),
        ("requestContext", json!({"elb": {}})),
        ("version", json!("2.0")),
        ("detail", json!({})),
        ("body", json!("{}")),
    ] {
        let ended = function.invoke(&unknown(key, value));
        assert!(!ended.is_answered, "{key}");
        let text = ended.json()["errorMessage"].as_str().unwrap().to_owned();
        assert!(text.contains("422") && text.contains(&format!("/{key}")), "{text}");
    }
    let list = function.invoke(&json!(["2.0", "/predict"]));
    assert!(!list.is_answered);
}

#[test]
fn an_event_of_eventbridge_is_opened() {
    let mut function = function(&[]);
    let event = json!({"version": "0", "id": "17793124-05d4-b198-2fde-7ededc63b103", "detail-type": "House",
        "source": "shop", "account": "123456789012", "time": "2021-11-12T00:00:00Z", "region": "us-east-1",
        "resources": [], "detail": row()});
    let ended = function.invoke(&event);
    assert!(ended.is_answered, "{}", ended.text);
    assert_eq!(ended.text, function.invoke(&row()).text);
}
