//! `replay`: two models on the same rows.

use serde_json::Value;

use super::{columns, csv, fixture, json, run, write};

const NAMES: [&str; 5] = ["CHAS", "RM", "TAX", "LSTAT", "RAD"];

fn rows(directory: &std::path::Path) -> String {
    write(directory, "rows.csv", &csv(&NAMES, columns("boston.csv", &NAMES)))
}

/// What `predict` predicts, a row each.
fn predictions(model: &str, input: &str) -> Vec<f64> {
    let out = run(&["predict", "--model", model, "--input", input]).out;
    out.lines().skip(1).map(|line| line.rsplit(',').next().unwrap().parse().unwrap()).collect()
}

#[test]
fn the_same_model_differs_in_nothing() {
    let directory = tempfile::tempdir().unwrap();
    let (input, model) = (rows(directory.path()), fixture("boston-ridge"));
    let args = ["replay", "--model", &model, "--against", &model, "--input", &input, "--tolerance", "0"];
    let (code, report) = json(&args);
    assert_eq!((code, &report["difference"]["equal_rows"], &report["rows"]), (0, &506.into(), &506.into()));
    assert_eq!((&report["worst"], &report["schema_difference"]), (&Value::Array(Vec::new()), &Value::Null));
    let ran = run(&args);
    assert!(ran.out.contains("\ntolerance: 0 of 506 rows differ by more than 0\n"), "{}", ran.out);
}

#[test]
fn differences_are_those_of_the_predictions() {
    let directory = tempfile::tempdir().unwrap();
    let (input, new, old) = (rows(directory.path()), fixture("boston-lasso"), fixture("boston-ridge"));
    let args = ["replay", "--model", &new, "--against", &old, "--input", &input, "--by", "CHAS,RAD"];
    let (code, report) = json(&[&args[..], &["--tolerance", "1"]].concat());
    let differences: Vec<f64> =
        predictions(&new, &input).iter().zip(predictions(&old, &input)).map(|(new, old)| new - old).collect();
    let n = differences.len() as f64;
    let is = |value: &Value, expected: f64| assert!((value.as_f64().unwrap() - expected).abs() < 1e-9, "{report}");
    let all = &report["difference"];
    is(&all["mean_change"], differences.iter().sum::<f64>() / n);
    is(&all["mean"], differences.iter().map(|d| d.abs()).sum::<f64>() / n);
    let greatest = differences.iter().map(|d| d.abs()).fold(0.0, f64::max);
    is(&all["greatest"], greatest);
    let worst = &report["worst"].as_array().unwrap()[0];
    let at = differences.iter().position(|d| d.abs() >= greatest).unwrap();
    assert_eq!(worst["line"], at + 2);
    let beyond = differences.iter().filter(|d| d.abs() > 1.0).count();
    assert_eq!((report["rows_beyond"].as_u64().unwrap() as usize, code), (beyond, i32::from(beyond > 0)));
    // RAD has nine values: quartiles. CHAS has two.
    let groups = report["groups"].as_array().unwrap();
    let of = |column: &str| groups.iter().filter(|group| group["column"] == column).collect::<Vec<_>>();
    assert_eq!((of("CHAS").len(), of("CHAS")[1]["rows"].as_u64()), (2, Some(35)), "{report}");
    assert_eq!(of("RAD").iter().map(|group| group["rows"].as_u64().unwrap()).sum::<u64>(), 506);
    // Parquet has rows and no lines.
    let packed = directory.path().join("rows.parquet").display().to_string();
    assert_eq!(run(&["predict", "--model", &old, "--input", &input, "-o", &packed]).code, Some(0));
    let ran = run(&["replay", "--model", &new, "--against", &old, "--input", &packed, "--tolerance", "1"]);
    let worst = format!("rows differ by more than 1; the worst is on row {}", at + 1);
    assert!(ran.err.contains(&worst) && ran.out.contains("\nrow "), "{ran:?}");
    let ran = run(&[&args[..], &["--tolerance", "1e9"]].concat());
    assert_eq!((ran.code, ran.err.as_str()), (Some(0), ""));
    assert!(ran.out.contains("mean change") && !ran.out.contains("other label"), "{}", ran.out);
}

#[test]
fn classifiers_differ_by_probability_and_label() {
    let directory = tempfile::tempdir().unwrap();
    let names = ["sepal_length", "sepal_width", "petal_length", "petal_width"];
    let input = write(directory.path(), "iris.csv", &csv(&names, columns("iris.csv", &names)));
    let (new, old) = (fixture("iris-gaussian-nb"), fixture("iris-logistic"));
    let (code, report) = json(&["replay", "--model", &new, "--against", &old, "--input", &input]);
    assert_eq!(code, 0);
    let all = &report["difference"];
    let (greatest, others) = (all["greatest"].as_f64().unwrap(), all["other_labels"].as_u64().unwrap());
    assert!(greatest > 0.0 && greatest <= 1.0 && others > 0 && others < 20, "{report}");
    assert!(all["mean_change"].is_null());
    assert_eq!(report["new"]["class_ratios"].as_object().unwrap().len(), 3);
}

#[test]
fn another_schema_is_told_and_fails_unless_it_is_allowed() {
    let directory = tempfile::tempdir().unwrap();
    let table = columns("boston.csv", &["RM", "LSTAT", "RAD", "MEDV"]);
    let data = write(directory.path(), "data.csv", &csv(&["RM", "LSTAT", "RAD", "MEDV"], table));
    let model = directory.path().join("new.model").display().to_string();
    let train = ["train", "--data", &data, "--target", "MEDV", "--algorithm", "linear", "--folds", "0", "-o", &model];
    assert_eq!(run(&train).code, Some(0));
    let (input, old) = (rows(directory.path()), fixture("boston-ridge"));
    let args = ["replay", "--model", &model, "--against", &old, "--input", &input];
    let ran = run(&args);
    let difference = "no longer \"CHAS\", \"TAX\"; new \"RAD\"";
    assert_eq!(ran.code, Some(1));
    assert!(ran.err.contains(&format!("schemas differ ({difference}); --allow-schema-change")), "{}", ran.err);
    assert!(ran.out.contains(&format!("\nschema: {difference}\n")), "{}", ran.out);
    assert_eq!(run(&[&args[..], &["--allow-schema-change"]].concat()).code, Some(0));
}

#[test]
fn what_cannot_be_replayed_is_told() {
    let directory = tempfile::tempdir().unwrap();
    let (input, ridge, iris) = (rows(directory.path()), fixture("boston-ridge"), fixture("iris-logistic"));
    let ran = run(&["replay", "--model", &ridge, "--against", &iris, "--input", &input]);
    assert_eq!(ran.code, Some(65));
    assert!(ran.err.contains("predicts a number a row") && ran.err.contains("a class"), "{}", ran.err);
    let ran = run(&["replay", "--model", &ridge, "--against", &ridge, "--input", &input, "--by", "RADD"]);
    assert_eq!(ran.code, Some(65));
    assert!(ran.err.contains("no column is called \"RADD\" (--by); did you mean \"RAD\"?"), "{}", ran.err);
}
