//! Compiled predictors answer bit for bit as smartcore's in-memory objects do, for every algorithm, on 10,000 distinct
//! rows and on the edges of f64.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on should say so")]
#![allow(clippy::cast_possible_truncation, clippy::cast_precision_loss, reason = "small counts")]
#![allow(clippy::default_trait_access, reason = "smartcore's parameters are named after their estimators")]

use smartcore::dataset::{boston, iris};
use smartcore::ensemble::extra_trees_regressor::ExtraTreesRegressorParameters;
use smartcore::ensemble::random_forest_classifier::RandomForestClassifierParameters;
use smartcore::ensemble::random_forest_regressor::RandomForestRegressorParameters;
use smartcore::linalg::basic::arrays::Array;
use smartcore::xgboost::XGRegressorParameters;
use smartserve::model::compiled::{Predictor, Scratch, Shape};
use smartserve::model::estimator::*;
use smartserve::model::prediction::Prediction;
use smartserve::model::schema::Task;

struct Data {
    columns: usize,
    x: Matrix,
    y: Vec<f64>,
}

fn boston_data() -> Data {
    let data = boston::load_dataset();
    let cells = data.data.iter().map(|v| f64::from(*v)).collect();
    let y = data.target.iter().map(|v| f64::from(*v)).collect();
    Data { columns: 13, x: Matrix::new(506, 13, cells, false).unwrap(), y }
}

fn iris_data(classes: u32) -> (Data, Vec<u32>) {
    let data = iris::load_dataset();
    let mut cells: Vec<f64> = Vec::new();
    let mut y = Vec::new();
    for (row, class) in data.data.chunks(4).zip(&data.target) {
        if *class < classes {
            cells.extend(row.iter().map(|v| f64::from(*v)));
            y.push(*class);
        }
    }
    let x = Matrix::new(y.len(), 4, cells, false).unwrap();
    (Data { columns: 4, x, y: Vec::new() }, y)
}

/// 10,000 rows around the training data, then rows made of the edges of f64 and of training values themselves (split
/// thresholds lie between those, and on them where smartcore rounds).
fn probes(data: &Data) -> Vec<f64> {
    let (n, columns) = (data.x.shape().0, data.columns);
    let cell = |r: usize, c: usize| *data.x.get((r, c));
    let mut state = 0x9e37_79b9_7f4a_7c15_u64;
    let mut next = move || {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        state
    };
    let mut rows = Vec::new();
    for _ in 0..10_000 {
        let (a, b) = (next() as usize % n, next() as usize % n);
        let mix = (next() >> 11) as f64 / (1_u64 << 53) as f64;
        rows.extend((0..columns).map(|c| cell(a, c) * mix + cell(b, c) * (1.0 - mix)));
    }
    for r in 0..n {
        rows.extend((0..columns).map(|c| cell(r, c)));
    }
    let edges = [0.0, -0.0, f64::MIN_POSITIVE, 5e-324, -5e-324, f64::MAX, f64::MIN, 1.0, -1.0, 1e-300];
    for edge in edges {
        rows.extend((0..columns).map(|_| edge));
        rows.extend((0..columns).map(|c| if c % 2 == 0 { edge } else { cell(c, c) }));
    }
    rows
}

/// Compares in one batch, in odd-sized batches and row by row.
fn assert_equal(estimator: &Estimator, data: &Data, task: Task, n_classes: usize) {
    let columns = data.columns;
    let shape = Shape { algorithm: estimator.algorithm(), task, n_columns: columns, n_classes };
    let predictor = Predictor::decode(&estimator.to_section().unwrap(), shape).unwrap();
    let rows = probes(data);
    let n = rows.len() / columns;
    let expected = estimator.predict(&Matrix::new(n, columns, rows.clone(), false).unwrap()).unwrap();
    for size in [n, 257, 17, 1] {
        let mut scratch = Scratch::default();
        for (i, chunk) in rows.chunks(size * columns).enumerate() {
            if size == 1 && i % 7 != 0 && i < 10_000 {
                continue;
            }
            compare(&predictor, &expected, chunk, i * size, &mut scratch, columns);
        }
    }
}

