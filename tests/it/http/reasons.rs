//! Contributions in every dialect and protocol: the same numbers, that add up to the score.

use std::process::{Command, Stdio};

use serde_json::{Value, json};
use smartserve::config::Limits;
use smartserve::http::service::Service;

use crate::support::process::BINARY;
use crate::support::router::{Answer, artifacts, get, post, public, request, send};

const ROW: &str = r#"[{"RM":6.5,"TAX":300,"colour":"red"},{"RM":3.5,"TAX":null,"colour":"blue"}]"#;

async fn asked(router: &Service, target: &str, content_type: &str, accept: &str, body: &str) -> Answer {
    let mut request = request("POST", target, body.to_owned());
    request.headers_mut().insert("content-type", content_type.parse().unwrap());
    request.headers_mut().insert("accept", accept.parse().unwrap());
    send(router, request).await
}

fn number(value: &Value) -> f64 {
    value.as_f64().unwrap_or_else(|| panic!("{value} is no number"))
}

/// A row's baseline and contributions added up.
fn sum(baseline: &Value, contributions: &Value) -> f64 {
    number(baseline) + contributions.as_object().unwrap().values().map(number).sum::<f64>()
}

#[tokio::test]
async fn contributions_add_up_to_the_prediction() {
    let router = public(Limits::default());
    let answer = post(&router, "/predict?explain=true", ROW).await;
    assert_eq!(answer.status, 200, "{}", answer.text());
    let answer = answer.json();
    for row in 0..2 {
        let names: Vec<&String> = answer["contributions"][row].as_object().unwrap().keys().collect();
        assert_eq!(names, ["RM", "TAX", "colour"]);
        let (sum, prediction) = (sum(&answer["baseline"], &answer["contributions"][row]), &answer["prediction"][row]);
        assert!((sum - number(prediction)).abs() < 1e-9, "{answer}");
    }
    let plain = post(&router, "/predict", ROW).await.json();
    assert_eq!(plain["prediction"], answer["prediction"]);
    assert!(plain.get("contributions").is_none() && plain.get("baseline").is_none());
    let raw = post(&router, "/predict?raw=true&explain=true", ROW).await.json();
    assert_eq!(raw["contributions"], answer["contributions"]);
    assert_eq!(raw["raw"], answer["prediction"]);
}

#[tokio::test]
async fn every_dialect_and_protocol_gives_the_same_contributions() {
    let router = public(Limits::default());
    let expected = post(&router, "/predict?explain=true", ROW).await.json();
    let csv = "RM,TAX,colour\n6.5,300,red\n3.5,,blue\n";
    let table = asked(&router, "/predict?explain=true", "text/csv", "text/csv", csv).await;
    let mut records = csv::Reader::from_reader(table.text().as_bytes());
    let head: Vec<String> = records.headers().unwrap().iter().map(str::to_owned).collect();
    assert_eq!(head, ["prediction", "baseline", "contribution_RM", "contribution_TAX", "contribution_colour"]);
    for (row, record) in records.records().enumerate() {
        let cells: Vec<f64> = record.unwrap().iter().map(|cell| cell.parse().unwrap()).collect();
        let of_row = &expected["contributions"][row];
        let numbers =
            [&expected["prediction"][row], &expected["baseline"], &of_row["RM"], &of_row["TAX"], &of_row["colour"]];
        assert_eq!(cells, numbers.map(number));
    }
    let lines = ROW.trim_matches(['[', ']']).replace("},{", "}\n{") + "\n";
    let ndjson = asked(&router, "/predict?explain=true", "application/x-ndjson", "application/x-ndjson", &lines).await;
    for (row, line) in ndjson.text().lines().enumerate() {
        let line: Value = serde_json::from_str(line).unwrap();
        assert_eq!(
            (&line["baseline"], &line["contributions"]),
            (&expected["baseline"], &expected["contributions"][row])
        );
    }
    let instances = json!({ "instances": serde_json::from_str::<Value>(ROW).unwrap() });
    let v1 = post(&router, "/v1/models/houses:explain", instances.to_string()).await.json();
    assert_eq!(v1["predictions"], expected["prediction"]);
    for row in 0..2 {
        assert_eq!(v1["explanations"][row]["contributions"], expected["contributions"][row]);
        assert_eq!(v1["explanations"][row]["baseline"], expected["baseline"]);
    }
    let plain = post(&router, "/v1/models/houses:predict", instances.to_string()).await.json();
    assert!(plain.get("explanations").is_none());
    let asked = post(&router, "/v1/models/houses:predict?explain=true", instances.to_string()).await.json();
    assert_eq!(asked, v1);
    let mlflow = post(&router, "/invocations?explain=true&raw=true", instances.to_string()).await.json();
    for key in ["baseline", "contributions"] {
        assert_eq!(mlflow[key], expected[key], "{key}");
    }
    assert_eq!((&mlflow["predictions"], &mlflow["raw"]), (&expected["prediction"], &expected["prediction"]));
    let inputs = json!([
        { "name": "RM", "shape": [2], "datatype": "FP64", "data": [6.5, 3.5] },
        { "name": "TAX", "shape": [2], "datatype": "FP64", "data": [300, null] },
        { "name": "colour", "shape": [2], "datatype": "BYTES", "data": ["red", "blue"] },
    ]);
    let flat = |of_row: &Value| ["RM", "TAX", "colour"].map(|feature| number(&of_row[feature]));
    let expected_flat: Vec<f64> = (0..2).flat_map(|row| flat(&expected["contributions"][row])).collect();
    for (query, more) in [
        ("?explain=true", json!({})),
        ("", json!({ "parameters": { "explain": true } })),
        ("", json!({ "outputs": [{ "name": "predict" }, { "name": "baseline" }, { "name": "contributions" }] })),
    ] {
        let mut body = json!({ "inputs": inputs });
        body.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        let v2 = post(&router, &format!("/v2/models/houses/infer{query}"), body.to_string()).await;
        assert_eq!(v2.status, 200, "{}", v2.text());
        let v2 = v2.json();
        let names: Vec<&str> = v2["outputs"].as_array().unwrap().iter().map(|o| o["name"].as_str().unwrap()).collect();
        assert_eq!(names, ["predict", "baseline", "contributions"]);
        assert_eq!((&v2["outputs"][1]["shape"], &v2["outputs"][2]["shape"]), (&json!([2, 1]), &json!([2, 3])));
        let data: Vec<f64> = v2["outputs"][2]["data"].as_array().unwrap().iter().map(number).collect();
        assert_eq!(data, expected_flat);
    }
}

