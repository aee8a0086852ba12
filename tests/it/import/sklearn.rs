//! scikit-learn's models, from every format that it is written in, against the answers of the version that wrote them.
//!
//! Trees, forests and boosting: every bit of `decision_function`, of regressors' `predict`, of forests' and two classes'
//! `predict_proba`. Softmax over several classes is numpy's own exp: [`SOFTMAX_ULPS`]. Linear models are BLAS sums, which
//! the library itself does not define to the bit: [`linear_bounds`]. `GradientBoostingClassifier` of 1.4 starts from a
//! logit whose bits depend on scipy's version: [`LOGIT`].

use std::path::{Path, PathBuf};

use serde_json::Value;
use smartserve::import::{Answers, ImportOptions, Imported, OneFile, artifact, read};
use smartserve::model::Model;
use smartserve::model::batch::Batch;
use smartserve::model::ir::Link;
use smartserve::model::neutral::{Neutral, Predictor};
use smartserve::model::prediction::Prediction;

use super::cases::{Case, assert_same_bits, batch, folder, load, predict, raw};
use crate::support::path;

/// The endings of the files that hold a model.
const ENDINGS: [&str; 10] =
    ["joblib", "zlib.joblib", "gz.joblib", "pkl", "p0.pkl", "p1.pkl", "p2.pkl", "p4.pkl", "p5.pkl", "skops"];

/// Representable numbers between our softmax and the library's at most.
const SOFTMAX_ULPS: u64 = 4;

/// Representable numbers between our e^m and the library's at most.
const EXP_ULPS: u64 = 2;

/// How far a margin that starts from scipy's logit is off at most.
const LOGIT: f64 = 1e-15;

/// Cases that are refused, by what is said.
const REFUSED: [(&str, &str); 6] = [
    ("ada", "AdaBoostClassifier is not an estimator that is read"),
    ("cal", "CalibratedClassifierCV is not an estimator that is read"),
    ("gnb", "GaussianNB is not an estimator that is read"),
    ("none-and-nan", "the column \"color\" had None and NaN"),
    ("iso", "IsolationForest is not an estimator that is read"),
    ("svc", "SVC is not an estimator that is read"),
];

#[test]
fn every_scikit_learn_case_answers_as_scikit_learn_does_in_every_format() {
    let cases = Case::all("sk", &ENDINGS);
    let n_files: usize = cases.iter().map(|case| case.files.len()).sum();
    assert!(n_files >= 200, "only {n_files} files");
    for case in cases {
        for file in &case.files {
            check(&case, file);
        }
    }
}

/// Small models of what the other cases have not: the fixture's program makes them.
#[test]
fn every_transformer_and_estimator_answers_as_scikit_learn_does() {
    let root = path("tests/fixtures/sklearn");
    let mut folders: Vec<_> = std::fs::read_dir(&root).unwrap().map(|entry| entry.unwrap().path()).collect();
    folders.retain(|folder| folder.is_dir());
    assert!(folders.len() > 40, "{} fixtures", folders.len());
    for folder in folders {
        let all: Vec<_> = std::fs::read_dir(&folder).unwrap().map(|entry| entry.unwrap().path()).collect();
        let is_model = |file: &&PathBuf| file.file_name().unwrap().to_str().unwrap().starts_with("model.");
        let case = Case {
            name: folder.file_name().unwrap().to_str().unwrap().to_owned(),
            files: all.iter().filter(is_model).cloned().collect(),
            rows: folder.join("rows.csv"),
            expected: serde_json::from_slice(&std::fs::read(folder.join("expected.json")).unwrap()).unwrap(),
        };
        case.files.iter().for_each(|file| check(&case, file));
    }
}

/// One file of a case.
fn check(case: &Case, file: &Path) {
    let what = file.display().to_string();
    let stem = case.name.rsplit('/').next().unwrap();
    if let Some((_, problem)) = REFUSED.iter().find(|(name, _)| *name == stem) {
        let error = load(file, Answers::Label).expect_err("it is not read");
        assert!(error.contains(problem), "{what}: {error}");
        return;
    }
    let model = load(file, Answers::Label).unwrap_or_else(|e| panic!("{e}"));
    let batch = case.batch(&model);
    let got = predict(&model, &batch);
    let neutral = neutral(file);
    if let Predictor::Linear(_) = &neutral.predictor {
        return check_linear(case, &what, &model, &batch, &got, &neutral);
    }
    let is_by_logit = case.name == "sklearn-1.4.0/gbc";
    if case.expected.contains_key("decision_function") {
        let (expected, got) = (case.numbers("decision_function"), raw(&model, &batch));
        if is_by_logit {
            assert!(expected.iter().zip(&got).all(|(a, b)| (a - b).abs() <= LOGIT), "{what}: raw");
        } else {
            assert_same_bits(&format!("{what}: raw"), &expected, &got);
        }
    }
    match got {
        Prediction::Regression { values, .. } if is_exponential(&neutral) => {
            assert!(ulps(&case.numbers("predict"), &values) <= EXP_ULPS, "{what}");
        }
        Prediction::Regression { values, .. } => assert_same_bits(&what, &case.numbers("predict"), &values),
        Prediction::Classification { classes, probability } => {
            let probability = probability.expect("it has probabilities");
            let expected = case.numbers("predict_proba");
            let is_softmax = case.expected.contains_key("decision_function") && probability.len() > 2 * classes.len();
            if is_softmax || is_by_logit {
                let n = ulps(&expected, &probability);
                assert!(n <= SOFTMAX_ULPS, "{what}: probabilities differ by {n} ulps");
            } else {
                assert_same_bits(&what, &expected, &probability);
            }
            assert_eq!(labels(&model, &classes), expected_labels(case), "{what}");
        }
    }
}

