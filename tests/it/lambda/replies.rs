//! Answers to messages go to a queue: whole and once, and what was not sent is returned.

use std::time::Duration;

use serde_json::{Value, json};

use super::fake_sqs::{FakeSqs, refused, sources, taken, taken_but};
use super::queue::{event, in_group, message, returned};
use super::runtime_api::{Function, variables};
use super::{model, row};
use crate::support::process::run_with;

/// A function whose replies go to this queue.
fn function(queue: &str, others: &[(&str, &str)]) -> Function {
    let ours = [
        ("SMARTSERVE_REPLY_QUEUE_URL", queue),
        ("AWS_ACCESS_KEY_ID", "AKIDEXAMPLE"),
        ("AWS_SECRET_ACCESS_KEY", "wJalrXUtnFEMI"),
        ("AWS_SESSION_TOKEN", "token"),
        ("AWS_REGION", "eu-west-1"),
    ];
    Function::start_as(&["serve", "--model", &model()], &[&ours, others].concat())
}

fn good(id: &str) -> Value {
    message(id, &row().to_string())
}

/// The requests, as the source messages of each.
fn sent(sqs: &FakeSqs) -> Vec<Vec<String>> {
    sqs.requests().iter().map(|request| sources(request).into_iter().map(str::to_owned).collect()).collect()
}

#[test]
fn replies_are_the_answers_of_predict() {
    let sqs = FakeSqs::start(|_, request| taken(request));
    let mut function = function(&sqs.url("answers"), &[]);
    let expected = function.invoke(&row()).text;
    function.log();
    let batch: Vec<Value> = (0..12).map(|i| good(&format!("m{i}"))).collect();
    let batch = [&batch[..], &[message("bad", "{"), good("m0")]].concat();
    assert_eq!(function.invoke(&event(&batch)).json(), returned(&["bad"]));
    let requests = sqs.requests();
    // Ten are one request; what can never be answered has no reply: it ends in the dead-letter queue.
    assert_eq!(requests.iter().map(|request| sources(request).len()).collect::<Vec<_>>(), [10, 2]);
    assert_eq!(requests[0]["QueueUrl"], sqs.url("answers"));
    let entry = &requests[0]["Entries"][3];
    assert_eq!(entry["MessageBody"].as_str().unwrap().trim_end(), expected);
    let attribute = |kind: &str, value: &str| json!({"DataType": kind, "StringValue": value});
    assert_eq!(
        entry["MessageAttributes"],
        json!({"SourceMessageId": attribute("String", "m3"), "Status": attribute("Number", "200"),
            "Content-Type": attribute("String", "application/json")})
    );
    assert!(entry["MessageGroupId"].is_null() && entry["MessageDeduplicationId"].is_null());
    let metrics = function.metrics();
    assert_eq!([&metrics["Replies"], &metrics["MessagesAnswered"], &metrics["MessagesPoison"]], [12, 12, 1]);
    assert_eq!([&metrics["RepliesTooLong"], &metrics["RepliesUnsent"]], [0, 0]);
}

#[test]
fn a_reply_that_was_not_sent_returns_its_message() {
    let sqs = FakeSqs::start(|n, request| match n {
        // One has to wait, one is refused for good.
        0 => taken_but(request, &[("1", "InternalError", false), ("2", "AccessDenied", true)]),
        1 => refused(400, "RequestThrottled"),
        _ => taken(request),
    });
    let mut function = function(&sqs.url("answers"), &[]);
    let batch: Vec<Value> = ["a", "b", "c", "d"].map(good).to_vec();
    assert_eq!(function.invoke(&event(&batch)).json(), returned(&["c"]));
    assert_eq!(sent(&sqs), [&["a", "b", "c", "d"][..], &["b"], &["b"]]);
    let log = function.log();
    let line = log.iter().find(|line| line["message_id"] == "c").unwrap();
    assert_eq!((&line["code"], &line["reason"]), (&json!("passing"), &json!("AccessDenied")));
    let metrics = log.last().unwrap();
    assert_eq!([&metrics["Replies"], &metrics["RepliesUnsent"], &metrics["MessagesPassing"]], [3, 1, 1]);
}

