//! Intervals and sets of classes: what the definition gives, by every door; and the sentence where there are none.

use std::sync::Arc;

use http::Request;
use serde_json::{Value, json};
use smartserve::config::{ExtraFeatures, Limits};
use smartserve::http::app::Options;
use smartserve::http::router::router;
use smartserve::http::service::Service;
use smartserve::model::Model;
use smartserve::model::algorithm::Algorithm;
use smartserve::model::artifact;
use smartserve::model::calibration::{Calibration, Scores};
use smartserve::serve::ServerState;
use smartserve::serve::listener::Role;
use smartserve::serve::registry::ServedModel;
use smartserve::table::TableFile;
use smartserve::train::{Report, TrainSpec, train};

use crate::support::router::{Answer, get, post, send};

/// 19 training rows: y is about 2·x.
fn numbers(algorithm: Algorithm, folds: u32) -> (Vec<u8>, Report) {
    let csv: String = (0..24).map(|i| format!("{i},{}\n", 2 * i + (i * 7) % 5)).collect();
    trained(&format!("x,y\n{csv}"), "y", algorithm, folds)
}

/// Three classes that overlap.
fn classes(algorithm: Algorithm) -> (Vec<u8>, Report) {
    let label = |i: u32| ["a", "b", "c"][(((i + (i * 7) % 31) / 25) as usize).min(2)];
    let csv: String = (0..60).map(|i| format!("{i},{}\n", label(i))).collect();
    trained(&format!("x,y\n{csv}"), "y", algorithm, 4)
}

fn trained(csv: &str, target: &str, algorithm: Algorithm, folds: u32) -> (Vec<u8>, Report) {
    let table = TableFile::from_bytes("t.csv", csv.as_bytes().to_vec());
    let spec = TrainSpec { folds: Some(folds), test_size: 0.2, ..TrainSpec::new("m", target, algorithm) };
    let trained = train(&spec, &table, &()).unwrap();
    (trained.artifact, trained.report)
}

fn served(artifact: &[u8]) -> Service {
    let snapshot = Arc::new(ServedModel::new("m", Model::load(artifact).unwrap(), true));
    let server = Arc::new(ServerState::new(vec![snapshot], Limits::default(), ExtraFeatures::Reject));
    router(server, Role::Main, Options::default())
}

/// The scores that an artifact keeps.
fn kept(artifact: &[u8]) -> Scores {
    let opened = artifact::open(artifact).unwrap();
    Calibration::decode(opened.section("calibration").unwrap()).unwrap().scores
}

/// The ⌈(n + 1) · level⌉-th of scores, with a level of so many twentieths.
fn quantile(mut scores: Vec<f64>, twentieths: usize) -> f64 {
    scores.sort_by(f64::total_cmp);
    scores[((scores.len() + 1) * twentieths).div_ceil(20) - 1]
}

async fn ask(router: &Service, path: &str, body: Value) -> Value {
    let reply = post(router, path, body.to_string()).await;
    assert_eq!(reply.status, 200, "{}", reply.text());
    reply.json()
}

/// Posts a body of a type, and asks for another.
async fn asked_as(router: &Service, path: &str, [sent, wanted]: [&str; 2], body: &str) -> Answer {
    let request = Request::post(path).header("host", "h").header("content-type", sent).header("accept", wanted);
    send(router, request.body(body.to_owned().into()).unwrap()).await
}

#[tokio::test]
async fn an_interval_is_the_prediction_and_the_rank_of_the_level_among_residuals() {
    let (artifact, _) = numbers(Algorithm::Ridge, 5);
    let Scores::Residuals { residual, difficulty } = kept(&artifact) else { panic!("no residuals") };
    assert!(residual.len() == 19 && difficulty.is_empty(), "{residual:?}");
    let router = served(&artifact);
    for (level, twentieths) in [(0.05, 1), (0.5, 10), (0.8, 16), (0.9, 18), (0.95, 19)] {
        let q = quantile(residual.iter().map(|r| r.abs()).collect(), twentieths);
        let answer = ask(&router, &format!("/predict?interval={level}"), json!({ "x": [3, 40] })).await;
        let predicted: Vec<f64> = serde_json::from_value(answer["prediction"].clone()).unwrap();
        let expected: Vec<Value> = predicted.iter().map(|value| json!([value - q, value + q])).collect();
        assert_eq!(answer["interval"], Value::Array(expected), "level {level}");
    }
    // 19 rows: the 20th residual would be needed.
    let reply = post(&router, "/predict?interval=0.96", json!({ "x": [3] }).to_string()).await;
    let sentence = "This model has intervals up to the level 0.95: its scores are of 19 rows; 0.96 needs more";
    assert_eq!((reply.status.as_u16(), reply.json()["detail"].as_str()), (422, Some(sentence)));
    // The least number above 0.95, which the document excludes.
    let above = f64::from_bits(0.95f64.to_bits() + 1);
    let reply = post(&router, &format!("/predict?interval={above}"), json!({ "x": [3] }).to_string()).await;
    assert_eq!(reply.status, 422, "{above}: {}", reply.text());
}