fn is_exponential(neutral: &Neutral) -> bool {
    matches!(&neutral.predictor, Predictor::Forest(forest) if forest.link == Link::Exp)
}

/// Margins within the bound, probabilities within what that makes of them.
fn check_linear(case: &Case, what: &str, model: &Model, batch: &Batch, got: &Prediction, neutral: &Neutral) {
    let margins = raw(model, batch);
    let key = if case.expected.contains_key("decision_function") { "decision_function" } else { "predict" };
    let bounds = linear_bounds(neutral, batch);
    let expected = case.numbers(key);
    assert_eq!(expected.len(), margins.len(), "{what}");
    for ((a, b), bound) in expected.iter().zip(&margins).zip(&bounds) {
        assert!((a - b).abs() <= *bound, "{what}: {a} and {b} differ by more than {bound:e}");
    }
    let Prediction::Classification { classes, probability } = got else { return };
    assert_eq!(labels(model, classes), expected_labels(case), "{what}");
    if !case.expected.contains_key("predict_proba") {
        assert_eq!(*probability, None, "{what}");
        return;
    }
    let (probability, expected) = (probability.as_ref().unwrap(), case.numbers("predict_proba"));
    let (n_margins, n_classes) = (margins.len() / classes.len(), probability.len() / classes.len());
    for (i, (a, b)) in expected.iter().zip(probability).enumerate() {
        let of_row = &bounds[i / n_classes * n_margins..][..n_margins];
        let bound = 2.0 * of_row.iter().copied().fold(0.0, f64::max) + 4.0 * f64::EPSILON;
        assert!((a - b).abs() <= bound, "{what}: {a} and {b}");
    }
}

fn neutral(file: &Path) -> Neutral {
    imported(&std::fs::read(file).unwrap()).neutral
}

fn imported(bytes: &[u8]) -> Imported {
    read(&OneFile { bytes }, &ImportOptions::default()).unwrap()
}

/// n · ε · (Σ|x · w| + |intercept|) a margin, of n columns: what two orders of a sum may differ by.
fn linear_bounds(neutral: &Neutral, batch: &Batch) -> Vec<f64> {
    let Predictor::Linear(linear) = &neutral.predictor else { panic!("it is linear") };
    let n = linear.n_columns as usize;
    let mut sums = vec![0.0; batch.n_rows() * linear.intercepts.len()];
    for column in 0..=n {
        let mut alone = linear.clone();
        let is_kept = |i: usize| i % n == column;
        alone.weights.iter_mut().enumerate().filter(|(i, _)| !is_kept(*i)).for_each(|(_, weight)| *weight = 0.0);
        if column < n {
            alone.intercepts.fill(0.0);
        }
        let alone = Neutral { predictor: Predictor::Linear(alone), ..neutral.clone() };
        let terms = batch.rows().flat_map(|row| alone.walk(row, &mut |_| {}).raw);
        sums.iter_mut().zip(terms).for_each(|(sum, term)| *sum += term.abs());
    }
    sums.iter().map(|sum| (n as f64 + 1.0) * f64::EPSILON * sum).collect()
}

/// The library's labels as texts: booleans are called as Python calls them.
fn expected_labels(case: &Case) -> Vec<String> {
    let called = |label: &Value| match label {
        Value::String(text) => text.clone(),
        Value::Bool(true) => "True".to_owned(),
        Value::Bool(false) => "False".to_owned(),
        number => number.to_string(),
    };
    case.expected["predict"].as_array().unwrap().iter().map(called).collect()
}

fn labels(model: &Model, classes: &[u32]) -> Vec<String> {
    classes.iter().map(|class| model.schema().target().classes[*class as usize].clone()).collect()
}

