//! The process as a function: its settings, its line of metrics, its reloads, its end.

use std::time::Duration;

use serde_json::json;
use smartserve::config::{ExtraFeatures, Limits};
use smartserve::serve::ServerState;
use smartserve::serve::lifecycle::{Signal, Signals};
use smartserve::serve::server::{ServerExit, run_without_listener};
use tokio::sync::watch;

use super::runtime_api::{Function, variables};
use super::{function, model, row};
use crate::support::path;
use crate::support::process::run_with;

#[test]
fn an_invocation_adds_one_line_of_metrics() {
    let mut function = function(&[]);
    function.invoke(&json!([row(), row()]));
    let log = function.log();
    assert!(!log.iter().any(|line| { line["message"].as_str().is_some_and(|text| text.starts_with("listening")) }));
    let request = log.iter().find(|line| line["route"] == "/predict").unwrap();
    assert_eq!((&request["request_id"], &request["status"]), (&json!(function.id()), &json!(200)));
    let line = log.last().unwrap();
    let of_cloud_watch = &line["_aws"]["CloudWatchMetrics"][0];
    assert_eq!(
        (&of_cloud_watch["Namespace"], &of_cloud_watch["Dimensions"]),
        (&json!("smartserve"), &json!([["FunctionName"]]))
    );
    // Every metric that is declared has a number.
    for metric in of_cloud_watch["Metrics"].as_array().unwrap() {
        assert!(line[metric["Name"].as_str().unwrap()].is_number(), "{metric}");
    }
    assert_eq!((&line["FunctionName"], &line["requestId"]), (&json!("houses"), &json!(function.id())));
    assert_eq!((&line["Rows"], &line["status"], &line["coldStart"]), (&json!(2), &json!(200), &json!(true)));
    function.invoke(&json!({"RM": 1}));
    let line = function.metrics();
    assert_eq!((&line["Rows"], &line["ClientErrors"], &line["coldStart"]), (&json!(0), &json!(1), &json!(false)));
}

#[test]
fn a_changed_file_is_looked_at_when_an_invocation_begins() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("a.model");
    std::fs::copy(model(), &file).unwrap();
    let spec = format!("houses={}", file.display());
    let mut function = Function::start(&["--model", &spec, "--reload-interval", "1ms", "--allow-schema-change"]);
    let before = function.invoke(&row()).json()["version"].clone();
    std::fs::copy(path("tests/fixtures/artifacts/boston-random-forest.model"), folder.path().join("new")).unwrap();
    std::fs::rename(folder.path().join("new"), &file).unwrap();
    let after = function.invoke(&row()).json()["version"].clone();
    assert_ne!(before, after);
    function.metrics();
    assert_eq!(function.metrics()["ModelReloads"], 1);
}

#[test]
fn without_words_it_serves_and_says_that_it_sends_no_spans() {
    let endpoint = ("OTEL_EXPORTER_OTLP_ENDPOINT", "http://127.0.0.1:4318");
    let mut function = Function::start_as(&[], &[("SMARTSERVE_MODEL", &model()), endpoint]);
    assert!(function.invoke(&row()).is_answered);
    let log = function.log();
    let warnings: Vec<&str> =
        log.iter().filter(|line| line["level"] == "WARN").filter_map(|line| line["message"].as_str()).collect();
    assert!(warnings.iter().any(|warning| warning.contains("spans are not exported on AWS Lambda")), "{log:?}");
}

#[cfg(all(target_os = "linux", target_env = "gnu"))]
#[test]
fn its_allocator_asks_for_huge_pages_unless_told() {
    use crate::support::process::environment_of;

    let settings = |set: &[(&str, &str)]| {
        let mut function = Function::start_as(&["serve"], &[&[("SMARTSERVE_MODEL", model().as_str())], set].concat());
        assert!(function.invoke(&row()).is_answered);
        environment_of(&function.child)
    };
    let own = settings(&[]);
    assert!(own.contains("glibc.malloc.mmap_threshold=") && own.contains("glibc.malloc.hugetlb=1"), "{own}");
    let told = settings(&[("GLIBC_TUNABLES", "glibc.malloc.hugetlb=0")]);
    assert!(told.contains("glibc.malloc.mmap_threshold=") && told.contains("glibc.malloc.hugetlb=0"), "{told}");
    assert!(!told.contains("glibc.malloc.hugetlb=1"), "{told}");
}

#[test]
fn a_signal_ends_an_idle_function() {
    let mut function = function(&[]);
    function.invoke(&row());
    function.signal("TERM");
    assert_eq!(function.child.wait().unwrap().code(), Some(0));
}

/// Drains beside an invocation that never ends by itself; `idle` says when there is none.
async fn drain(limits: Limits, idle: watch::Receiver<bool>) -> ServerExit {
    let server = ServerState::new(Vec::new(), limits, ExtraFeatures::Reject);
    let (sender, signals) = Signals::channel();
    sender.send(Signal::Terminate).await.unwrap();
    let work = std::future::pending::<()>();
    run_without_listener(&server, work, idle, signals).await.unwrap()
}

#[tokio::test]
async fn a_drain_waits_for_the_invocation() {
    let (idle, receiver) = watch::channel(false);
    let draining = tokio::spawn(drain(Limits::default(), receiver));
    tokio::task::yield_now().await;
    assert!(!draining.is_finished());
    idle.send_replace(true);
    assert_eq!(draining.await.unwrap(), ServerExit::Drained);
}

#[tokio::test]
async fn the_hard_stop_cuts_it() {
    let (_busy, receiver) = watch::channel(false);
    let limits = Limits { hard_stop: Duration::from_millis(1), ..Limits::default() };
    assert_eq!(drain(limits, receiver).await, ServerExit::Cut(1));
}

#[test]
fn variables_that_lambda_would_set_are_asked_for() {
    let model = model();
    let args = ["serve", "--model", &model];
    let mut set = variables("127.0.0.1:9").to_vec();
    set.remove(2);
    let ran = run_with(&set, &args);
    assert_eq!(ran.code, Some(78), "{}", ran.err);
    assert!(ran.err.contains("AWS_LAMBDA_FUNCTION_VERSION is not set beside AWS_LAMBDA_RUNTIME_API"), "{}", ran.err);
    let ran = run_with(&[("AWS_LAMBDA_RUNTIME_API", "")], &args);
    assert_eq!(ran.code, Some(78));
    assert!(ran.err.contains("AWS_LAMBDA_RUNTIME_API is empty"), "{}", ran.err);
}

#[test]
#[cfg(not(feature = "aws"))]
fn a_build_that_sends_no_replies_refuses_a_queue_for_them() {
    let queue = ("SMARTSERVE_REPLY_QUEUE_URL", "https://sqs.us-east-1.amazonaws.com/123456789012/answers");
    let ran = run_with(&[queue], &["serve", "--model", &model()]);
    assert_eq!(ran.code, Some(78));
    assert_eq!(
        ran.err,
        "smartserve: SMARTSERVE_REPLY_QUEUE_URL is set, but this build sends no answers to a queue; unset it, or build \
         with --features aws\n"
    );
}

#[test]
fn a_runtime_api_that_is_not_there_ends_it() {
    // A port that was free a moment ago.
    let address = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().to_string();
    let ran = run_with(&variables(&address), &["serve", "--model", &model()]);
    assert_eq!(ran.code, Some(1));
    assert!(ran.err.starts_with("smartserve: AWS Lambda's Runtime API: "), "{}", ran.err);
}
