//! The label of a classifier with a threshold is the same by every door, and the document says when it is answered.

use std::sync::Arc;

use http::Request;
use serde_json::{Value, json};
use smartserve::config::{ExtraFeatures, Limits};
use smartserve::http::app::Options;
use smartserve::http::router::router;
use smartserve::http::service::Service;
use smartserve::model::Model;
use smartserve::model::algorithm::Algorithm;
use smartserve::serve::ServerState;
use smartserve::serve::listener::Role;
use smartserve::serve::registry::ServedModel;
use smartserve::table::TableFile;
use smartserve::train::{CalibrationMethod, ThresholdChoice, TrainSpec, train};

use crate::support::router::{get, post, send};

/// x from 0 to 39; above 10 more and more rows are a `yes`.
fn artifact() -> Vec<u8> {
    let label = |i: u32| if i % 40 > 10 + (i * 7) % 25 { "yes" } else { "no" };
    let csv: String = (0..200).map(|i| format!("{},{}\n", i % 40, label(i))).collect();
    let table = TableFile::from_bytes("t.csv", format!("x,kind\n{csv}").into_bytes());
    let mut spec = TrainSpec { folds: Some(4), test_size: 0.0, ..TrainSpec::new("m", "kind", Algorithm::Logistic) };
    (spec.threshold, spec.calibrate) = (Some(ThresholdChoice::Value(0.2)), Some(CalibrationMethod::Sigmoid));
    train(&spec, &table, &()).unwrap().artifact
}

fn served(artifact: &[u8]) -> Service {
    let snapshot = Arc::new(ServedModel::new("m", Model::load(artifact).unwrap(), true));
    let server = Arc::new(ServerState::new(vec![snapshot], Limits::default(), ExtraFeatures::Reject));
    router(server, Role::Main, Options::default())
}

#[tokio::test]
async fn every_door_answers_by_the_threshold() {
    let router = served(&artifact());
    let asked: Value = (0..40).map(|x| json!({ "x": x })).collect();
    let answer = post(&router, "/predict", asked.to_string()).await.json();
    let labels = answer["prediction"].as_array().unwrap();
    let p = |row: &Value| row["yes"].as_f64().unwrap();
    let of_yes: Vec<f64> = answer["probability"].as_array().unwrap().iter().map(p).collect();
    let expected: Vec<Value> = of_yes.iter().map(|p| json!(if *p > 0.2 { "yes" } else { "no" })).collect();
    assert_eq!(labels, &expected);
    assert!(of_yes.iter().any(|p| *p > 0.2 && *p < 0.5), "no row lies between: {of_yes:?}");
    let instances = json!({ "instances": asked }).to_string();
    let v1 = post(&router, "/v1/models/m:predict", instances).await.json();
    assert_eq!(v1["predictions"].as_array().unwrap(), labels);
    let csv: String = (0..40).map(|x| format!("{x}\n")).collect();
    let request = Request::post("/predict").header("host", "h").header("content-type", "text/csv");
    let request = request.header("accept", "text/csv").body(format!("x\n{csv}").into()).unwrap();
    let table = send(&router, request).await;
    let first: Vec<Value> = table.text().lines().skip(1).map(|line| json!(line.split(',').next().unwrap())).collect();
    assert_eq!(&first, labels);
    let data: Vec<f64> = (0..40).map(f64::from).collect();
    let input = json!([{ "name": "x", "shape": [40, 1], "datatype": "FP64", "data": data }]);
    let v2 = post(&router, "/v2/models/m/infer", json!({ "inputs": input }).to_string()).await.json();
    let output = v2["outputs"].as_array().unwrap().iter().find(|output| output["name"] == "predict").unwrap();
    assert_eq!(output["data"].as_array().unwrap(), labels);
}

#[tokio::test]
async fn the_document_and_the_details_tell_the_threshold() {
    let router = served(&artifact());
    let details = get(&router, "/models/m").await.json();
    assert_eq!((&details["threshold"], &details["calibrator"]), (&json!({ "above": 0.2 }), &json!("sigmoid")));
    let document = get(&router, "/openapi.json").await;
    assert!(document.text().contains("yes where its probability is above 0.2, else no."), "{}", document.text());
}
