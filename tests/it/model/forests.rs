//! Every way that compiled forests find leaves answers bit for bit as smartcore does: on thresholds and beside them, on
//! NaN and infinities (which the door refuses; the kernels must still not care), and at the borders of blocks.

use proptest::prelude::*;
use serde_json::Value;
use smartcore::dataset::boston;
use smartcore::ensemble::extra_trees_regressor::ExtraTreesRegressorParameters;
use smartcore::ensemble::random_forest_classifier::RandomForestClassifierParameters;
use smartcore::ensemble::random_forest_regressor::RandomForestRegressorParameters;
use smartcore::linalg::basic::arrays::Array;
use smartcore::tree::decision_tree_regressor::DecisionTreeRegressorParameters;
use smartcore::xgboost::XGRegressorParameters;
use smartserve::model::compiled::{Predictor, Scratch};
use smartserve::model::prediction::Prediction;
use smartserve::model::schema::Task;
use smartserve::model::smartcore::*;

use crate::support::estimator::{Estimator, SmartcorePrediction};
use crate::support::random::Random;

/// Rows a call: one, few, around blocks of 64, 128 and 512, several blocks.
const SIZES: [usize; 19] = [1, 2, 7, 8, 39, 40, 41, 63, 64, 65, 104, 127, 128, 255, 256, 257, 511, 513, 1100];

const EDGES: [f64; 11] = [
    0.0,
    -0.0,
    5e-324,
    -5e-324,
    f64::MIN_POSITIVE,
    f64::MAX,
    f64::MIN,
    f64::INFINITY,
    f64::NEG_INFINITY,
    f64::NAN,
    1.0,
];

/// A matrix of numbers, and a target that all columns have a part in.
fn synthetic(rows: usize, columns: usize) -> (Matrix, Vec<f64>) {
    let mut random = Random(0x9e37_79b9_7f4a_7c15);
    let cells: Vec<f64> = (0..rows * columns).map(|_| random.number()).collect();
    let y = cells.chunks(columns).map(|row| row.iter().zip(1..).map(|(x, i)| (x * f64::from(i)).sin()).sum()).collect();
    (Matrix::new(rows, columns, cells, false).unwrap(), y)
}

/// (column, threshold) of every split, from the estimator's JSON.
fn splits(value: &Value, found: &mut Vec<(usize, f64)>) {
    match value {
        Value::Array(values) => values.iter().for_each(|value| splits(value, found)),
        Value::Object(fields) => {
            let feature = fields.get("split_feature").or(fields.get("split_feature_idx")).and_then(Value::as_u64);
            let threshold = fields.get("split_value").or(fields.get("threshold")).and_then(Value::as_f64);
            if let (Some(feature), Some(threshold)) = (feature, threshold) {
                found.push((feature as usize, threshold));
            }
            fields.values().for_each(|value| splits(value, found));
        }
        _ => {}
    }
}

/// Rows from the training data, with thresholds, their neighbours and edges written into them.
fn probes(x: &Matrix, splits: &[(usize, f64)], n: usize) -> Vec<f64> {
    let (rows, columns) = x.shape();
    let mut random = Random(0x1234_5678_9abc_def1);
    let mut probes = Vec::new();
    for i in 0..n {
        let from = random.below(rows);
        let mut row: Vec<f64> = (0..columns).map(|column| *x.get((from, column))).collect();
        for _ in 0..if splits.is_empty() { 0 } else { random.below(2 * columns) } {
            let (feature, threshold) = splits[random.below(splits.len())];
            row[feature] = [threshold, threshold.next_up(), threshold.next_down()][random.below(3)];
        }
        if i % 3 == 0 {
            row[random.below(columns)] = EDGES[random.below(EDGES.len())];
        }
        if i % 50 == 0 {
            row.fill(EDGES[i / 50 % EDGES.len()]);
        }
        probes.extend(row);
    }
    probes
}

fn assert_equal(estimator: &Estimator, json: &Value, x: &Matrix, n_probes: usize, n_classes: usize) {
    let mut found = Vec::new();
    splits(json, &mut found);
    let n_columns = x.shape().1;
    // Boosting's leaves have a feature too, beyond the last.
    found.retain(|(feature, _)| *feature < n_columns);
    let task = if n_classes == 0 { Task::Regression } else { Task::Multiclass };
    let shape = Shape { algorithm: estimator.algorithm(), task, n_columns, n_classes };
    let form = read(&estimator.to_section().unwrap(), None, shape).unwrap();
    let mut predictor = Predictor::compile(&form, n_classes).unwrap();
    let rows = probes(x, &found, n_probes);
    let expected = estimator.predict(&Matrix::new(n_probes, n_columns, rows.clone(), false).unwrap()).unwrap();
    assert_answers(&predictor, n_columns, &rows, &expected);
    if let Some(mut other) = predictor.other_layout(&form) {
        predictor.swap_layout(&mut other);
        assert_answers(&predictor, n_columns, &rows, &expected);
    }
}

fn assert_answers(predictor: &Predictor, n_columns: usize, rows: &[f64], expected: &SmartcorePrediction) {
    let n_probes = rows.len() / n_columns;
    let mut scratch = Scratch::default();
    for size in SIZES {
        // From the end too, so that sizes meet different rows.
        for first in [0, n_probes.saturating_sub(size)] {
            let last = (first + size).min(n_probes);
            match (expected, predictor.predict(&rows[first * n_columns..last * n_columns], first, &mut scratch)) {
                (SmartcorePrediction::Values(expected), Ok(Prediction::Regression { values, .. })) => {
                    let bits = |values: &[f64]| values.iter().map(|v| v.to_bits()).collect::<Vec<_>>();
                    assert_eq!(bits(&expected[first..last]), bits(&values), "{size} rows from {first}");
                }
                (SmartcorePrediction::Classes(expected), Ok(Prediction::Classification { classes, .. })) => {
                    assert_eq!(&expected[first..last], classes.as_slice(), "{size} rows from {first}");
                }
                other => panic!("{other:?}"),
            }
        }
    }
}