#[test]
fn a_queue_that_takes_nothing_returns_all() {
    for (status, code) in [(400, "QueueDoesNotExist"), (403, "AccessDeniedException"), (500, "InternalFailure")] {
        let sqs = FakeSqs::start(move |_, _| refused(status, code));
        let mut function = function(&sqs.url("answers"), &[]);
        assert_eq!(function.invoke(&event(&[good("a"), good("b")])).json(), returned(&["a", "b"]));
        assert_eq!(sqs.requests().len(), 1, "{code}: what may have been taken is not sent again");
        assert_eq!(function.metrics()["MessagesPassing"], 2);
    }
    let mut function = function("http://127.0.0.1:1/123456789012/answers", &[]);
    assert_eq!(function.invoke(&event(&[good("a")])).json(), returned(&["a"]));
}

#[test]
fn an_answer_that_is_too_long_is_an_error_in_its_place() {
    // 1,500 rows in CSV: their answers are longer than this queue takes.
    let sqs = FakeSqs::start(|_, request| {
        let longest = request["Entries"].as_array().unwrap().iter().map(|e| e["MessageBody"].as_str().unwrap().len());
        if longest.max().unwrap() > 20_000 { refused(400, "InvalidParameterValue") } else { taken(request) }
    });
    let mut function = function(&sqs.url("answers"), &[]);
    let rows = format!("CHAS,RM,TAX,LSTAT\n{}", "0,6.575,296,4.98\n".repeat(1_500));
    let batch = [good("a"), message("long", &rows), good("c")];
    assert_eq!(function.invoke(&event(&batch)).json(), returned(&[]));
    let mut sent = sent(&sqs);
    // Together, each alone, and the error.
    assert_eq!(sent.remove(0), ["a", "long", "c"]);
    sent.sort();
    assert_eq!(sent, [["a"], ["c"], ["long"], ["long"]]);
    let requests = sqs.requests();
    let error = requests
        .iter()
        .map(|request| &request["Entries"][0])
        .rfind(|e| e["MessageAttributes"]["SourceMessageId"]["StringValue"] == "long");
    let error = error.unwrap();
    assert_eq!(error["MessageAttributes"]["Status"]["StringValue"], "422");
    let body: Value = serde_json::from_str(error["MessageBody"].as_str().unwrap()).unwrap();
    assert_eq!((&body["status"], &body["request_id"]), (&json!(422), &json!("long")));
    let metrics = function.metrics();
    assert_eq!([&metrics["Replies"], &metrics["RepliesTooLong"], &metrics["MessagesAnswered"]], [3, 1, 3]);
}

#[test]
fn a_mebibyte_is_one_request_at_most() {
    let sqs = FakeSqs::start(|_, request| taken(request));
    let mut function = function(&sqs.url("answers"), &[("SMARTSERVE_MAX_ROWS", "100000")]);
    let rows = |n: usize| format!("CHAS,RM,TAX,LSTAT\n{}", "0,6.575,296,4.98\n".repeat(n));
    // Each some 600 kB of answer; the last over 1 MiB.
    let batch = [message("a", &rows(30_000)), message("b", &rows(30_000)), message("c", &rows(60_000)), good("d")];
    assert_eq!(function.invoke(&event(&batch)).json(), returned(&[]));
    assert_eq!(sent(&sqs), [&["a"][..], &["b", "c", "d"]]);
    let error = &sqs.requests()[1]["Entries"][1];
    assert_eq!(error["MessageAttributes"]["Status"]["StringValue"], "422");
    for request in sqs.requests() {
        let bodies = request["Entries"].as_array().unwrap().iter().map(|e| e["MessageBody"].as_str().unwrap().len());
        assert!(bodies.sum::<usize>() < 1 << 20);
    }
}