#[tokio::test]
async fn a_line_has_its_slope_and_two_classes_the_seconds_probability() {
    let router = public(Limits::default());
    let line = post(&router, "/models/line/predict?explain=true", r#"{"x":25}"#).await.json();
    // y = 3 x, and the mean of x is 15.
    assert!((number(&line["contributions"][0]["x"]) - 30.0).abs() < 1e-9, "{line}");
    assert!((number(&line["baseline"]) - 45.0).abs() < 1e-9, "{line}");
    let kinds = post(&router, "/models/kinds/predict?explain=true", r#"{"x":[30,3],"z":[1,2]}"#).await.json();
    for row in 0..2 {
        let of_second = number(&kinds["probability"][row]["yes"]);
        assert!((sum(&kinds["baseline"], &kinds["contributions"][row]) - of_second).abs() < 1e-9, "{kinds}");
    }
}

#[tokio::test]
async fn what_cannot_be_explained_is_told() {
    let router = public(Limits { body_budget: 64 << 10, max_body_bytes: 32 << 10, ..Limits::default() });
    let cells = (0..2_000).map(|i| (i % 30).to_string()).collect::<Vec<_>>().join(",");
    let body = format!("{{\"x\":[{cells}]}}");
    let answer = post(&router, "/models/line/predict?explain=true", body).await;
    assert_eq!(answer.status, 413, "{}", answer.text());
    let detail = answer.json()["detail"].as_str().unwrap().to_owned();
    let most: usize = detail.split(' ').find_map(|word| word.parse().ok().filter(|n| *n != 2_000)).unwrap();
    assert!(detail.starts_with("Contributions for 2000 rows do not fit the body budget: at most "), "{detail}");
    let few = format!("{{\"x\":[{}]}}", vec!["1"; most].join(","));
    assert_eq!(post(&router, "/models/line/predict?explain=true", few).await.status, 200, "{most} rows do");
    assert_eq!(post(&router, "/predict?explain=yes", ROW).await.status, 400);
    let body = r#"{"instances":[{"x":1}]}"#;
    assert_eq!(post(&router, "/v1/models/line:explain?explain=true", body).await.status, 200);
    let against = post(&router, "/v1/models/line:explain?explain=false", body).await;
    assert_eq!(against.status, 400, "{}", against.text());
    assert!(against.text().contains("send the request to :predict"), "{}", against.text());
    let unknown = post(&router, "/v1/models/houses:why", "{}").await;
    assert_eq!(unknown.status, 404);
    assert!(unknown.text().contains("there are predict and explain"), "{}", unknown.text());
}

#[tokio::test]
async fn the_document_offers_contributions() {
    let document = get(&public(Limits::default()), "/openapi.json").await.json();
    let parameters = document["paths"]["/predict"]["post"]["parameters"].to_string();
    assert!(parameters.contains("#/components/parameters/Explain"), "{parameters}");
    for path in ["/v1/models/houses:predict", "/v1/models/houses/versions/{version}:predict", "/invocations"] {
        let parameters = document["paths"][path]["post"]["parameters"].to_string();
        assert!(parameters.contains("#/components/parameters/Explain"), "{path}: {parameters}");
    }
    assert!(document["paths"]["/v1/models/houses:explain"]["post"].is_object());
    let answer = &document["components"]["schemas"]["houses.Answer"]["properties"];
    assert!(answer["contributions"]["items"].is_object() && answer["baseline"].is_object(), "{answer}");
}

#[test]
fn predict_writes_contributions_as_columns() {
    let folder = tempfile::tempdir().unwrap();
    let (model, rows) = (folder.path().join("houses.model"), folder.path().join("rows.csv"));
    std::fs::write(&model, &artifacts()[0].1).unwrap();
    std::fs::write(&rows, "baseline,RM,TAX,colour\nmine,6.5,300,red\n").unwrap();
    let mut command = Command::new(BINARY);
    command.arg("predict").arg("--model").arg(&model).arg("--input").arg(&rows).arg("--explain");
    let output = command.stdin(Stdio::null()).output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let text = String::from_utf8(output.stdout).unwrap();
    let mut lines = text.lines();
    let head = "baseline,RM,TAX,colour,prediction,baseline_,contribution_RM,contribution_TAX,contribution_colour";
    assert_eq!(lines.next().unwrap(), head);
    let cells: Vec<f64> = lines.next().unwrap().split(',').skip(4).map(|cell| cell.parse().unwrap()).collect();
    assert!((cells[0] - cells[1..].iter().sum::<f64>()).abs() < 1e-9, "{text}");
}