#[tokio::test]
async fn trees_that_disagree_make_an_interval_wide() {
    let (artifact, _) = numbers(Algorithm::RandomForest, 5);
    let Scores::Residuals { residual, difficulty } = kept(&artifact) else { panic!("no residuals") };
    let model = Model::load(&artifact).unwrap();
    let mean = difficulty.iter().sum::<f64>() / 19.0;
    let q = quantile(residual.iter().zip(&difficulty).map(|(r, d)| r.abs() / (d + mean)).collect(), 18);
    let answer = ask(&served(&artifact), "/predict?interval=0.9", json!({ "x": [3, 11, 40] })).await;
    let cells = vec![3.0, 11.0, 40.0];
    let batch = smartserve::model::batch::Batch::from_rows(model.schema(), cells).unwrap();
    let spread = model.spread(&batch).unwrap();
    let predicted: Vec<f64> = serde_json::from_value(answer["prediction"].clone()).unwrap();
    let width = |d: &f64| q * (d + mean);
    let expected: Vec<Value> =
        predicted.iter().zip(&spread).map(|(value, d)| json!([value - width(d), value + width(d)])).collect();
    assert_eq!(answer["interval"], Value::Array(expected));
    assert!(spread[0] != spread[1], "{spread:?}");
}

#[tokio::test]
async fn a_set_has_the_classes_of_enough_probability_and_the_most_probable_one() {
    let (artifact, _) = classes(Algorithm::Logistic);
    let Scores::Probabilities { observed, probability } = kept(&artifact) else { panic!("no classes") };
    let scores: Vec<f64> = probability.chunks(3).zip(&observed).map(|(p, class)| 1.0 - p[*class as usize]).collect();
    let router = served(&artifact);
    let rows: Vec<u32> = (0..60).collect();
    let (mut sizes, mut empty) = (Vec::new(), 0);
    for (level, twentieths) in [(0.05, 1), (0.9, 18)] {
        let q = quantile(scores.clone(), twentieths);
        let answer = ask(&router, &format!("/predict?interval={level}"), json!({ "x": rows })).await;
        for ((set, p), class) in answer["set"]
            .as_array()
            .unwrap()
            .iter()
            .zip(answer["probability"].as_array().unwrap())
            .zip(answer["prediction"].as_array().unwrap())
        {
            let is_in = |name: &&str| 1.0 - p[*name].as_f64().unwrap() <= q;
            let mut expected: Vec<Value> =
                ["a", "b", "c"].iter().filter(|name| is_in(name)).map(|n| json!(n)).collect();
            if expected.is_empty() {
                empty += 1;
                expected.push(class.clone());
            }
            assert_eq!(set, &Value::Array(expected), "level {level}, {p}");
            sizes.push(set.as_array().unwrap().len());
        }
    }
    assert!(sizes.contains(&1) && sizes.iter().any(|n| *n > 1) && empty > 0, "{sizes:?}, {empty}");
}

#[tokio::test]
async fn every_door_gives_the_same_intervals() {
    let (artifact, _) = numbers(Algorithm::Ridge, 5);
    let router = served(&artifact);
    let expected = ask(&router, "/predict?interval=0.9", json!({ "x": [3, 40] })).await["interval"].clone();
    let lines = asked_as(&router, "/predict?interval=0.9", ["text/csv"; 2], "x\n3\n40\n").await.text().to_owned();
    assert_eq!(lines.lines().next(), Some("prediction,lower,upper"));
    let bounds = |line: &str| line.split(',').skip(1).map(|n| json!(n.parse::<f64>().unwrap())).collect::<Value>();
    assert_eq!(lines.lines().skip(1).map(bounds).collect::<Value>(), expected);
    let kinds = ["application/x-ndjson"; 2];
    let lines = asked_as(&router, "/predict?interval=0.9", kinds, "{\"x\":3}\n{\"x\":40}\n").await.text().to_owned();
    let interval = |line: &str| serde_json::from_str::<Value>(line).unwrap()["interval"].clone();
    assert_eq!(lines.lines().map(interval).collect::<Value>(), expected);
    let input = json!([{ "name": "x", "shape": [2], "datatype": "FP64", "data": [3, 40] }]);
    for body in [
        json!({ "inputs": input, "parameters": { "interval": 0.9 } }),
        json!({ "inputs": input, "outputs": [{ "name": "predict" }, { "name": "interval" }] }),
    ] {
        let answer = ask(&router, "/v2/models/m/infer", body).await;
        let output = &answer["outputs"][1];
        assert_eq!((&output["name"], &output["shape"]), (&json!("interval"), &json!([2, 2])));
        let flat: Value = expected.as_array().unwrap().iter().flat_map(|b| b.as_array().unwrap().clone()).collect();
        assert_eq!(output["data"], flat);
    }
    for path in ["/v1/models/m:predict?interval=0.9", "/v1/models/m:explain?interval=0.9", "/invocations?interval=0.9"]
    {
        let answer = ask(&router, path, json!({ "instances": [{ "x": 3 }, { "x": 40 }] })).await;
        assert_eq!(answer["interval"], expected, "{path}");
    }
}

