//! Where smartcore's lasso, elastic net, kNN, naive Bayes and support vector machines panic, hang or lie in a fit,
//! `train` fits soundly or refuses in one clear line.

use std::fmt::Write;

use smartserve::model::Model;
use smartserve::model::algorithm::Algorithm;
use smartserve::model::batch::Batch;
use smartserve::model::compiled::{Predictor, Scratch};
use smartserve::model::ir::{Form, Kernel};
use smartserve::model::prediction::Prediction;
use smartserve::model::smartcore::Matrix;
use smartserve::table::{ErrorClass, TableFile};
use smartserve::train::fit::svm::{self, ClassTask};
use smartserve::train::{Options, TrainSpec, Trained, fit::linear, train};

/// A table of `n` rows under `head`.
fn table(head: &str, n: usize, row: impl Fn(usize) -> String) -> TableFile {
    let mut text = format!("{head}\n");
    for i in 0..n {
        writeln!(text, "{}", row(i)).unwrap();
    }
    TableFile::from_bytes("t.csv", text.into_bytes())
}

/// Whole numbers that look like chance, below `n`.
fn chance(i: usize, n: usize) -> usize {
    (i * 7_919 + i * i * 104_729 + 12_345) / 7 % n
}

fn spec(algorithm: Algorithm) -> TrainSpec {
    TrainSpec { folds: Some(3), ..TrainSpec::new("m", "y", algorithm) }
}

#[track_caller]
fn refused(spec: &TrainSpec, table: &TableFile, expected: &str, class: ErrorClass) {
    let error = train(spec, table, &()).unwrap_err();
    assert_eq!((error.to_string().as_str(), error.class()), (expected, class));
}

/// The k-fold figure.
fn r2(trained: &Trained) -> f64 {
    trained.report.evaluation.k_fold.as_ref().unwrap().mean.r2.unwrap()
}

fn accuracy(trained: &Trained) -> f64 {
    trained.report.evaluation.k_fold.as_ref().unwrap().mean.accuracy.unwrap()
}

#[test]
fn more_neighbors_than_rows_are_refused() {
    let table = table("a,y", 20, |i| format!("{i},{}", i % 7));
    let mut spec = spec(Algorithm::Knn);
    spec.options.set("neighbors", 11).unwrap();
    let expected = "t.csv: 11 neighbors are more than the 10 rows to fit on: use fewer --neighbors";
    refused(&spec, &table, expected, ErrorClass::Invalid);
    spec.options.set("neighbors", 10).unwrap();
    train(&spec, &table, &()).unwrap();
}

#[test]
fn machines_fit_fewer_rows_than_columns() {
    let names: Vec<String> = (0..30).map(|c| format!("x{c}")).collect();
    // The columns beyond the number of rows are those that tell.
    let cells = |i: usize| (0..30).map(|c| if c < 27 { 0 } else { i % 2 } * 9 + chance(i + c, 3)).collect::<Vec<_>>();
    let row = |i: usize| cells(i).iter().map(ToString::to_string).collect::<Vec<_>>().join(",");
    let numbers = table(&format!("{},y", names.join(",")), 24, |i| format!("{},{}", row(i), i % 2 * 50));
    for kernel in ["rbf", "linear", "poly"] {
        let mut svr = spec(Algorithm::Svr);
        svr.options.set("kernel", kernel).unwrap();
        svr.options.set("c", 100).unwrap();
        let trained = train(&svr, &numbers, &()).unwrap();
        assert!(r2(&trained) > 0.3, "{}: {}", kernel, r2(&trained));
    }
    let classes = table(&format!("{},y", names.join(",")), 24, |i| format!("{},c{}", row(i), i % 2));
    let trained = train(&spec(Algorithm::Svc), &classes, &()).unwrap();
    assert!(accuracy(&trained) > 0.8, "{}", accuracy(&trained));
}

#[test]
fn machines_tell_their_limits() {
    let numbers = table("a,y", 13_000, |i| format!("{i},{}", chance(i, 50)));
    let expected = "t.csv: 10400 rows to fit on are more than 10000: svr keeps a number for every two rows; use fewer rows, \
                    or gradient-boosting";
    let no_folds = |algorithm| TrainSpec { folds: Some(0), ..spec(algorithm) };
    refused(&no_folds(Algorithm::Svr), &numbers, expected, ErrorClass::Invalid);
    let classes = table("a,y", 13_000, |i| format!("{i},c{}", i % 2));
    let expected = "t.csv: 10400 rows of two classes to fit on are more than 10000: svc keeps a number for every two rows; \
                    use fewer rows, or random-forest";
    refused(&no_folds(Algorithm::Svc), &classes, expected, ErrorClass::Invalid);
    let classes = table("a,y", 505, |i| format!("{i},c{}", i % 101));
    let expected = "t.csv: 101 classes are more than 100: svc fits a machine for every two; use random-forest";
    refused(&no_folds(Algorithm::Svc), &classes, expected, ErrorClass::Invalid);
}

