//! Categories that are numbers in their library: any spelling of the number names them, in every body and table.

use serde_json::{Value, json};

use crate::support::path;
use crate::support::process::Server;

/// A server of `tests/fixtures/sklearn/NAME`.
fn server(name: &str) -> Server {
    Server::start(&["--model", path(&format!("tests/fixtures/sklearn/{name}/model.zlib.joblib")).to_str().unwrap()])
}

/// What is predicted for `dose`, as JSON, as a field of CSV and as an element of `FP64` where it is a number.
fn predicted(server: &Server, dose: &str, active: &str) -> Vec<Value> {
    let (status, of_json) = server.ask("POST", "/predict", &format!(r#"{{"dose":{dose},"active":{active}}}"#));
    assert_eq!(status, 200, "{dose}: {of_json}");
    let (status, of_csv) = server.ask_csv("/predict", &format!("dose,active\n{dose},{active}\n"));
    assert_eq!(status, 200, "{dose}: {of_csv}");
    let of_csv: Value = serde_json::from_str(&of_csv).unwrap();
    let tensor = |name: &str, cell: &str| {
        let cell: Value = serde_json::from_str(cell).unwrap();
        let datatype = if cell.is_boolean() { "BOOL" } else { "FP64" };
        json!({"name": name, "shape": [1], "datatype": datatype, "data": [cell]})
    };
    let body = json!({"inputs": [tensor("dose", dose), tensor("active", active)]});
    let (status, of_tensor) = server.ask("POST", "/v2/models/model/infer", &body.to_string());
    assert_eq!(status, 200, "{dose}: {of_tensor}");
    vec![of_json["prediction"][0].clone(), of_csv["prediction"][0].clone(), of_tensor["outputs"][0]["data"][0].clone()]
}

#[test]
fn any_spelling_of_a_number_names_the_category_that_is_that_number() {
    let spellings = [
        &["1e-7", "1E-07", "1.0e-07", "0.0000001", "0.00000010"][..],
        &["123456789.25", "1.2345678925e8", "1234567892.5e-1"],
        &["3", "3.0", "3.00", "3e0", "30e-1"],
        &["0", "0.0", "-0.0", "0e5"],
        &["-2.5e-9", "-0.0000000025", "-25e-10"],
    ];
    for name in ["ordinal-numbers", "one-hot-numbers", "lightgbm-numbers", "hist-numbers"] {
        let server = server(name);
        let mut seen = Vec::new();
        for spellings in spellings {
            let first = predicted(&server, spellings[0], "true")[0].clone();
            for spelling in spellings {
                assert_eq!(predicted(&server, spelling, "true"), vec![first.clone(); 3], "{name}: {spelling}");
            }
            seen.push(first);
        }
        // A model may answer two categories alike, as LightGBM's few leaves do, but not all of them.
        seen.dedup();
        assert!(seen.len() > 2, "{name}: {seen:?}");
    }
}

#[test]
fn large_numbers_are_compared_as_numbers_and_long_integers_by_their_digits() {
    let server = server("ordinal-numbers");
    for spellings in [["1e16", "1e+16", "10000000000000000.0"], ["1e22", "1.0E22", "10000000000000000000000"]] {
        let first = predicted(&server, spellings[0], "false");
        for spelling in spellings {
            assert_eq!(predicted(&server, spelling, "false"), first, "{spelling}");
        }
    }
    let (status, answer) = server.ask("POST", "/predict", r#"{"dose":10000000000000001,"active":false}"#);
    assert_eq!(status, 422, "{answer}");
}

#[test]
fn booleans_that_are_categories_are_1_and_0_and_words() {
    for name in ["one-hot-numbers", "hist-numbers", "lightgbm-numbers"] {
        let server = server(name);
        let of = |active: &str| {
            let (status, csv) = server.ask_csv("/predict", &format!("dose,active\n3,{active}\n"));
            assert_eq!(status, 200, "{name}, {active}: {csv}");
            serde_json::from_str::<Value>(&csv).unwrap()["prediction"][0].clone()
        };
        let of_json = ["true", "1", "1.0"].map(|active| predicted(&server, "3", active)[0].clone());
        let words = ["True", "true", "TRUE", "1", "1.0"].map(of);
        assert!(words.iter().chain(&of_json).all(|answer| *answer == words[0]), "{name}: {words:?} {of_json:?}");
        let not = ["False", "false", "FALSE", "0", "0.0"].map(of);
        assert!(not.iter().all(|answer| *answer == not[0]), "{name}: {not:?}");
        assert_ne!(words[0], not[0], "{name}");
    }
}
