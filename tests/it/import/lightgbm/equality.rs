//! Answers equal `LightGBM`'s own, bit for bit: models that it wrote, with rows and the answers that it gave.

use std::fs;
use std::path::Path;

use serde_json::Value;
use smartserve::import::{Answers, ImportOptions};

use super::{answers, bits, model, model_with};
use crate::support::path;

/// Cells of a file of rows; an empty one is missing.
fn rows(file: &Path) -> Vec<f64> {
    let text = fs::read_to_string(file).unwrap();
    let cell = |field: &str| if field.is_empty() { f64::NAN } else { field.parse().unwrap() };
    text.lines().skip(1).flat_map(|line| line.split(',').map(cell)).collect()
}

/// Numbers of a list, or of a list of lists.
fn numbers(value: &Value) -> Vec<f64> {
    let of = |item: &Value| match item {
        Value::Array(_) => numbers(item),
        _ => vec![item.as_f64().unwrap()],
    };
    value.as_array().unwrap().iter().flat_map(of).collect()
}

/// Compares a model's raw scores and answers with those that the library gave.
fn assert_equal(text: &Path, expected: &Path, rows_file: &Path) -> usize {
    let text = fs::read(text).unwrap();
    let cells = rows(rows_file);
    let expected: Value = serde_json::from_slice(&fs::read(expected).unwrap()).unwrap();
    let (raw, predict) = (numbers(&expected["raw"]), numbers(&expected["predict"]));
    let library = ImportOptions { answers: Answers::Library, ..ImportOptions::default() };
    let mut n_rows = 0;
    for model in [model(&text), model_with(&text, &library)] {
        let (got_raw, got) = answers(&model, cells.clone());
        assert_eq!(bits(&got_raw), bits(&raw), "raw scores");
        assert_eq!(bits(&got), bits(&predict), "answers");
        n_rows = cells.len() / model.schema().n_features();
    }
    n_rows
}

#[test]
fn answers_equal_lightgbms() {
    let folder = path("../shared/cases/import");
    let mut names: Vec<String> = fs::read_dir(&folder)
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .filter(|name| name.starts_with("lgb-"))
        .collect();
    names.sort();
    assert_eq!(names.len(), 12, "{names:?}");
    for name in names {
        let file = |file: &str| folder.join(&name).join(file);
        let n = assert_equal(&file("model.txt"), &file("expected.json"), &file("rows.csv"));
        assert_eq!(n, 500, "{name}");
    }
}

#[test]
fn answers_equal_those_of_lightgbm_4_1() {
    let folder = path("../shared/cases/import/lightgbm-4.1.0");
    for name in ["l2", "binary", "multi", "linear"] {
        let expected = folder.join(format!("{name}.expected.json"));
        let n = assert_equal(&folder.join(format!("{name}.txt")), &expected, &folder.join("rows.csv"));
        assert_eq!(n, 200, "{name}");
    }
}