#[test]
fn an_endless_svc_is_stopped() {
    // Unscaled columns: smartcore's gradients stay thousands apart, and it goes on as long as they do.
    let rows: Vec<f64> = (0..40).map(|i| 1e10 * chance(i, 97) as f64).collect();
    let y: Vec<u32> = (0..40).map(|i| u32::from(chance(i, 2) == 0)).collect();
    let said = svm::classification(&rows, 1, &y, 2, ClassTask { kernel: Kernel::Linear, c: 1.0, seed: 1 });
    assert_eq!(said.unwrap_err(), "its solver does not come to an end; try --scale, a smaller --c or another --kernel");
    // Infinite values of the kernel give gradients that are NaN, which is near nothing.
    let kernel = Kernel::Polynomial { degree: 3.0, gamma: 1.0, coef0: 0.0 };
    let rows: Vec<f64> = rows.iter().map(|v| v * 1e140).collect();
    let said = svm::classification(&rows, 1, &y, 2, ClassTask { kernel, c: 1.0, seed: 1 }).unwrap_err();
    assert_eq!(said, "its kernel overflows; try --scale, a smaller --gamma or another --kernel");
}

#[test]
fn naive_bayes_names_what_has_no_spread() {
    let row = |i: usize| {
        format!("{},{},{},{}", i, if i.is_multiple_of(2) { 4 } else { i }, ["u", "v", "w"][i % 3], ["s", "t"][i % 2])
    };
    let expected = "t.csv: the rows of class \"s\" to fit on all have the same b, or nearly so for its size, and gaussian-nb \
                    divides by the spread: --drop it, try --scale, or use another algorithm";
    refused(&spec(Algorithm::GaussianNb), &table("a,b,c,y", 60, row), expected, ErrorClass::Invalid);
    let row = |i: usize| {
        format!("{},{},{}", i, if i.is_multiple_of(2) { "u" } else { ["u", "v"][i / 2 % 2] }, ["s", "t"][i % 2])
    };
    let expected = "t.csv: the rows of class \"s\" to fit on all have the same c (\"u\" or not), or nearly so for its size, \
                    and gaussian-nb divides by the spread: --drop it, try --scale, or use another algorithm";
    refused(&spec(Algorithm::GaussianNb), &table("a,c,y", 60, row), expected, ErrorClass::Invalid);
    // The difference of two squares of 10^17 has no digit left; scaled, the spread is seen.
    let far = table("a,y", 60, |i| format!("{},{}", 3e8 + (i % 7) as f64 + (i % 2) as f64 * 20.0, ["s", "t"][i % 2]));
    assert!(train(&TrainSpec { scale: Some(false), ..spec(Algorithm::GaussianNb) }, &far, &()).is_err());
    let scaled = train(&spec(Algorithm::GaussianNb), &far, &()).unwrap();
    assert!(accuracy(&scaled) > 0.95);
}

#[test]
fn constant_and_double_columns_are_fine() {
    let numbers = table("a,b,c,y", 90, |i| {
        let a = chance(i, 100);
        format!("{a},{a},7,{}", 3 * a + i % 5)
    });
    for algorithm in [Algorithm::Lasso, Algorithm::ElasticNet, Algorithm::Knn, Algorithm::Svr] {
        let mut spec = spec(algorithm);
        if algorithm == Algorithm::Svr {
            spec.options.set("c", 1_000).unwrap();
        }
        let trained = train(&spec, &numbers, &()).unwrap();
        let least = if algorithm == Algorithm::ElasticNet { 0.8 } else { 0.97 };
        assert!(r2(&trained) > least, "{algorithm}: {}", r2(&trained));
    }
    let classes = table("a,b,c,y", 90, |i| {
        let a = chance(i, 100);
        format!("{a},{a},7,{}", if a < 40 { "low" } else { "high" })
    });
    for algorithm in [Algorithm::Knn, Algorithm::Svc, Algorithm::GaussianNb] {
        let trained = train(&spec(algorithm), &classes, &()).unwrap();
        assert!(accuracy(&trained) > 0.8, "{algorithm}: {}", accuracy(&trained));
    }
}

