//! `audit`: errors, calibration and the flip test.

use std::path::Path;

use serde_json::Value;

use super::{columns, csv, fixture, json, run, write};

const NAMES: [&str; 5] = ["CHAS", "RM", "B", "LSTAT", "MEDV"];

/// A linear model with two sensitive features, and the rows that it was not fitted on.
fn model(directory: &Path) -> (String, String) {
    let all = columns("boston.csv", &NAMES);
    let (fit, rest): (Vec<_>, Vec<_>) = all.into_iter().enumerate().partition(|(row, _)| row % 3 > 0);
    let only = |rows: Vec<(usize, Vec<String>)>| csv(&NAMES, rows.into_iter().map(|(_, row)| row));
    let data = write(directory, "fit.csv", &only(fit));
    let model = directory.join("m.model").display().to_string();
    let train = ["train", "--data", &data, "--target", "MEDV", "--algorithm", "linear", "--folds", "0"];
    let more = ["--test-size", "0", "--sensitive", "CHAS,B", "--numeric", "CHAS", "-o", &model];
    let ran = run(&[&train[..], &more].concat());
    assert_eq!(ran.code, Some(0), "{ran:?}");
    (model, write(directory, "rest.csv", &only(rest)))
}

fn number(value: &Value) -> f64 {
    value.as_f64().unwrap_or_else(|| panic!("{value} is not a number"))
}

#[test]
fn errors_are_those_of_the_predictions_and_flips_are_the_slopes() {
    let directory = tempfile::tempdir().unwrap();
    let (model, rest) = model(directory.path());
    let (code, report) = json(&["audit", "--model", &model, "--input", &rest, "--target", "MEDV"]);
    assert_eq!(code, 0);
    let scored = run(&["predict", "--model", &model, "--input", &rest]).out;
    let rows: Vec<Vec<f64>> =
        scored.lines().skip(1).map(|line| line.split(',').map(|cell| cell.parse().unwrap()).collect()).collect();
    let by_river: Vec<&Vec<f64>> = rows.iter().filter(|row| row[0] > 0.5).collect();
    let mean =
        |rows: &[&Vec<f64>], of: &dyn Fn(&[f64]) -> f64| rows.iter().map(|r| of(r)).sum::<f64>() / rows.len() as f64;
    let groups = report["groups"].as_array().unwrap();
    let group = groups.iter().find(|group| group["column"] == "CHAS" && group["group"] == "1").unwrap();
    assert_eq!(group["rows"], by_river.len());
    assert!((number(&group["mean_error"]) - mean(&by_river, &|r| r[5] - r[4])).abs() < 1e-9, "{group}");
    assert!((number(&group["figures"]["mae"]) - mean(&by_river, &|r| (r[5] - r[4]).abs())).abs() < 1e-9, "{group}");
    assert!((number(&group["mean_observed"]) - mean(&by_river, &|r| r[4])).abs() < 1e-9, "{group}");
    assert!(groups.iter().filter(|group| group["column"] == "B").count() >= 3, "{report}");
    let header = run(&["inspect", "--json", &model]).out;
    let header: Value = serde_json::from_str(&header).unwrap();
    let terms = header["coefficients"][0]["coefficients"].as_array().unwrap();
    let slope = number(&terms.iter().find(|term| term["feature"] == "CHAS").unwrap()["value"]);
    let flips = report["flips"].as_array().unwrap();
    let of = |value: &str| flips.iter().find(|f| f["feature"] == "CHAS" && f["value"] == value).unwrap();
    let effect = number(&of("1")["mean_prediction"]) - number(&of("0")["mean_prediction"]);
    assert!((effect - slope).abs() < 1e-9, "{effect}, {slope}");
    let text = run(&["audit", "--model", &model, "--input", &rest, "--target", "MEDV"]).out;
    assert!(text.contains("mean observed") && text.contains("\nwith the feature changed to this value"), "{text}");
}

#[test]
fn classifiers_are_calibrated_by_class() {
    let directory = tempfile::tempdir().unwrap();
    let names = ["sepal_length", "sepal_width", "petal_length", "petal_width", "species"];
    let input = write(directory.path(), "iris.csv", &csv(&names, columns("iris.csv", &names)));
    let model = fixture("iris-logistic");
    let args = ["audit", "--model", &model, "--input", &input, "--target", "species", "--by", "petal_width"];
    let (code, report) = json(&args);
    assert_eq!(code, 0);
    let all = report["all"]["classes"].as_array().unwrap();
    let shares: f64 = all.iter().map(|class| number(&class["probability"])).sum();
    assert!(all.iter().all(|class| (number(&class["observed"]) - 1.0 / 3.0).abs() < 1e-9), "{report}");
    assert!((shares - 1.0).abs() < 1e-9 && report["groups"].as_array().unwrap().len() == 4, "{report}");
    let text = run(&args).out;
    assert!(text.contains("mean probability") && !text.contains("with the feature changed"), "{text}");
}

#[test]
fn without_groups_there_is_the_row_of_all() {
    let directory = tempfile::tempdir().unwrap();
    let input = write(directory.path(), "rows.csv", "CHAS,RM,TAX,LSTAT,MEDV\n0,6.5,300,5,20\n");
    let model = fixture("boston-ridge");
    let args = ["audit", "--model", &model, "--input", &input, "--target", "MEDV"];
    let ran = run(&args);
    assert_eq!(ran.code, Some(0), "{ran:?}");
    assert!(ran.out.lines().nth(3).unwrap().trim_start().starts_with("all "), "{}", ran.out);
    assert!(
        ran.out.ends_with(
            "\nno feature is marked sensitive (train --sensitive), and --by names no column: there are no groups\n"
        ),
        "{}",
        ran.out
    );
    let (_, report) = json(&args);
    assert_eq!((&report["all"]["rows"], &report["groups"]), (&1.into(), &Value::Array(Vec::new())));
    let ran = run(&["audit", "--model", &model, "--input", &input, "--target", "MEDB", "--by", "CHAS"]);
    assert_eq!(ran.code, Some(65));
    assert!(ran.err.contains("no column is called \"MEDB\" (--target); did you mean \"MEDV\"?"), "{}", ran.err);
}