fn compare(p: &Predictor, expected: &SmartcorePrediction, rows: &[f64], first: usize, s: &mut Scratch, columns: usize) {
    let n = rows.len() / columns;
    match (expected, p.predict(rows, first, s)) {
        (SmartcorePrediction::Values(expected), Ok(Prediction::Regression { values })) => {
            for (i, (a, b)) in expected[first..first + n].iter().zip(&values).enumerate() {
                assert_eq!(a.to_bits(), b.to_bits(), "row {}: {a} against {b}", first + i);
            }
        }
        (SmartcorePrediction::Values(expected), Err(refused)) => {
            // An overflow: smartcore answers with it, we refuse the first such row of the batch.
            assert!(
                !expected[refused.row].is_finite(),
                "row {} refused, smartcore says {}",
                refused.row,
                expected[refused.row]
            );
        }
        (SmartcorePrediction::Classes(expected), Ok(Prediction::Classification { classes, probability })) => {
            assert_eq!(&expected[first..first + n], classes.as_slice());
            let probability = probability.unwrap();
            for row in probability.chunks(probability.len() / n) {
                assert!((row.iter().sum::<f64>() - 1.0).abs() < 1e-12, "{row:?}");
            }
        }
        (SmartcorePrediction::Classes(_), Err(_)) => {}
        other => panic!("{other:?}"),
    }
}

#[test]
fn linear_regression_is_bit_identical() {
    let data = boston_data();
    let fitted = LinearRegression::fit(&data.x, &data.y, Default::default()).unwrap();
    assert_equal(&Estimator::Linear(fitted), &data, Task::Regression, 0);
}

#[test]
fn ridge_regression_is_bit_identical() {
    let data = boston_data();
    let fitted = RidgeRegression::fit(&data.x, &data.y, Default::default()).unwrap();
    assert_equal(&Estimator::Ridge(fitted), &data, Task::Regression, 0);
}

#[test]
fn a_decision_tree_regressor_is_bit_identical() {
    let data = boston_data();
    let fitted = TreeRegressor::fit(&data.x, &data.y, Default::default()).unwrap();
    assert_equal(&Estimator::TreeRegressor(fitted), &data, Task::Regression, 0);
}

#[test]
fn a_random_forest_regressor_is_bit_identical() {
    let data = boston_data();
    let parameters = RandomForestRegressorParameters::default().with_n_trees(37).with_seed(7);
    let fitted = ForestRegressor::fit(&data.x, &data.y, parameters).unwrap();
    assert_equal(&Estimator::ForestRegressor(fitted), &data, Task::Regression, 0);
}

#[test]
fn an_extra_trees_regressor_is_bit_identical() {
    let data = boston_data();
    let parameters = ExtraTreesRegressorParameters::default().with_n_trees(33).with_seed(7);
    let fitted = ExtraTrees::fit(&data.x, &data.y, parameters).unwrap();
    assert_equal(&Estimator::ExtraTrees(fitted), &data, Task::Regression, 0);
}

#[test]
fn gradient_boosting_is_bit_identical() {
    let data = boston_data();
    let parameters = XGRegressorParameters::default().with_n_estimators(40).with_learning_rate(0.1);
    let fitted = Boosting::fit(&data.x, &data.y, parameters).unwrap();
    assert_equal(&Estimator::Boosting(fitted), &data, Task::Regression, 0);
}

#[test]
fn logistic_regression_gives_smartcores_classes_for_two_and_three_classes() {
    for classes in [2, 3] {
        let (data, y) = iris_data(classes);
        let fitted = LogisticRegression::fit(&data.x, &y, Default::default()).unwrap();
        let task = if classes == 2 { Task::Binary } else { Task::Multiclass };
        assert_equal(&Estimator::Logistic(fitted), &data, task, classes as usize);
    }
}

#[test]
fn classification_trees_and_forests_give_smartcores_classes() {
    let (data, y) = iris_data(3);
    let tree = TreeClassifier::fit(&data.x, &y, Default::default()).unwrap();
    assert_equal(&Estimator::TreeClassifier(tree), &data, Task::Multiclass, 3);
    let parameters = RandomForestClassifierParameters::default().with_n_trees(30).with_seed(7);
    let forest = ForestClassifier::fit(&data.x, &y, parameters).unwrap();
    assert_equal(&Estimator::ForestClassifier(forest), &data, Task::Multiclass, 3);
}