#[test]
fn elastic_net_ignores_the_targets_offset() {
    let cells: Vec<f64> = (0..300).map(|i| chance(i, 1_000) as f64 / 100.0).collect();
    let x = Matrix::new(100, 3, cells.clone(), false).unwrap();
    let y: Vec<f64> = cells.chunks(3).map(|row| 2.0 * row[0] - row[1]).collect();
    let far: Vec<f64> = y.iter().map(|v| v + 1e4).collect();
    let (near, far) = (linear::elastic_net(&x, &y, 0.5, 0.5), linear::elastic_net(&x, &far, 0.5, 0.5));
    let answers = |linear| {
        let predictor = Predictor::compile(&Form::Linear(linear), 0).unwrap();
        match predictor.predict(&cells, 0, &mut Scratch::default()).unwrap() {
            Prediction::Regression { values, .. } => values,
            other => panic!("{other:?}"),
        }
    };
    for (a, b) in answers(near.unwrap()).into_iter().zip(answers(far.unwrap())) {
        assert!((b - a - 1e4).abs() < 1e-5, "{a} and {b}");
    }
}

/// scikit-learn 1.9.1 on the same scaled columns of boston: `Lasso(0.5)`, `ElasticNet(0.75, l1_ratio=1/3)`.
fn given(options: &[(&str, f64)]) -> Options {
    let mut all = Options::default();
    options.iter().for_each(|(name, value)| all.set(name, value).unwrap());
    all
}

#[test]
fn penalties_equal_scikit_learns() {
    let answer = |algorithm, options: &[(&str, f64)]| {
        let spec = TrainSpec {
            options: given(options),
            test_size: 0.0,
            folds: Some(0),
            ..TrainSpec::new("m", "MEDV", algorithm)
        };
        answers("boston.csv", &spec, &[0, 100, 505])
    };
    let lasso = answer(Algorithm::Lasso, &[("alpha", 0.5)]);
    let net = answer(Algorithm::ElasticNet, &[("alpha", 0.75), ("l1-ratio", 1.0 / 3.0)]);
    for (got, expected) in lasso.iter().chain(&net).zip(SCIKIT_LEARNS) {
        assert!((got - expected).abs() < 0.02, "{got} instead of {expected}");
    }
}

const SCIKIT_LEARNS: [f64; 6] = [30.194_237, 24.509_493, 22.309_560, 29.074_861, 24.272_149, 22.260_860];

/// `SVR(kernel=…, C=1)` of scikit-learn 1.9.1: smartcore alone stops unfinished for all but rbf.
#[test]
fn svr_comes_near_scikit_learns() {
    for (kernel, expected) in [
        ("rbf", [29.328_247, 23.299_258, 20.143_768]),
        ("linear", [28.471_140, 23.941_004, 21.013_165]),
        ("poly", [24.865_016, 21.419_335, 20.986_440]),
    ] {
        let mut options = given(&[("c", 1.0)]);
        options.set("kernel", kernel).unwrap();
        let spec = TrainSpec { options, test_size: 0.0, folds: Some(0), ..TrainSpec::new("m", "MEDV", Algorithm::Svr) };
        for (got, expected) in answers("boston.csv", &spec, &[0, 100, 505]).iter().zip(expected) {
            assert!((got - expected).abs() < 0.3, "{}: {got} instead of {expected}", kernel);
        }
    }
}

/// Answers for some rows of a file of `data/`, whose features come first.
fn answers(file: &str, spec: &TrainSpec, rows: &[usize]) -> Vec<f64> {
    let path = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("data").join(file);
    let trained = train(spec, &TableFile::open(&path).unwrap(), &()).unwrap();
    let model = Model::load(&trained.artifact).unwrap();
    let text = std::fs::read_to_string(path).unwrap();
    let lines: Vec<&str> = text.lines().skip(1).collect();
    let cells = rows.iter().flat_map(|row| lines[*row].split(',').take(model.schema().n_features()));
    let batch = Batch::from_rows(model.schema(), cells.map(|c| c.parse().unwrap()).collect()).unwrap();
    match model.predict(&batch, &mut Scratch::default()).unwrap() {
        Prediction::Regression { values, .. } => values,
        Prediction::Classification { .. } => panic!("classes"),
    }
}