#[test]
fn an_ordered_group_is_sent_one_by_one() {
    // The second of group `a` is not taken.
    let sqs = FakeSqs::start(|_, request| {
        let failed = sources(request).iter().position(|source| *source == "2").map(|i| i.to_string());
        let failed = failed.as_deref().map(|id| (id, "AccessDenied", true));
        taken_but(request, failed.as_slice())
    });
    let mut function = function(&sqs.url("answers.fifo"), &[]);
    let in_group = |id, group| in_group(id, group, &row().to_string());
    let batch = [in_group("1", "a"), in_group("2", "a"), in_group("3", "b"), in_group("4", "a"), in_group("5", "b")];
    assert_eq!(function.invoke(&event(&batch)).json(), returned(&["2", "4"]));
    assert_eq!(sent(&sqs), [&["1"][..], &["2", "3"], &["5"]]);
    let entry = &sqs.requests()[1]["Entries"][1];
    assert_eq!((&entry["MessageGroupId"], &entry["MessageDeduplicationId"]), (&json!("b"), &json!("3")));
    // A message without a group has one of its own.
    function.invoke(&event(&[good("6")]));
    let entry = &sqs.requests()[3]["Entries"][0];
    assert_eq!((&entry["MessageGroupId"], &entry["MessageDeduplicationId"]), (&json!("6"), &json!("6")));
}

#[test]
fn sending_ends_with_the_invocations_time() {
    let (never, hold) = std::sync::mpsc::channel::<()>();
    let hold = std::sync::Mutex::new(hold);
    let sqs = FakeSqs::start(move |_, request| {
        let _ = hold.lock().unwrap().recv();
        taken(request)
    });
    let mut function = function(&sqs.url("answers"), &[]);
    let ended = function.invoke_text(&event(&[good("a")]).to_string(), Duration::from_secs(1));
    assert_eq!(ended.json(), returned(&["a"]));
    let log = function.log();
    let line = log.iter().find(|line| line["message_id"] == "a").unwrap();
    assert!(line["reason"].as_str().unwrap().starts_with("no answer of SQS within"), "{line}");
    drop(never);
}

#[test]
fn no_log_level_tells_an_answer_or_a_secret() {
    let sqs = FakeSqs::start(|_, request| taken(request));
    let mut function = function(&sqs.url("answers"), &[("SMARTSERVE_LOG_LEVEL", "trace")]);
    function.invoke(&event(&[good("a")]));
    let log: Vec<String> = function.log().iter().map(Value::to_string).collect();
    for secret in ["wJalrXUtnFEMI", "prediction", "6.575"] {
        assert!(!log.iter().any(|line| line.contains(secret)), "{secret}: {log:#?}");
    }
}

#[test]
fn another_endpoint_may_stand_for_the_urls() {
    let sqs = FakeSqs::start(|_, request| taken(request));
    let endpoint = sqs.url("x").replace("/123456789012/x", "");
    let url = "https://sqs.us-east-1.amazonaws.com/123456789012/answers";
    let mut function = function(url, &[("AWS_ENDPOINT_URL_SQS", &endpoint)]);
    assert_eq!(function.invoke(&event(&[good("a")])).json(), returned(&[]));
    assert_eq!(sqs.requests()[0]["QueueUrl"], url);
}

#[test]
fn what_names_no_queue_ends_the_start() {
    let model = model();
    let args = ["serve", "--model", &model];
    let url = "https://sqs.us-east-1.amazonaws.com/123456789012/answers";
    let key = [("AWS_ACCESS_KEY_ID", "AKID"), ("AWS_SECRET_ACCESS_KEY", "secret")];
    let mut cases = vec![(vec![("SMARTSERVE_REPLY_QUEUE_URL", url)], "AWS_ACCESS_KEY_ID is not set beside")];
    for wrong in ["answers", "https://sqs.us-east-1.amazonaws.com/", "ftp://sqs.us-east-1.amazonaws.com/1/answers"] {
        cases.push(([&key[..], &[("SMARTSERVE_REPLY_QUEUE_URL", wrong)]].concat(), "expected https://sqs.REGION"));
    }
    let other = "https://queue.example.com/1/answers";
    cases.push(([&key[..], &[("SMARTSERVE_REPLY_QUEUE_URL", other)]].concat(), "AWS_REGION is not set beside"));
    for (set, said) in cases {
        let ran = run_with(&[&variables("127.0.0.1:9")[..], &set].concat(), &args);
        assert_eq!(ran.code, Some(78), "{set:?}: {}", ran.err);
        assert!(ran.err.contains(said), "{set:?}: {}", ran.err);
    }
    let ran = run_with(&[("SMARTSERVE_REPLY_QUEUE_URL", url)], &args);
    assert_eq!(ran.code, Some(78));
    assert!(ran.err.contains("messages come by AWS Lambda alone"), "{}", ran.err);
}