/// How many representable numbers lie between two at most.
fn ulps(a: &[f64], b: &[f64]) -> u64 {
    let place = |v: f64| if v.is_sign_negative() { -((v.to_bits() << 1 >> 1) as i64) } else { v.to_bits() as i64 };
    assert_eq!(a.len(), b.len(), "how many");
    a.iter().zip(b).map(|(a, b)| place(*a).abs_diff(place(*b))).max().unwrap_or(0)
}

#[test]
fn a_lightgbm_estimator_in_a_skops_archive_answers_as_its_text_does() {
    let file = folder().join("mlflow/lgb-sklearn/model.skops");
    let model = load(&file, Answers::Label).unwrap();
    assert_eq!(model.header().algorithm.as_str(), "lightgbm");
    // The archive's bytes are stored: the text stands in them as a JSON string inside a JSON string.
    let bytes = std::fs::read(&file).unwrap();
    let start = find_from(&bytes, br#""\"tree\\n"#);
    let end = start + find_from(&bytes[start..], br#"\"","#) + 3;
    let outer: String = serde_json::from_slice(&bytes[start..end]).unwrap();
    let text: String = serde_json::from_str(&outer).unwrap();
    let made = imported(text.as_bytes());
    let of_text = Model::load(&artifact(made, &ImportOptions::default()).unwrap()).unwrap();
    let rows = std::fs::read(folder().join("mlflow/rows.csv")).unwrap();
    let header = rows.iter().position(|b| *b == b'\n').unwrap();
    // LightGBM has no spaces in names.
    let names = String::from_utf8(rows[..header].to_vec()).unwrap().replace(' ', "_");
    let rows = [names.as_bytes(), &rows[header..]].concat();
    let (a, b) = (batch(&rows, &model), batch(&rows, &of_text));
    assert_same_bits("raw", &raw(&of_text, &b), &raw(&model, &a));
    assert_eq!(format!("{:?}", predict(&of_text, &b)), format!("{:?}", predict(&model, &a)));
}

fn find_from(bytes: &[u8], needle: &[u8]) -> usize {
    bytes.windows(needle.len()).position(|window| window == needle).unwrap()
}

#[test]
fn a_pipeline_takes_its_columns_by_name_and_categories_as_they_are_called() {
    let model = load(&folder().join("sk-full-pipe-rf/model.skops"), Answers::Library).unwrap();
    let schema = model.schema();
    let names: Vec<&str> = schema.features().iter().map(|feature| feature.name.as_str()).collect();
    assert_eq!(names, ["a", "b", "c", "d", "color", "n"]);
    let [a, _, _, d, color, n] = schema.features() else { panic!() };
    assert!(a.categories.is_empty() && a.accepts_missing(), "an imputer is before it");
    assert_eq!(color.categories, ["blue", "green", "red", "ünï"]);
    assert!(color.unknown && n.unknown && n.categories.contains(&"10".to_owned()));
    assert!(d.unknown && d.accepts_missing(), "no transformer takes it: anything may be sent");
    let header = model.header();
    assert_eq!(header.algorithm.as_str(), "sklearn.RandomForestClassifier");
    let origin = header.source.as_ref().unwrap();
    assert_eq!((origin.library.as_str(), origin.format.as_str()), ("scikit-learn", "skops"));
    assert_eq!(origin.version.as_deref(), Some("1.9.1"));
    assert!(origin.notes[0].contains("anything or nothing may be sent: d."), "{:?}", origin.notes);
    // What the library's own predict gives: labels alone.
    let case = Case::all("sk-full-pipe-rf", &["joblib"]).remove(0);
    let Prediction::Classification { classes, probability } = predict(&model, &case.batch(&model)) else { panic!() };
    assert_eq!((labels(&model, &classes), probability), (expected_labels(&case), None));
}

#[test]
fn a_number_that_names_a_category_does_not_pass_for_unknown_when_a_table_writes_it_as_a_float() {
    let model = load(&folder().join("sk-full-pipe-rf/model.skops"), Answers::Label).unwrap();
    let n = model.schema().position("n").unwrap();
    assert!(model.schema().features()[n].unknown);
    let rows = ["10", "10.0", " 10.0 ", "010", "1e1", "never"].map(|cell| format!("1,1,1,1,red,{cell}\n"));
    let batch = batch(format!("a,b,c,d,color,n\n{}", rows.concat()).as_bytes(), &model);
    let positions: Vec<f64> = (0..rows.len()).map(|row| batch.row(row)[n]).collect();
    let unknown = model.schema().features()[n].categories.len() as f64;
    // Its categories are texts, so blanks count.
    assert_eq!(positions, [positions[0], positions[0], unknown, unknown, unknown, unknown]);
    assert!(positions[0] < unknown);
}
