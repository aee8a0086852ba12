//! Blanks around a category: another library counts them, so a text with some is another category, in every dialect.

use serde_json::{Value, json};

use super::writer::{Text, categories};
use crate::support::path;
use crate::support::process::{Server, run_with};

/// A model of categories by name: the second one of the list goes to the left, to 1; the others, and what is not listed, to
/// the right, to −2.
fn model(directory: &std::path::Path, names: &Value) -> String {
    let mut text = Text::of(vec![categories(&[2])]);
    text.infos[2] = "-1:0:1:2".to_owned();
    text.tail.push_str(&format!("\npandas_categorical:[{names}]\n"));
    let file = directory.join("model.txt");
    std::fs::write(&file, text.bytes()).unwrap();
    file.to_str().unwrap().to_owned()
}

/// What `c` is answered with, in each dialect and by `predict`, which all agree.
fn answer(server: &Server, model: &str, c: &str) -> f64 {
    let mut found = vec![
        server.predict(&json!({"c": c}))[0].clone(),
        server.predict(&json!({"c": [c], "a": [0]}))[0].clone(),
        server.predict(&json!({"columns": ["a", "c"], "data": [[0, c]]}))[0].clone(),
    ];
    let (_, answer) = server.ask("POST", "/v1/models/model:predict", &json!({"instances": [{"c": c}]}).to_string());
    found.push(answer["predictions"][0].clone());
    let bytes = json!({"inputs": [{"name": "c", "shape": [1], "datatype": "BYTES", "data": [c]}]});
    let (_, answer) = server.ask("POST", "/v2/models/model/infer", &bytes.to_string());
    found.push(answer["outputs"][0]["data"][0].clone());
    let (_, lines) = server.ask_as("application/x-ndjson", "/predict", &format!("{}\n", json!({"c": c})));
    found.push(serde_json::from_str::<Value>(&lines).unwrap()["prediction"].clone());
    // A quote makes the careful reader read it.
    for csv in [format!("a,b,c\n0,0,{c}\n"), format!("\"a\",c,b\n0,\"{c}\",0\n")] {
        let (_, answer) = server.ask_csv("/predict", &csv);
        found.push(serde_json::from_str::<Value>(&answer).unwrap()["prediction"][0].clone());
        let directory = tempfile::tempdir().unwrap();
        let rows = directory.path().join("rows.csv");
        std::fs::write(&rows, csv).unwrap();
        let ran = run_with(&[], &["predict", "--model", model, "--input", rows.to_str().unwrap()]);
        let last = ran.out.trim_end().rsplit(',').next().unwrap();
        found.push(serde_json::from_str(last).unwrap_or_else(|_| panic!("{}", ran.err)));
    }
    let found: Vec<f64> = found.iter().map(|value| value.as_f64().unwrap_or_else(|| panic!("{found:?}"))).collect();
    assert!(found.windows(2).all(|pair| pair[0] == pair[1]), "{c:?}: {found:?}");
    found[0]
}

#[test]
fn a_category_with_a_blank_is_another_one() {
    let directory = tempfile::tempdir().unwrap();
    let file = model(directory.path(), &json!(["zed", "Bern", "   "]));
    let server = Server::start(&["--model", &file]);
    for (c, expected) in [("Bern", 1.0), (" Bern", -2.0), ("Bern ", -2.0), ("\u{a0}Bern", -2.0), ("zed", -2.0)] {
        assert_eq!(answer(&server, &file, c), expected, "{c:?}");
    }
}

#[test]
fn a_category_is_reached_by_its_blanks_alone() {
    let directory = tempfile::tempdir().unwrap();
    for name in [" Bern", "Bern  ", "  ", " NA"] {
        let file = model(directory.path(), &json!([name.trim(), name, "zed"]));
        let artifact = directory.path().join("own.model");
        let artifact = artifact.to_str().unwrap();
        assert_eq!(run_with(&[], &["import", &file, "-o", artifact, "--name", "model"]).code, Some(0));
        for model in [&file, artifact] {
            let server = Server::start(&["--model", model]);
            assert_eq!(answer(&server, model, name), 1.0, "{name:?}");
            assert_eq!(answer(&server, model, "zed"), -2.0);
            let trimmed = server.predict(&json!({"c": name.trim()}));
            assert_eq!(trimmed[0], -2.0, "{name:?}");
        }
    }
}

#[test]
fn categories_that_are_numbers_are_read_as_numbers() {
    let directory = tempfile::tempdir().unwrap();
    let file = model(directory.path(), &json!([7, 8, 9]));
    let server = Server::start(&["--model", &file]);
    let (_, answer) = server.ask_csv("/predict", "a,b,c\n0,0, 8\n");
    assert!(answer.contains("[1.0]"), "{answer}");
}

#[test]
fn an_encoder_that_refuses_unknown_categories_refuses_one_with_a_blank() {
    let model = path("tests/fixtures/sklearn/one-hot-if-binary/model.zlib.joblib");
    let server = Server::start(&["--model", model.to_str().unwrap()]);
    let row = |color: &str| json!({"a": 1, "b": 1, "c": 1, "d": 1, "color": color, "both": "A"});
    assert_eq!(server.ask("POST", "/predict", &row("red").to_string()).0, 200);
    let (status, answer) = server.ask("POST", "/predict", &row("red ").to_string());
    let detail = &answer["errors"][0]["detail"];
    assert_eq!((status, detail), (422, &json!("color has no category \"red \"; did you mean \"red\"?")));
}

#[test]
fn a_column_whose_name_has_blanks_is_found_in_a_table() {
    let source = std::fs::read_to_string(super::super::cases::folder().join("xgb-names/model.json")).unwrap();
    let named = source.replacen("\"a b\"", "\" a b\"", 1).replacen("\"f8\"", "\"f8 \"", 1);
    assert_ne!(named, source);
    let directory = tempfile::tempdir().unwrap();
    let file = directory.path().join("model.json");
    std::fs::write(&file, named).unwrap();
    let file = file.to_str().unwrap();
    let server = Server::start(&["--model", file]);
    let expected = server.predict(&json!({" a b": 0.25, "f8 ": 0.5}));
    let rows = directory.path().join("rows.csv");
    // The second line ends as a file of Windows does.
    for csv in [" a b,f8 \r\n0.25,0.5\r\n", "\" a b\",\"f8 \"\n0.25,0.5\n"] {
        let (status, answer) = server.ask_csv("/predict", csv);
        assert_eq!((status, &serde_json::from_str::<Value>(&answer).unwrap()["prediction"]), (200, &expected), "{csv}");
        std::fs::write(&rows, csv).unwrap();
        let ran = run_with(&[], &["predict", "--model", file, "--input", rows.to_str().unwrap()]);
        assert_eq!(ran.code, Some(0), "{}", ran.err);
        let header = if csv.contains('"') { "\" a b\",\"f8 \",prediction\n" } else { " a b,f8 ,prediction\n" };
        assert!(ran.out.starts_with(header) || ran.out.starts_with(&header.replace('"', "")), "{}", ran.out);
    }
}
