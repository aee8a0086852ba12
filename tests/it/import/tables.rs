//! Tables as pandas and people write them, for models of other libraries.

use std::path::Path;

use serde_json::{Value, json};

use super::cases::folder;
use crate::support::path;
use crate::support::process::{Server, run_with};

fn model() -> String {
    folder().join("xgb-sqerr/model.ubj").display().to_string()
}

fn written(directory: &Path, name: &str, text: &str) -> String {
    let file = directory.join(name);
    std::fs::write(&file, text).unwrap();
    file.display().to_string()
}

#[test]
fn booleans_of_pandas_are_1_and_0_where_another_librarys_model_takes_numbers() {
    let directory = tempfile::tempdir().unwrap();
    let numbers = "f0,f1,f2\n1,0,0.5\n0,1,1\n1,0,\n";
    let words = "f0,f1,f2\nTrue,False,0.5\nfalse,true,TRUE\n True ,FALSE,\n";
    let predicted = |csv: &str| {
        let input = written(directory.path(), "rows.csv", csv);
        let ran = run_with(&[], &["predict", "--model", &model(), "--input", &input]);
        assert_eq!(ran.code, Some(0), "{}", ran.err);
        let last = |line: &str| line.rsplit(',').next().unwrap().to_owned();
        ran.out.lines().skip(1).map(last).collect::<Vec<String>>()
    };
    let expected = predicted(numbers);
    assert_eq!(predicted(words), expected);
    let server = Server::start(&["--model", &model()]);
    let of =
        |csv: &str| serde_json::from_str::<Value>(&server.ask_csv("/predict", csv).1).unwrap()["prediction"].clone();
    assert!(of(numbers).is_array());
    assert_eq!(of(words), of(numbers));
    let rows: Vec<String> = words
        .lines()
        .zip(std::iter::once(&"y".to_owned()).chain(&expected))
        .map(|(l, y)| format!("{l},{y}\n"))
        .collect();
    let input = written(directory.path(), "rows.csv", &rows.concat());
    let ran = run_with(&[], &["verify", &model(), "--input", &input, "--expect", "y"]);
    assert_eq!(ran.code, Some(0), "{}{}", ran.out, ran.err);
    // A column of booleans is one of categories where `train` reads it; a number is one there.
    let own = path("tests/fixtures/artifacts/boston-ridge.model");
    let input = written(directory.path(), "own.csv", "CHAS,RM,TAX,LSTAT\n1,True,296,5\n");
    let ran = run_with(&[], &["predict", "--model", own.to_str().unwrap(), "--input", &input]);
    assert!(ran.code == Some(65) && ran.err.contains("RM must be a number, not \"True\""), "{}", ran.err);
}

#[test]
fn infinite_cells_are_read_as_pandas_writes_them_where_any_number_is_taken() {
    let server = Server::start(&["--model", &model()]);
    let predicted = |csv: &str| {
        let (status, answer) = server.ask_csv("/predict", csv);
        assert_eq!(status, 200, "{answer}");
        serde_json::from_str::<Value>(&answer).unwrap()["prediction"].clone()
    };
    assert_eq!(predicted("f0,f1\ninf,1\n-inf,1\n"), predicted("f0,f1\n1e999,1\n-1e999,1\n"));
    let linear = path("tests/fixtures/sklearn/lasso/model.zlib.joblib");
    let server = Server::start(&["--model", linear.to_str().unwrap()]);
    let (status, problem) = server.ask_csv("/predict", "f0,f1,f2,f3,f4\ninf,1,1,1,1\n");
    assert!(status == 422 && problem.contains("f0 must be a number, not \\\"inf\\\""), "{problem}");
}

#[test]
fn a_column_that_is_nearly_a_features_is_told() {
    let directory = tempfile::tempdir().unwrap();
    let input = written(directory.path(), "rows.csv", "F0,f1,f2\n1,2,3\n");
    let ran = run_with(&[], &["predict", "--model", &model(), "--input", &input]);
    assert!(ran.err.contains("missing in every row; if \"F0\" is meant, rename it \"f0\""), "{}", ran.err);
    let needed = path("tests/fixtures/sklearn/one-hot-if-binary/model.zlib.joblib");
    let input = written(directory.path(), "rows.csv", "a,b,c,d,Color,both\n1,1,1,1,red,A\n");
    let ran = run_with(&[], &["predict", "--model", needed.to_str().unwrap(), "--input", &input]);
    assert!(ran.err.contains("no column \"color\"") && ran.err.contains("if \"Color\" is meant, rename it \"color\""));
}

