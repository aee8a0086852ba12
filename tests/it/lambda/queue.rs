//! Batches of SQS: what is answered is not named, what is not is named, and why is in the log and in the metrics.

use std::time::Duration;

use serde_json::{Value, json};

use super::{function, row};

const QUEUE: &str = "arn:aws:sqs:us-east-2:123456789012:my-queue";

/// A message as Lambda hands it on.
pub(super) fn message(id: &str, body: &str) -> Value {
    json!({"messageId": id, "receiptHandle": "AQEBwJnKyrHigUMZj6rYigCgxlaS3SLy0a...", "body": body,
        "attributes": {"ApproximateReceiveCount": "1", "SentTimestamp": "1545082649183",
            "SenderId": "AIDAIENQZJOLO23YVJ4VO", "ApproximateFirstReceiveTimestamp": "1545082649185"},
        "messageAttributes": {}, "md5OfBody": "e4e68fb7bd0e697a0ae8f1bb342846b3", "eventSource": "aws:sqs",
        "eventSourceARN": QUEUE, "awsRegion": "us-east-2"})
}

/// The same in a FIFO queue's group.
pub(super) fn in_group(id: &str, group: &str, body: &str) -> Value {
    let mut message = message(id, body);
    message["eventSourceARN"] = format!("{QUEUE}.fifo").into();
    message["attributes"]["MessageGroupId"] = group.into();
    message
}

pub(super) fn event(messages: &[Value]) -> Value {
    json!({"Records": messages})
}

/// The answer that names these.
pub(super) fn returned(ids: &[&str]) -> Value {
    let items: Vec<Value> = ids.iter().map(|id| json!({"itemIdentifier": id})).collect();
    json!({"batchItemFailures": items})
}

fn csv() -> String {
    let row = row();
    let row = row.as_object().unwrap();
    let names: Vec<&str> = row.keys().map(String::as_str).collect();
    let values: Vec<String> = row.values().map(Value::to_string).collect();
    format!("{}\n{}\n", names.join(","), values.join(","))
}

#[test]
fn each_message_is_a_body_of_predict() {
    let mut function = function(&[]);
    let notification = json!({"Type": "Notification", "MessageId": "22b80b92-fdea-4c2c-8f9d-bdfb0c7bf324",
        "TopicArn": "arn:aws:sns:us-west-2:123456789012:MyTopic", "Subject": "My First Message",
        "Message": row().to_string(), "Timestamp": "2012-05-02T00:54:06.655Z", "SignatureVersion": "1"});
    let bridge = json!({"version": "0", "id": "17793124", "detail-type": "House", "source": "shop",
        "account": "123456789012", "time": "2021-11-12T00:00:00Z", "region": "us-east-1", "resources": [],
        "detail": row()});
    let mut both = notification.clone();
    both["Message"] = bridge.to_string().into();
    let mut said = message("h", &csv().replace('\n', "\r\n"));
    said["messageAttributes"] = json!({"Content-Type": {"stringValue": "text/csv; header=present",
        "stringListValues": [], "binaryListValues": [], "dataType": "String"}});
    let batch = [
        message("a", &row().to_string()),
        message("b", &json!([row(), row()]).to_string()),
        message("c", &csv()),
        message("d", &format!("{}\n{}\n", row(), row())),
        message("e", &notification.to_string()),
        message("f", &bridge.to_string()),
        message("g", &both.to_string()),
        said,
    ];
    let ended = function.invoke(&event(&batch));
    assert_eq!((ended.is_answered, ended.json()), (true, returned(&[])));
    let log = function.log();
    let metrics = log.last().unwrap();
    assert_eq!(
        (&metrics["event"], &metrics["Messages"], &metrics["MessagesAnswered"]),
        (&json!("sqs"), &json!(8), &json!(8))
    );
    assert_eq!(
        (&metrics["Rows"], &metrics["MessagesPoison"], &metrics["MessagesPassing"]),
        (&json!(10), &json!(0), &json!(0))
    );
    // A line each, under the message's id.
    let ids: Vec<&str> = log
        .iter()
        .filter(|line| line["route"] == "/predict")
        .map(|line| line["request_id"].as_str().unwrap())
        .collect();
    assert_eq!(ids, ["a", "b", "c", "d", "e", "f", "g", "h"]);
}

