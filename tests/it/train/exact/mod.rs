//! Every algorithm, from a table to answers: trained, saved, loaded in a new process, and equal bit for bit to what
//! smartcore says in memory of the same encoded rows: 10,000 rows of two data sets each, the edges of f64 that a request
//! may hold, thresholds and their neighbours; and any small table.

mod reference;

use std::fmt::Write;
use std::path::Path;
use std::process::Command;

use crate::support::estimator::SmartcorePrediction;
use crate::support::exact::{Data, as_matrix, breast_cancer_data, some_probes};
use proptest::prelude::*;
use proptest::test_runner::{Config, TestRunner};
use reference::{GAMMA, TREES, Trained, batch};
use smartserve::model::algorithm::Algorithm;
use smartserve::model::batch::Batch;
use smartserve::model::compiled::Scratch;
use smartserve::model::prediction::Prediction;
use smartserve::table::{Head, RowReader, TableFile};
use smartserve::train::{TrainSpec, train};

/// The largest number that a request may hold.
const MOST: f64 = 1e150;

/// A text whose last column is the target; what the data set is called.
type Set = (&'static str, String);

/// Those that smartcore fits, or that are fitted as it would.
fn smartcores() -> impl Iterator<Item = Algorithm> {
    Algorithm::ALL.into_iter().filter(|algorithm| !algorithm.takes_raw_cells())
}

fn file(name: &'static str) -> Set {
    (name, std::fs::read_to_string(format!("{}/data/{name}.csv", env!("CARGO_MANIFEST_DIR"))).unwrap())
}

fn breast_cancer() -> Set {
    let (data, classes) = breast_cancer_data();
    let names: Vec<String> = (0..data.columns).map(|c| format!("x{c}")).collect();
    let mut text = format!("{},diagnosis\n", names.join(","));
    for (row, class) in data.cells().chunks(data.columns).zip(classes) {
        writeln!(text, "{},{}", joined(row), ["malignant", "benign"][class as usize]).unwrap();
    }
    ("breast-cancer", text)
}

fn joined(cells: &[f64]) -> String {
    cells.iter().map(|cell| format!("{cell:e}")).collect::<Vec<_>>().join(",")
}

fn features(csv: &str) -> (Vec<&str>, &str) {
    let mut names: Vec<&str> = csv.lines().next().unwrap().split(',').collect();
    let target = names.pop().unwrap();
    (names, target)
}

/// 10,000 rows around those of the table, the table's, edges; with thresholds and their neighbours for trees.
fn probes(csv: &str, trained: &Trained<'_>) -> String {
    let (names, _) = features(csv);
    let known = batch(&trained.model, csv);
    let data = Data { columns: names.len(), x: as_matrix(known.values(), names.len()), y: Vec::new() };
    let mut text = format!("{}\n", names.join(","));
    for row in some_probes(&data, 10_000).chunks(names.len()) {
        let row: Vec<f64> = row.iter().map(|cell| cell.clamp(-MOST, MOST)).collect();
        writeln!(text, "{}", joined(&row)).unwrap();
    }
    for (i, (feature, threshold)) in trained.splits().into_iter().take(2_000).enumerate() {
        for value in [threshold, threshold.next_up(), threshold.next_down()] {
            let mut row = known.row(i % known.n_rows()).to_vec();
            row[feature] = value;
            writeln!(text, "{}", joined(&row)).unwrap();
        }
    }
    text
}

/// True when the target is a text.
fn has_classes(csv: &str) -> bool {
    csv.lines().nth(1).unwrap().rsplit(',').next().unwrap().parse::<f64>().is_err()
}

fn run(arguments: &[&str]) {
    let out = Command::new(env!("CARGO_BIN_EXE_smartserve")).args(arguments).output().unwrap();
    assert!(out.status.success(), "{arguments:?}: {}", String::from_utf8_lossy(&out.stderr));
}

/// Trains in one process, predicts in another, and asks smartcore in this one.
fn check(algorithm: Algorithm, (name, csv): &Set, directory: &Path) {
    let path = |file: &str| directory.join(format!("{name}-{algorithm}{file}")).to_str().unwrap().to_owned();
    let (data, model, rows, out) = (path(".csv"), path(".model"), path("-rows.csv"), path("-out.csv"));
    std::fs::write(&data, csv).unwrap();
    let (trees, gamma) = (TREES.to_string(), GAMMA.to_string());
    let mut arguments = vec!["train", "--data", &data, "--target", features(csv).1, "--algorithm", algorithm.as_str()];
    arguments.extend(["--folds", "0", "--test-size", "0", "-o", &model]);
    if algorithm.is_averaged() || algorithm == Algorithm::GradientBoosting {
        arguments.extend(["--trees", &trees]);
    }
    if matches!(algorithm, Algorithm::Svr | Algorithm::Svc) {
        arguments.extend(["--gamma", &gamma]);
    }
    if algorithm.is_trees() && has_classes(csv) {
        arguments.push("--vote");
    }
    run(&arguments);
    let artifact = std::fs::read(&model).unwrap();
    let trained = Trained::new(&artifact, csv);
    let probes = probes(csv, &trained);
    std::fs::write(&rows, &probes).unwrap();
    run(&["predict", "--model", &model, "--input", &rows, "--output", &out]);
    compare(&format!("{algorithm} on {name}"), &trained, &probes, &std::fs::read_to_string(&out).unwrap());
}

fn compare(what: &str, trained: &Trained<'_>, probes: &str, scored: &str) {
    let labels = &trained.model.schema().target().classes;
    let expected = trained.smartcore(&batch(&trained.model, probes));
    let mut lines = scored.lines();
    let added = 1 + if trained.model.has_probability() { labels.len() } else { 0 };
    assert_eq!(lines.next().unwrap().split(',').count(), trained.model.schema().n_features() + added);
    let answers: Vec<Vec<&str>> = lines.map(|l| l.rsplitn(added + 1, ',').take(added).collect()).collect();
    assert!(answers.len() > 10_000, "{what}: {} rows", answers.len());
    let bits = |text: &str| text.parse::<f64>().unwrap().to_bits();
    match &expected.answers {
        SmartcorePrediction::Values(values) => {
            assert_eq!(values.len(), answers.len());
            for (row, (value, answer)) in values.iter().zip(&answers).enumerate() {
                assert_eq!(value.to_bits(), bits(answer[0]), "{what}, row {row}: {value} against {}", answer[0]);
            }
        }
        SmartcorePrediction::Classes(classes) => {
            assert_eq!(classes.len(), answers.len());
            for (row, (class, answer)) in classes.iter().zip(&answers).enumerate() {
                assert_eq!(labels[*class as usize], answer[added - 1], "{what}, row {row}");
            }
        }
    }
    for (row, shares) in expected.probability.iter().flat_map(|all| all.chunks(labels.len())).enumerate() {
        // The last column is the first from the right.
        let answered: Vec<u64> = answers[row][..labels.len()].iter().rev().map(|text| bits(text)).collect();
        assert_eq!(shares.iter().map(|v| v.to_bits()).collect::<Vec<_>>(), answered, "{what}, row {row}");
    }
}

#[test]
fn regressions_answer_as_in_memory() {
    let directory = tempfile::tempdir().unwrap();
    for set in [file("boston"), file("diabetes")] {
        for algorithm in smartcores().filter(|a| a.does_regression()) {
            check(algorithm, &set, directory.path());
        }
    }
}

#[test]
fn classifications_answer_as_in_memory() {
    let directory = tempfile::tempdir().unwrap();
    for set in [file("iris"), breast_cancer()] {
        for algorithm in smartcores().filter(|a| a.does_classification()) {
            check(algorithm, &set, directory.path());
        }
    }
}

/// A cell of a number, of few values so that rows repeat and thresholds tie, or missing.
fn cell() -> impl Strategy<Value = String> {
    prop_oneof![
        6 => (-2_i8..=2).prop_map(|v| v.to_string()),
        1 => Just("-0".to_owned()),
        6 => (-1e3..1e3).prop_map(|v: f64| v.to_string()),
        1 => Just(String::new()),
    ]
}

/// A cell of a row to answer: as in training, halves (where thresholds are), or an edge.
fn probe() -> impl Strategy<Value = String> {
    let edges = ["0", "-0", "5e-324", "-5e-324", "2.2250738585072014e-308", "1e150", "-1e150"];
    prop_oneof![
        4 => (-2_i8..=2).prop_map(|v| v.to_string()),
        4 => (-5_i8..=5).prop_map(|v| (f64::from(v) / 2.0).to_string()),
        4 => (-1e3..1e3).prop_map(|v: f64| v.to_string()),
        1 => prop::sample::select(edges.to_vec()).prop_map(str::to_owned),
    ]
}

fn rows(cell: impl Strategy<Value = String> + 'static, n: std::ops::Range<usize>) -> impl Strategy<Value = Vec<Row>> {
    let cell = cell.boxed();
    let word = prop::sample::select(vec!["red", "green", "blue"]).prop_map(str::to_owned);
    prop::collection::vec((cell.clone(), cell.clone(), cell, word).prop_map(|(a, b, c, d)| [a, b, c, d]), n)
}

/// Three numbers and a word.
type Row = [String; 4];
/// A row of a table, and a target from 0 to below 1.
type Known = (Row, f64);

/// A table, and rows to answer.
fn tables() -> impl Strategy<Value = (Vec<Known>, Vec<Row>)> {
    let of = |(rows, y): (Vec<Row>, Vec<f64>)| rows.into_iter().zip(y).collect();
    let known = (rows(cell(), 20..60), prop::collection::vec(0.0..1.0, 60)).prop_map(of);
    (known, rows(probe(), 30..80))
}

/// Whether there was something to compare: not all data can be trained on.
fn answers_as_smartcore_does(algorithm: Algorithm, n_classes: usize, known: &[Known], probes: &[Row]) -> bool {
    let mut csv = "a,b,c,d,y\n".to_owned();
    for (row, y) in known {
        let class = ["p", "q", "r"][(y * n_classes as f64) as usize];
        let y = if n_classes == 0 { (y * 40.0).to_string() } else { class.to_owned() };
        writeln!(csv, "{},{y}", row.join(",")).unwrap();
    }
    let mut spec = TrainSpec { folds: Some(0), test_size: 0.0, ..TrainSpec::new("m", "y", algorithm) };
    if algorithm.is_averaged() || algorithm == Algorithm::GradientBoosting {
        spec.options.set("trees", TREES).unwrap();
    }
    if matches!(algorithm, Algorithm::Svr | Algorithm::Svc) {
        spec.options.set("gamma", GAMMA).unwrap();
    }
    spec.vote = n_classes > 0 && algorithm.is_trees();
    let Ok(artifact) = train(&spec, &TableFile::from_bytes("t.csv", csv.clone().into_bytes()), &()) else {
        return false;
    };
    let trained = Trained::new(&artifact.artifact, &csv);
    let lines: Vec<String> = probes.iter().map(|row| row.join(",")).collect();
    let is_answerable = |line: &&String| {
        let text = format!("a,b,c,d\n{line}\n");
        let schema = trained.model.schema();
        let rows =
            RowReader::new(text.as_bytes(), "row.csv", schema, Head::Present).and_then(RowReader::reject_unknown);
        // A word that training did not have is refused.
        rows.unwrap().next_chunk(1).is_ok()
    };
    let lines: Vec<&str> = lines.iter().filter(is_answerable).map(String::as_str).collect();
    let rows = batch(&trained.model, &format!("a,b,c,d\n{}\n", lines.join("\n")));
    compare_in_memory(&trained, &rows);
    true
}

/// One batch, and row by row; a row with an edge may overflow, and is refused then.
fn compare_in_memory(trained: &Trained<'_>, rows: &Batch) {
    let expected = trained.smartcore(rows);
    let n_classes = trained.model.schema().target().classes.len();
    let mut scratch = Scratch::default();
    let mut one = |range: std::ops::Range<usize>| trained.model.predict_rows(rows, range, &mut scratch);
    let whole = one(0..rows.n_rows());
    for row in 0..rows.n_rows() {
        let is_huge = rows.row(row).iter().any(|cell| cell.abs() >= MOST);
        match (&expected.answers, one(row..row + 1)) {
            (SmartcorePrediction::Values(values), Ok(Prediction::Regression { values: got, .. })) => {
                assert_eq!(values[row].to_bits(), got[0].to_bits(), "{} against {}", values[row], got[0]);
                let Ok(Prediction::Regression { values: all, .. }) = &whole else { continue };
                assert_eq!(all[row].to_bits(), got[0].to_bits());
            }
            (SmartcorePrediction::Classes(classes), Ok(Prediction::Classification { classes: got, probability })) => {
                assert_eq!(classes[row], got[0]);
                if let (Some(expected), Some(got)) = (&expected.probability, probability) {
                    assert_eq!(expected[row * n_classes..][..n_classes], got);
                }
                let Ok(Prediction::Classification { classes: all, .. }) = &whole else { continue };
                assert_eq!(all[row], got[0]);
            }
            (_, Err(_)) => assert!(is_huge && whole.is_err(), "row {row} is refused: {:?}", rows.row(row)),
            other => panic!("{other:?}"),
        }
    }
}

#[test]
fn any_table_answers_as_smartcore() {
    for algorithm in smartcores() {
        let regression = algorithm.does_regression().then_some(0);
        let classification = algorithm.does_classification().then_some([2, 3]).into_iter().flatten();
        for n_classes in regression.into_iter().chain(classification) {
            let compared = std::cell::Cell::new(0);
            let mut runner = TestRunner::new(Config { cases: 40, ..Config::default() });
            let outcome = runner.run(&tables(), |(known, probes)| {
                let did = answers_as_smartcore_does(algorithm, n_classes, &known, &probes);
                compared.set(compared.get() + i32::from(did));
                Ok(())
            });
            if let Err(e) = outcome {
                panic!("{algorithm}, {n_classes} classes: {e}");
            }
            assert!(compared.get() >= 20, "{algorithm}, {n_classes} classes: {} of 40 compared", compared.get());
        }
    }
}
