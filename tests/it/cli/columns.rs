//! Columns as a person names them: commas, no name, slips; files that are no tables.

use std::path::Path;

use crate::support::process::{Server, run_with};
use smartserve::model::Model;

/// Trains a linear model on `table`; gives the exit code and what was said.
fn train(directory: &Path, table: &str, more: &[&str]) -> (i32, String) {
    let (data, model) = (directory.join("t.csv"), directory.join("m.model"));
    std::fs::write(&data, table).unwrap();
    let (data, model) = (data.to_str().unwrap(), model.to_str().unwrap());
    let args = ["train", "--data", data, "--target", "y", "--algorithm", "linear", "--folds", "0", "-o", model];
    let ran = run_with(&[], &[&args[..], more].concat());
    (ran.code.unwrap(), ran.err.replace(data, "t.csv"))
}

fn features(directory: &Path) -> Vec<String> {
    let model = Model::load(&std::fs::read(directory.join("m.model")).unwrap()).unwrap();
    model.schema().features().iter().map(|f| f.name.clone()).collect()
}

fn rows(head: &str, row: impl Fn(usize) -> String) -> String {
    (0..60).fold(format!("{head}\n"), |text, i| format!("{text}{}\n", row(i)))
}

#[test]
fn a_name_with_a_comma_is_quoted() {
    let directory = tempfile::tempdir().unwrap();
    let table = rows("\"Population, total\",gdp,area,y", |i| format!("{i},{},{},{}", i * 3 % 11, i % 7, i * 2));
    assert_eq!(train(directory.path(), &table, &["--drop", "\"Population, total\", area"]), (0, String::new()));
    assert_eq!(features(directory.path()), ["gdp"]);
    let (code, said) = train(directory.path(), &table, &["--drop", "Population, total"]);
    assert_eq!(code, 65);
    assert_eq!(
        said,
        "smartserve: t.csv: no column is called \"Population\" (--drop); did you mean \"Population, total\"? In a list a \
         name with a comma is quoted: --drop '\"Population, total\"'\n"
    );
    let (_, said) = train(directory.path(), &table, &["--drop", "gdp,,area"]);
    assert!(said.contains("a column without a name is called by its place, as #1"), "{said}");
}

#[test]
fn an_unnamed_column_is_dropped_ignored_or_passed_on() {
    let directory = tempfile::tempdir().unwrap();
    let table = rows(",x,y", |i| format!("{i},{},{}", i % 7, i % 7 + i % 5));
    let (code, said) = train(directory.path(), &table, &[]);
    assert_eq!(code, 65);
    assert_eq!(
        said,
        "smartserve: t.csv, column 1: it has no name in the header; leave it out (--drop '#1'), name it, or write the \
         file without it (pandas: index=False)\n"
    );
    assert_eq!(train(directory.path(), &table, &["--drop", "#1"]), (0, String::new()));
    assert_eq!(features(directory.path()), ["x"]);
    let model = directory.path().join("m.model").display().to_string();
    let (input, output) = (directory.path().join("in.csv"), directory.path().join("out.csv"));
    std::fs::write(&input, ",x\n0,3\n").unwrap();
    let ran = run_with(
        &[],
        &["predict", "--model", &model, "--input", input.to_str().unwrap(), "-o", output.to_str().unwrap()],
    );
    assert_eq!(ran.code, Some(0), "{}", ran.err);
    let scored = std::fs::read_to_string(&output).unwrap();
    assert!(scored.starts_with(",x,prediction\n0,3,"), "{scored}");
    for (extra, status) in [("ignore", 200), ("reject", 422)] {
        let server = Server::start(&["--model", &model, "--extra-features", extra]);
        let (got, answer) = server.ask_csv("/predict", ",x\n0,3\n");
        assert_eq!(got, status, "{answer}");
        assert_eq!(answer.contains("\\\"#1\\\""), status == 422, "{answer}");
    }
}

#[test]
fn a_slip_in_a_name_or_a_word_is_guessed() {
    let directory = tempfile::tempdir().unwrap();
    let table = rows("tenure,y", |i| format!("{i},{}", i * 2));
    let (_, said) = train(directory.path(), &table, &["--drop", "tenure_months"]);
    assert!(said.ends_with("no column is called \"tenure_months\" (--drop); did you mean \"tenure\"?\n"), "{said}");
    let ran = run_with(&[], &["train", "--data", "t", "--target", "y", "-o", "m", "--algorithm", "randomforest"]);
    assert_eq!(ran.code, Some(2));
    assert!(
        ran.err.starts_with("smartserve: --algorithm \"randomforest\": did you mean random-forest? expected one of ")
    );
    assert_eq!(ran.err.lines().count(), 1, "{}", ran.err);
}

#[test]
fn words_complete() {
    let ran = run_with(&[], &["completions", "bash"]);
    for words in ["linear ridge lasso", "rbf linear poly sigmoid", "sqrt third all", "error warn info debug trace"] {
        assert!(ran.out.contains(words), "{words}");
    }
}

#[test]
fn a_file_that_is_no_table_is_called_what_it_is() {
    let directory = tempfile::tempdir().unwrap();
    let model = crate::support::path("tests/fixtures/artifacts/boston-ridge.model").display().to_string();
    let input = directory.path().join("in.parquet");
    std::fs::write(&input, b"PK\x03\x04xl/workbook").unwrap();
    let input = input.to_str().unwrap();
    let ran = run_with(&[], &["predict", "--model", &model, "--input", input]);
    assert_eq!(ran.code, Some(65));
    assert!(ran.err.contains("in.parquet: this is no CSV but an Excel workbook"), "{}", ran.err);
    let ran = run_with(&[], &["train", "--data", input, "--target", "y", "-o", "/dev/null"]);
    assert_eq!(ran.code, Some(65));
    assert!(ran.err.contains("this is no CSV but an Excel workbook"), "{}", ran.err);
}

#[test]
fn a_category_of_the_file_is_known_whatever_the_seed() {
    let directory = tempfile::tempdir().unwrap();
    let table = rows("kitchen,area,y", |i| {
        let kitchen = if i == 40 { "Po" } else { ["Gd", "TA"][i % 2] };
        let area = if i == 20 { String::new() } else { (50 + i % 31).to_string() };
        format!("{kitchen},{area},{}", 1000 + i)
    });
    let (model, data) = (directory.path().join("m.model"), directory.path().join("t.csv"));
    std::fs::write(&data, table).unwrap();
    let [data, model] = [&data, &model].map(|path| path.to_str().unwrap());
    let mut learned = Vec::new();
    for seed in 1..=20 {
        let seed = seed.to_string();
        let args = ["train", "--data", data, "--target", "y", "--algorithm", "linear", "--folds", "0", "--seed", &seed];
        let trained = run_with(&[], &[&args[..], &["-o", model]].concat());
        assert_eq!(trained.code, Some(0), "{}", trained.err);
        learned.push(!trained.out.contains("no training row"));
        let ran = run_with(&[], &["predict", "--model", model, "--input", data]);
        assert_eq!((ran.code, ran.err.as_str(), ran.out.lines().count()), (Some(0), "", 61), "seed {seed}");
    }
    assert!(learned.contains(&true) && learned.contains(&false), "{learned:?}");
}