#[tokio::test]
async fn sets_of_classes_come_by_every_door() {
    let (artifact, _) = classes(Algorithm::RandomForest);
    let router = served(&artifact);
    let rows = json!({ "x": [0, 20, 59] });
    let expected = ask(&router, "/predict?interval=0.9", rows).await["set"].clone();
    let labels =
        |set: &Value| set.as_array().unwrap().iter().map(|l| l.as_str().unwrap()).collect::<Vec<_>>().join("|");
    let lines = asked_as(&router, "/predict?interval=0.9", ["text/csv"; 2], "x\n0\n20\n59\n").await.text().to_owned();
    assert!(lines.starts_with("prediction,probability_a,probability_b,probability_c,set\n"), "{lines}");
    let sets: Vec<&str> = lines.lines().skip(1).map(|line| line.rsplit(',').next().unwrap()).collect();
    assert_eq!(sets, expected.as_array().unwrap().iter().map(labels).collect::<Vec<_>>());
    let input = json!([{ "name": "x", "shape": [3], "datatype": "FP64", "data": [0, 20, 59] }]);
    let answer =
        ask(&router, "/v2/models/m/infer", json!({ "inputs": input, "parameters": { "interval": 0.9 } })).await;
    let output = &answer["outputs"][2];
    assert_eq!(
        (&output["name"], &output["datatype"], &output["shape"]),
        (&json!("set"), &json!("BOOL"), &json!([3, 3]))
    );
    let is_in = |set: &Value| ["a", "b", "c"].map(|name| json!(set.as_array().unwrap().contains(&json!(name))));
    assert_eq!(output["data"], expected.as_array().unwrap().iter().flat_map(is_in).collect::<Value>());
}

#[tokio::test]
async fn a_model_without_scores_says_so_and_the_document_offers_none() {
    let router = served(&numbers(Algorithm::Ridge, 0).0);
    let reply = post(&router, "/predict?interval=0.9", json!({ "x": [3] }).to_string()).await;
    let sentence = "This model has no intervals: its file has no out-of-fold scores; train it with --folds, or import it with \
                    --data and --target";
    assert_eq!((reply.status.as_u16(), reply.json()["detail"].as_str()), (422, Some(sentence)));
    let document = get(&router, "/openapi.json").await.json();
    let in_body = |document: &Value| {
        let infer = &document["components"]["schemas"]["m.Infer"]["properties"];
        infer["parameters"]["properties"]["interval"].clone()
    };
    assert_eq!(in_body(&document), json!({ "type": ["number", "null"], "format": "double", "enum": [null] }));
    let parameters = document["paths"]["/predict"]["post"]["parameters"].as_array().unwrap();
    let offers =
        |parameters: &[Value]| parameters.iter().any(|p| p["name"] == "interval" && p["schema"]["maximum"] == 0.95);
    assert!(!offers(parameters), "{parameters:?}");
    let document = get(&served(&numbers(Algorithm::Ridge, 5).0), "/openapi.json").await.json();
    assert_eq!(in_body(&document), json!({ "type": ["number", "null"], "format": "double", "maximum": 0.95 }));
    for path in ["/predict", "/invocations", "/v1/models/m:predict", "/v1/models/m:explain", "/v2/models/m/infer"] {
        assert!(offers(document["paths"][path]["post"]["parameters"].as_array().unwrap()), "{path}");
    }
}

#[tokio::test]
async fn a_report_tells_coverage_and_width_on_test_rows() {
    let (artifact, report) = numbers(Algorithm::Ridge, 5);
    let Scores::Residuals { residual, .. } = kept(&artifact) else { panic!("no residuals") };
    let q = quantile(residual.iter().map(|r| r.abs()).collect(), 18);
    let of_level = &report.intervals[1];
    assert_eq!((of_level.level, of_level.n, of_level.mean_set_size), (0.9, 5, None));
    assert!((of_level.mean_width.unwrap() - 2.0 * q).abs() < 1e-9 * q, "{of_level:?}");
    assert!(report.to_string().contains("intervals of 5 test rows: 80 % held "), "{report}");
    let (artifact, report) = classes(Algorithm::GaussianNb);
    assert!(report.intervals.iter().all(|c| c.mean_set_size.unwrap() >= 1.0), "{:?}", report.intervals);
    assert!(report.to_string().contains("sets of 12 test rows: 80 % held "), "{report}");
    // The file keeps them, and a server tells them.
    let about = get(&served(&artifact), "/models/m").await.json();
    assert_eq!(about["intervals"], serde_json::to_value(&report.intervals).unwrap());
}