#[test]
fn data_with_many_problems_are_read_up_to_a_line_that_is_told() {
    let directory = tempfile::tempdir().unwrap();
    let header = "f0,f1,f2,f3,f4,f5,f6,f7\n";
    let imported = |n: usize| {
        let input = written(directory.path(), "rows.csv", &(header.to_owned() + &"x,0,0,0,0,0,0,0\n".repeat(n)));
        let output = directory.path().join("m.model");
        let ran = run_with(&[], &["import", &model(), "--data", &input, "-o", output.to_str().unwrap()]);
        assert_eq!(ran.code, Some(65));
        ran.err
    };
    assert_eq!(imported(3).lines().count(), 3);
    let told = imported(500);
    assert_eq!(told.lines().count(), 21, "{told}");
    assert!(
        told.lines().last().unwrap().ends_with("20 problems up to line 21; what is behind it was not read"),
        "{told}"
    );
}

#[test]
fn ranges_of_data_are_not_said_to_be_those_of_training() {
    let directory = tempfile::tempdir().unwrap();
    let rows: String = (0..40).map(|i| format!("{i},0,0,0,0,0,0,0\n")).collect();
    let input = written(directory.path(), "rows.csv", &format!("f0,f1,f2,f3,f4,f5,f6,f7\n{rows}"));
    let output = directory.path().join("m.model");
    let output = output.to_str().unwrap();
    let ran = run_with(&[], &["import", &model(), "--data", &input, "-o", output]);
    assert!(ran.code == Some(0) && ran.out.contains("figures: none; --target gives them"), "{}{}", ran.out, ran.err);
    let shown = run_with(&[], &["inspect", output]).out;
    assert!(shown.contains("its data had") && !shown.contains("training saw"), "{shown}");
    let server = Server::start(&["--model", output]);
    let (_, problem) = server.ask("POST", "/predict", &json!({"f0": "x"}).to_string());
    assert_eq!(problem["errors"][0]["detail"], "f0 must be a number, not \"x\"; its data had 0 to 39");
    let (_, document) = server.ask("GET", "/openapi.json", "");
    let feature = &document["components"]["schemas"]["model.Record"]["properties"]["f0"];
    assert!(feature["description"].as_str().unwrap().contains("Its data had 0 to 39"), "{feature}");
    assert_eq!((&feature["minimum"], &feature["maximum"]), (&Value::Null, &Value::Null), "any number is taken");
}

#[test]
fn several_outputs_have_no_figures_and_that_is_said() {
    let directory = tempfile::tempdir().unwrap();
    let case = path("tests/fixtures/sklearn/linear-two");
    let source = case.join("model.zlib.joblib").display().to_string();
    let (rows, output) = (case.join("rows.csv").display().to_string(), directory.path().join("m.model"));
    let args = ["import", &source, "--data", &rows, "-o", output.to_str().unwrap()];
    let why = "figures and calibration are of one target column, and a row of the model has 2 outputs";
    let ran = run_with(&[], &args);
    assert!(ran.code == Some(0) && ran.out.contains(&format!("figures: none; {why}\n")), "{}{}", ran.out, ran.err);
    let ran = run_with(&[], &[&args[..], &["--target", "f0"]].concat());
    assert_eq!((ran.code, ran.err), (Some(2), format!("smartserve: --target f0: {why}; leave it out\n")));
}

#[test]
fn a_column_of_a_lightgbm_model_goes_by_its_name_with_blanks() {
    let model = folder().join("mlflow/lgb-sklearn/model.skops").display().to_string();
    let rows = std::fs::read_to_string(folder().join("mlflow/rows.csv")).unwrap();
    let (header, cells) = rows.split_once('\n').unwrap();
    assert!(header.contains(' '), "{header}");
    let directory = tempfile::tempdir().unwrap();
    let predicted = |header: &str| {
        let input = written(directory.path(), "rows.csv", &format!("{header}\n{cells}"));
        run_with(&[], &["predict", "--model", &model, "--input", &input])
    };
    let (with_blanks, as_written) = (predicted(header), predicted(&header.replace(' ', "_")));
    assert_eq!(with_blanks.code, Some(0), "{}", with_blanks.err);
    assert!(!with_blanks.err.contains("missing"), "{}", with_blanks.err);
    let answers = |out: &str| out.split_once('\n').unwrap().1.to_owned();
    assert_eq!(answers(&with_blanks.out), answers(&as_written.out));
    let server = Server::start(&["--model", &model, "--extra-features", "ignore"]);
    let record: Vec<&str> = cells.lines().next().unwrap().split(',').collect();
    let body = |header: &str| {
        let cells = record.iter().map(|cell| cell.parse::<f64>().map_or(Value::Null, Value::from));
        Value::Object(header.split(',').map(str::to_owned).zip(cells).collect())
    };
    assert_eq!(server.predict(&body(header)), server.predict(&body(&header.replace(' ', "_"))));
    // Both names at once are one feature twice.
    let name = header.split(',').find(|name| name.contains(' ')).unwrap();
    let twice = predicted(&header.replacen(name, &format!("{name},{}", name.replace(' ', "_")), 1));
    assert!(twice.code == Some(65) && twice.err.contains("are the same feature of the model"), "{}", twice.err);
}