#[test]
fn messages_that_can_never_be_answered_are_told_apart() {
    let mut function = function(&[]);
    let mut wrong = row();
    wrong["RM"] = "six".into();
    let batch = [
        message("good", &row().to_string()),
        message("not-json", "{\"RM\": "),
        message("not-ours", &wrong.to_string()),
        message("empty", ""),
        message("broken-line", &format!("{}\n{wrong}\n", row())),
        message("last", &row().to_string()),
        message("good", &row().to_string()),
    ];
    let ended = function.invoke(&event(&batch));
    assert_eq!(ended.json(), returned(&["not-json", "not-ours", "empty", "broken-line"]));
    let log = function.log();
    let codes: Vec<[&Value; 4]> = log
        .iter()
        .filter(|line| line["code"].is_string())
        .map(|line| [&line["message_id"], &line["code"], &line["status"], &line["request_id"]])
        .collect();
    let id = json!(function.id());
    let poison = json!("poison");
    let of = |message: &str, status: u16| [json!(message), poison.clone(), json!(status), id.clone()];
    let expected = [of("not-json", 400), of("not-ours", 422), of("empty", 400), of("broken-line", 422)];
    assert_eq!(codes, expected.iter().map(|four| four.each_ref()).collect::<Vec<_>>());
    assert!(!log.iter().any(|line| line.to_string().contains("six")));
    let metrics = log.last().unwrap();
    // One that is twice in the batch is answered once.
    assert_eq!(
        [&metrics["Messages"], &metrics["MessagesAnswered"], &metrics["MessagesPoison"], &metrics["Rows"]],
        [6, 2, 4, 2]
    );
}

#[test]
fn after_a_failure_the_rest_of_a_fifo_group_is_returned() {
    let mut function = function(&[]);
    let good = row().to_string();
    let batch = [
        in_group("1", "a", &good),
        in_group("2", "a", "no"),
        in_group("3", "b", &good),
        in_group("4", "a", &good),
        in_group("5", "b", &good),
    ];
    assert_eq!(function.invoke(&event(&batch)).json(), returned(&["2", "4"]));
    let metrics = function.metrics();
    assert_eq!([&metrics["MessagesAnswered"], &metrics["MessagesPoison"], &metrics["MessagesPassing"]], [3, 1, 1]);
    // A fair queue has groups without an order.
    let fair: Vec<Value> = batch
        .iter()
        .cloned()
        .map(|mut message| {
            message["eventSourceARN"] = QUEUE.into();
            message
        })
        .collect();
    assert_eq!(function.invoke(&event(&fair)).json(), returned(&["2"]));
}

#[test]
fn what_there_is_no_time_for_is_returned() {
    let mut function = function(&[]);
    let batch: Vec<Value> = ["a", "b"].map(|id| message(id, &row().to_string())).to_vec();
    let ended = function.invoke_text(&event(&batch).to_string(), Duration::ZERO);
    assert_eq!(ended.json(), returned(&["a", "b"]));
    let log = function.log();
    assert!(log.iter().filter(|line| line["code"] == "passing").count() == 2, "{log:?}");
    assert_eq!(log.last().unwrap()["MessagesPassing"], 2);
}

#[test]
fn a_fault_of_the_server_is_passing() {
    // No model yet: 503.
    let folder = tempfile::tempdir().unwrap();
    let mut function = super::runtime_api::Function::start(&["--models", folder.path().to_str().unwrap()]);
    assert_eq!(function.invoke(&event(&[message("a", &row().to_string())])).json(), returned(&["a"]));
    let log = function.log();
    let line = log.iter().find(|line| line["message_id"] == "a").unwrap();
    assert_eq!((&line["code"], &line["status"]), (&json!("passing"), &json!(503)));
}