fn forest(x: &Matrix, y: &Vec<f64>, trees: usize) {
    let parameters = RandomForestRegressorParameters::default().with_n_trees(trees).with_seed(3);
    let fitted = ForestRegressor::fit(x, y, parameters).unwrap();
    let json = serde_json::to_value(&fitted).unwrap();
    assert_equal(&Estimator::ForestRegressor(fitted), &json, x, 1_500, 0);
}

#[test]
fn forests_of_small_trees_are_exact() {
    let (x, y) = synthetic(60, 3);
    forest(&x, &y, 9);
    let (x, y) = synthetic(900, 5);
    forest(&x, &y, 12);
}

#[test]
fn forests_of_large_trees_are_exact() {
    let (x, y) = synthetic(300, 4);
    forest(&x, &y, 2);
    let (x, y) = synthetic(9_000, 4);
    forest(&x, &y, 10);
}

#[test]
fn forests_of_many_columns_are_exact() {
    let (x, y) = synthetic(500, 700);
    forest(&x, &y, 40);
}

#[test]
fn forests_of_many_thresholds_are_exact() {
    let (x, y) = synthetic(4_000, 8);
    forest(&x, &y, 60);
}

#[test]
fn trees_that_are_one_leaf_are_exact() {
    let (x, _) = synthetic(30, 2);
    let y = vec![-0.0; 30];
    forest(&x, &y, 10);
    let tree = TreeRegressor::fit(&x, &y, DecisionTreeRegressorParameters::default()).unwrap();
    let json = serde_json::to_value(&tree).unwrap();
    assert_equal(&Estimator::TreeRegressor(tree), &json, &x, 600, 0);
}

#[test]
fn votes_are_exact() {
    let (x, y) = synthetic(700, 5);
    let classes: Vec<u32> = y.iter().map(|y| if *y < -1.0 { 0 } else { 1 + u32::from(*y > 0.5) }).collect();
    let parameters = RandomForestClassifierParameters::default().with_n_trees(21).with_seed(3);
    let fitted = ForestClassifier::fit(&x, &classes, parameters).unwrap();
    let json = serde_json::to_value(&fitted).unwrap();
    assert_equal(&Estimator::ForestClassifier(fitted), &json, &x, 1_500, 3);
}

#[test]
fn a_forest_takes_at_most_32_bytes_a_node() {
    let set = boston::load_dataset();
    let cells: Vec<f64> = set.data.iter().map(|cell| f64::from(*cell)).collect();
    let x = Matrix::new(set.num_samples, set.num_features, cells, false).unwrap();
    let y: Vec<f64> = set.target.iter().map(|y| f64::from(*y)).collect();
    let forest = |trees: usize| {
        let parameters = RandomForestRegressorParameters::default().with_n_trees(trees).with_seed(3);
        Estimator::ForestRegressor(ForestRegressor::fit(&x, &y, parameters).unwrap())
    };
    let parameters = ExtraTreesRegressorParameters::default().with_n_trees(100).with_seed(3);
    let extra = Estimator::ExtraTrees(ExtraTrees::fit(&x, &y, parameters).unwrap());
    let boosting = Estimator::Boosting(Boosting::fit(&x, &y, XGRegressorParameters::default()).unwrap());
    for estimator in [forest(5), forest(100), forest(300), extra, boosting] {
        let (algorithm, section) = (estimator.algorithm(), estimator.to_section().unwrap());
        let shape = Shape { algorithm, task: Task::Regression, n_columns: set.num_features, n_classes: 0 };
        let form = read(&section, None, shape).unwrap();
        let nodes = form.trees().unwrap().trees.iter().map(|tree| tree.nodes.len()).sum::<usize>();
        let bytes = Predictor::compile(&form, 0).unwrap().forest_bytes().unwrap();
        assert!(bytes <= 2 * 16 * nodes, "{algorithm} of {nodes} nodes: {bytes} bytes");
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(40))]

    /// Small data with many ties, zeros of both signs and columns of one value.
    #[test]
    fn forests_on_any_data_are_exact(
        columns in 1_usize..6,
        cells in prop::collection::vec(prop::sample::select(vec![-2.5, -1.0, -0.0, 0.0, 5e-324, 0.1, 1.0, 3.0, 1e300]), 60..240),
        target in prop::collection::vec(-3.0_f64..3.0, 240),
        trees in 1_usize..20,
        depth in 1_u16..7,
    ) {
        let rows = cells.len() / columns;
        let x = Matrix::new(rows, columns, cells[..rows * columns].to_vec(), false).unwrap();
        let y = target[..rows].to_vec();
        let mut parameters = RandomForestRegressorParameters::default().with_n_trees(trees).with_max_depth(depth);
        parameters.min_samples_leaf = 1 + trees % 3;
        let fitted = ForestRegressor::fit(&x, &y, parameters).unwrap();
        let json = serde_json::to_value(&fitted).unwrap();
        assert_equal(&Estimator::ForestRegressor(fitted), &json, &x, 300, 0);
        let parameters = XGRegressorParameters::default().with_n_estimators(trees).with_max_depth(depth).with_learning_rate(0.3);
        let fitted = Boosting::fit(&x, &y, parameters).unwrap();
        let json = serde_json::to_value(&fitted).unwrap();
        assert_equal(&Estimator::Boosting(fitted), &json, &x, 300, 0);
    }
}
