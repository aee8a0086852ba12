//! Models of other libraries through the program: `import`, and a source wherever a command takes an artifact.

use std::path::Path;
use std::process::{Command, Output};

use serde_json::{Value, json};

use super::cases::{Case, assert_same_bits, folder};
use crate::support::process::{BINARY, Server};

fn run(args: &[&str]) -> Output {
    Command::new(BINARY).args(args).output().unwrap()
}

fn text(path: &Path) -> &str {
    path.to_str().unwrap()
}

/// Standard output, where the program ends well.
fn said(args: &[&str]) -> String {
    let output = run(args);
    assert!(output.status.success(), "{args:?}: {}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).unwrap()
}

/// The exit code, and the one line that says why.
fn refused(args: &[&str]) -> (i32, String) {
    let output = run(args);
    let why = String::from_utf8(output.stderr).unwrap();
    assert_eq!(why.trim_end().lines().count(), 1, "{why}");
    (output.status.code().unwrap(), why)
}

/// A column of what `predict` prints.
fn column(csv: &str, name: &str) -> Vec<f64> {
    let mut reader = csv::Reader::from_reader(csv.as_bytes());
    let at = reader.headers().unwrap().iter().position(|head| head == name).unwrap();
    reader.records().map(|record| record.unwrap()[at].parse().unwrap()).collect()
}

#[test]
fn a_source_and_the_artifact_made_of_it_predict_the_librarys_bits() {
    let directory = tempfile::tempdir().unwrap();
    for (name, column_name) in
        [("xgb-sqerr", "prediction"), ("xgb-logistic", "probability_1"), ("xgb-names", "prediction")]
    {
        let case = Case::all(name, &["ubj"]).remove(0);
        let (source, artifact) = (&case.files[0], directory.path().join("m.model"));
        let report = said(&["import", text(source), "-o", text(&artifact), "--name", "imported"]);
        assert!(report.contains("model imported, version ") && report.contains("xgboost"), "{report}");
        for model in [source, &artifact] {
            let csv = said(&["predict", "--model", text(model), "--input", text(&case.rows), "--raw"]);
            assert_same_bits(name, &case.numbers("margin"), &column(&csv, "raw"));
            assert_same_bits(name, &case.numbers("predict"), &column(&csv, column_name));
        }
        assert!(said(&["verify", text(&artifact)]).contains("golden rows answered as written"));
        // Both sides of nearly every split are asked: those that no row can take are left.
        let line = report.lines().find(|line| line.starts_with("checked: ")).unwrap();
        let counts: Vec<f64> = line.split(' ').filter_map(|word| word.parse().ok()).collect();
        assert!(counts[0] > 0.95 * counts[1] && counts[1] > 100.0, "{line}");
        assert!(said(&["inspect", text(source)]).contains("xgboost 3.2.0, ubjson"));
    }
}

#[test]
fn a_sources_version_is_that_of_the_artifact_that_import_writes() {
    let directory = tempfile::tempdir().unwrap();
    let source = folder().join("xgb-softprob/model.json");
    let artifact = directory.path().join("m.model");
    for flags in [&[][..], &["--answer", "library"]] {
        said(&[&["import", text(&source), "-o", text(&artifact)], flags].concat());
        let of = |args: &[&str]| -> Value { serde_json::from_str(&said(args)).unwrap() };
        let version = of(&["inspect", "--json", text(&artifact)])["version"].clone();
        assert_eq!(of(&[&["inspect", "--json", text(&source)], flags].concat())["version"], version);
    }
}

#[test]
fn choices_beside_an_artifact_and_files_that_are_no_model_are_refused() {
    let directory = tempfile::tempdir().unwrap();
    let artifact = directory.path().join("m.model");
    let source = folder().join("xgb-sqerr/model.ubj");
    said(&["import", text(&source), "-o", text(&artifact)]);
    let (code, why) = refused(&["inspect", text(&artifact), "--answer", "library"]);
    assert_eq!(code, 2, "{why}");
    assert!(why.contains("--answer"), "{why}");
    let (code, why) = refused(&["import", text(&artifact), "-o", text(&directory.path().join("n.model"))]);
    assert!(code == 65 && why.contains("artifact of smartserve already"), "{why}");
    let (code, why) = refused(&["import", text(&folder().join("README.md")), "-o", "x.model"]);
    assert_eq!(code, 65, "{why}");
    let (code, why) = refused(&["import", "nowhere.json", "-o", "x.model"]);
    assert_eq!(code, 66, "{why}");
}

#[test]
fn a_choice_for_a_name_that_no_model_has_is_refused() {
    let logistic = folder().join("xgb-logistic/model.ubj");
    for choice in ["--zero-as-missing=model", "--answer=modle=library", "--iterations=model=best"] {
        for command in ["serve", "openapi"] {
            let (code, why) = refused(&[command, "--model", text(&logistic), choice]);
            assert!(code == 78 && why.contains("which no --model gives that name"), "{command} {choice}: {why}");
        }
    }
}

#[test]
fn a_source_is_served_with_several_outputs_missing_cells_and_raw_names() {
    let softprob = folder().join("xgb-softprob/model.json");
    let logistic = folder().join("xgb-logistic/model.ubj");
    let server = Server::start(&[
        "--model",
        &format!("soft={}", text(&softprob)),
        "--model",
        &format!("yes={}", text(&logistic)),
        "--answer",
        "soft=library",
    ]);
    let case = Case::all("xgb-softprob", &["json"]).remove(0);
    let expected = case.numbers("predict");
    let row = json!([null, null, null, null, null, null, null, null]);
    let names: Vec<String> = (0..8).map(|i| format!("f{i}")).collect();
    let body = json!({"columns": names, "data": [row, [0, 0, 0, 0, 0, 0, 0, 0]]});
    let answer = server.predict(&body);
    let got: Vec<f64> = answer
        .as_array()
        .unwrap()
        .iter()
        .flat_map(|row| row.as_array().unwrap())
        .map(|v| v.as_f64().unwrap())
        .collect();
    assert_same_bits("served", &expected[..8], &got);
    let (status, answer) = server.ask("POST", "/models/soft/predict?interval=0.9", &body.to_string());
    let why = "This model has no intervals: it has 4 outputs, and they are made of one output alone";
    assert_eq!((status, &answer["detail"]), (422, &json!(why)));
    let (status, answer) = server.ask("POST", "/models/yes/predict", &body.to_string());
    assert_eq!(status, 200, "{answer}");
    let logistic = Case::all("xgb-logistic", &["json"]).remove(0).numbers("predict");
    assert_eq!(answer["probability"][0]["1"].as_f64().unwrap().to_bits(), logistic[0].to_bits());
    let (status, about) = server.ask("GET", "/models/yes", "");
    assert_eq!((status, &about["algorithm"]), (200, &json!("xgboost")));
    let (status, metrics) = server.ask("GET", "/metrics", "");
    assert_eq!(status, 200);
    assert!(metrics.as_str().unwrap().contains("algorithm=\"xgboost\""));
    assert_eq!(server.ask("GET", "/openapi.json", "").0, 200);
    assert_eq!(server.ask("GET", "/", "").0, 200);
}

#[test]
fn a_directory_serves_what_its_files_content_tells_to_be_models() {
    let directory = tempfile::tempdir().unwrap();
    let put = |from: &str, name: &str| std::fs::copy(folder().join(from), directory.path().join(name)).unwrap();
    put("xgb-sqerr/model.ubj", "price.bst");
    put("xgb-logistic/model.json", "churn.json");
    put("lgb-l2/model.txt", "light.bst");
    std::fs::write(directory.path().join("config.json"), "{\"a\":1}").unwrap();
    std::fs::write(directory.path().join("notes.txt"), "tall stories").unwrap();
    let answers = ["--answer", "churn=library", "--answer", "chrun=library"];
    let server = Server::start(&[&["--models", text(directory.path())], &answers[..]].concat());
    let warnings: Vec<&str> = server.head_of_log.lines().filter(|line| line.contains("--answer")).collect();
    assert!(warnings.len() == 1 && warnings[0].contains("chrun"), "a choice for no model is told: {warnings:?}");
    let (status, models) = server.ask("GET", "/models", "");
    let names: Vec<&str> = models["models"].as_array().unwrap().iter().map(|m| m["name"].as_str().unwrap()).collect();
    assert_eq!((status, names), (200, vec!["churn", "light", "price"]));
    let (_, churn) = server.ask("GET", "/models/churn", "");
    assert_eq!(churn["task"], "regression", "what the library predicts is a number");
}

#[test]
fn raw_scores_come_beside_the_answer_where_they_are_asked_for() {
    let of = |name: &str| folder().join(name).join("model.ubj");
    let (soft, yes) = (of("xgb-softprob"), of("xgb-logistic"));
    let models = [format!("soft={}", text(&soft)), format!("yes={}", text(&yes))];
    let server = Server::start(&["--model", &models[0], "--model", &models[1]]);
    let margins = |name: &str| Case::all(name, &["ubj"]).remove(0).numbers("margin");
    let names: Vec<String> = (0..8).map(|i| format!("f{i}")).collect();
    let body =
        json!({"columns": names, "data": [[null, null, null, null, null, null, null, null], [0, 0, 0, 0, 0, 0, 0, 0]]});
    let numbers =
        |value: &Value| -> Vec<f64> { value.as_array().unwrap().iter().map(|v| v.as_f64().unwrap()).collect() };
    let (status, answer) = server.ask("POST", "/models/yes/predict?raw=true", &body.to_string());
    assert_eq!(status, 200, "{answer}");
    assert_same_bits("raw", &margins("xgb-logistic")[..2], &numbers(&answer["raw"]));
    let (_, answer) = server.ask("POST", "/models/soft/predict?raw=true", &body.to_string());
    assert_same_bits("raw", &margins("xgb-softprob")[4..8], &numbers(&answer["raw"][1]));
    let (_, answer) = server.ask("POST", "/models/soft/predict?raw=false", &body.to_string());
    assert!(answer["raw"].is_null());
    // The Open Inference Protocol: a parameter, or an output.
    let zeros = json!([{"name": "input-0", "shape": [1, 8], "datatype": "FP64", "data": [0, 0, 0, 0, 0, 0, 0, 0]}]);
    for asked in
        [json!({"inputs": zeros, "parameters": {"raw": true}}), json!({"inputs": zeros, "outputs": [{"name": "raw"}]})]
    {
        let (status, answer) = server.ask("POST", "/v2/models/soft/infer", &asked.to_string());
        assert_eq!(status, 200, "{answer}");
        let raw = answer["outputs"].as_array().unwrap().iter().find(|o| o["name"] == "raw").unwrap();
        assert_eq!(raw["shape"], json!([1, 4]));
        assert_same_bits("v2", &margins("xgb-softprob")[4..8], &numbers(&raw["data"]));
    }
    let (_, plain) = server.ask("POST", "/v2/models/soft/infer", &json!({"inputs": zeros}).to_string());
    assert!(plain["outputs"].as_array().unwrap().iter().all(|o| o["name"] != "raw"));
    let instances = json!({"instances": [[0, 0, 0, 0, 0, 0, 0, 0]]});
    let (status, answer) = server.ask("POST", "/v1/models/soft:predict?raw=true", &instances.to_string());
    assert_eq!(status, 200, "{answer}");
    assert_same_bits("v1", &margins("xgb-softprob")[4..8], &numbers(&answer["raw"][0]));
    assert_eq!(server.ask("POST", "/predict?raw=maybe", &body.to_string()).0, 400);
}

#[test]
fn a_classifier_without_probabilities_has_no_columns_for_them() {
    let case = Case::all("xgb-hinge", &["ubj"]).remove(0);
    let csv = said(&["predict", "--model", text(&case.files[0]), "--input", text(&case.rows)]);
    assert!(csv.starts_with("f0,f1,f2,f3,f4,f5,f6,f7,prediction\n"), "{}", csv.lines().next().unwrap());
    assert_same_bits("predicted", &case.numbers("predict"), &column(&csv, "prediction"));
    let server = Server::start(&["--model", text(&case.files[0])]);
    let (status, answer) = server.ask_csv("/predict", "f0,f1,f2,f3,f4,f5,f6,f7\n0,0,0,0,0,0,0,0\n");
    assert_eq!(status, 200, "{answer}");
    assert!(answer.contains("prediction") && !answer.contains("probability"), "{answer}");
}
