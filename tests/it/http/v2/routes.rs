//! Routes, by request: outputs, versions, readiness, what is counted.

use std::sync::Arc;
use std::time::Instant;

use serde_json::{Value, json};
use smartserve::config::Limits;
use smartserve::http::app::Options;
use smartserve::http::router::router;
use smartserve::serve::lifecycle::Schedule;
use smartserve::serve::listener::Role;

use crate::support::router::{get, post, public, serving};

/// A request for `line` that asks for outputs in JSON and in binary.
const LINE: &str = r#"{"id":"a","inputs":[{"name":"x","shape":[1],"datatype":"FP64","data":[2]}]}"#;

#[tokio::test]
async fn each_output_comes_as_it_was_asked_for() {
    let router = public(Limits::default());
    let ask = async |outputs: &str, all: bool| {
        let body = format!(
            r#"{{"inputs":[{{"name":"m","shape":[1,2],"datatype":"FP64","data":[3,1]}}],"outputs":[{outputs}],"parameters":{{"binary_data_output":{all}}}}}"#
        );
        let answer = post(&router, "/v2/models/kinds/infer", body).await;
        assert_eq!(answer.status, 200, "{}", answer.text());
        let length = answer.header("inference-header-content-length").parse().ok();
        let json: Value = serde_json::from_slice(&answer.body[..length.unwrap_or(answer.body.len())]).unwrap();
        let sizes: Vec<(String, Option<u64>)> = json["outputs"]
            .as_array()
            .unwrap()
            .iter()
            .map(|o| {
                assert_ne!(o["data"].is_array(), o["parameters"].is_object());
                (o["name"].as_str().unwrap().to_owned(), o["parameters"]["binary_data_size"].as_u64())
            })
            .collect();
        let tail: u64 = sizes.iter().filter_map(|(_, size)| *size).sum();
        assert_eq!(answer.body.len() as u64, length.map_or(answer.body.len() as u64, |l: usize| l as u64 + tail));
        let kind = if length.is_some() { "application/octet-stream" } else { "application/json" };
        assert_eq!(answer.header("content-type"), kind);
        sizes
            .into_iter()
            .map(|(name, size)| format!("{name} {}", size.map_or(-1, u64::cast_signed)))
            .collect::<Vec<_>>()
            .join(", ")
    };
    assert_eq!(ask("", false).await, "predict -1, predict_proba -1");
    assert_eq!(ask("", true).await, "predict 10, predict_proba 16");
    assert_eq!(ask(r#"{"name":"predict_proba"}"#, true).await, "predict_proba 16");
    assert_eq!(
        ask(r#"{"name":"predict_proba","parameters":{"binary_data":true}},{"name":"predict"}"#, false).await,
        "predict_proba 16, predict -1"
    );
    assert_eq!(ask(r#"{"name":"predict","parameters":{"binary_data":false}}"#, true).await, "predict -1");
}

#[tokio::test]
async fn a_served_version_has_its_own_routes() {
    let server = serving(Limits::default());
    let version = server.registry.get("line").unwrap().model.version().to_owned();
    let router = router(server, Role::Main, Options::default());
    let base = format!("/v2/models/line/versions/{version}");
    assert_eq!(get(&router, &base).await.json(), get(&router, "/v2/models/line").await.json());
    assert_eq!(get(&router, &format!("{base}/ready")).await.json(), json!({"name": "line", "ready": true}));
    let answer = post(&router, &format!("{base}/infer"), LINE).await;
    assert_eq!(answer.text(), post(&router, "/v2/models/line/infer", LINE).await.text());
    assert_eq!(answer.json()["model_version"], version);
    assert!(answer.header("server-timing").starts_with("parse;dur="));
    assert_eq!(get(&router, "/v2/models/%ff/versions/1").await.status, 404);
}

#[tokio::test]
async fn draining_is_alive_and_not_ready() {
    let limits = Limits::default();
    let server = serving(limits.clone());
    let router = router(Arc::clone(&server), Role::Main, Options::default());
    server.lifecycle.drain(Schedule::new(Instant::now(), &limits, true));
    for (path, status) in
        [("/v2/health/live", 200), ("/v2/health/ready", 503), ("/v2/models/line/ready", 503), ("/v2", 200)]
    {
        assert_eq!(get(&router, path).await.status, status, "{path}");
    }
    assert_eq!(post(&router, "/v2/models/line/infer", LINE).await.status, 200);
}

#[tokio::test]
async fn answers_are_counted_by_route() {
    let server = serving(Limits::default());
    let router = router(Arc::clone(&server), Role::Main, Options::default());
    post(&router, "/v2/models/line/infer", LINE).await;
    post(&router, "/v2/models/nobody/infer", LINE).await;
    let metrics = server.metrics.render();
    for line in [
        r#"smartserve_http_requests_total{method="POST",route="/v2/models/{name}/infer",status="200"} 1"#,
        r#"smartserve_http_requests_total{method="POST",route="/v2/models/{name}/infer",status="404"} 1"#,
        r#"smartserve_prediction_rows_total{model="line"} 1"#,
    ] {
        assert!(metrics.contains(line), "{line}");
    }
}
