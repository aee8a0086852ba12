//! Compiled predictors answer bit for bit as smartcore's in-memory objects do, for every algorithm, on 10,000 distinct
//! rows and on the edges of f64: linear models and trees.

use crate::support::estimator::Estimator;
use crate::support::exact::{assert_equal, boston_data, iris_data, probes};
use smartcore::ensemble::extra_trees_regressor::ExtraTreesRegressorParameters;
use smartcore::ensemble::random_forest_classifier::RandomForestClassifierParameters;
use smartcore::ensemble::random_forest_regressor::RandomForestRegressorParameters;
use smartcore::xgboost::XGRegressorParameters;
use smartserve::model::algorithm::Algorithm;
use smartserve::model::compiled::{Predictor, Scratch};
use smartserve::model::prediction::Prediction;
use smartserve::model::schema::Task;
use smartserve::model::smartcore::*;

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
fn large_linear_batches_equal_small_ones() {
    let data = boston_data();
    let fitted = RidgeRegression::fit(&data.x, &data.y, Default::default()).unwrap();
    let shape = Shape { algorithm: Algorithm::Ridge, task: Task::Regression, n_columns: data.columns, n_classes: 0 };
    let form = read(&Estimator::Ridge(fitted).to_section().unwrap(), None, shape).unwrap();
    let predictor = Predictor::compile(&form, 0).unwrap();
    let some = probes(&data);
    let scratch = &mut Scratch::default();
    let values = |rows: &[f64], scratch: &mut Scratch| match predictor.predict(rows, 0, scratch) {
        Ok(Prediction::Regression { values, .. }) => values,
        other => panic!("{other:?}"),
    };
    let some = &some[..10_000 * data.columns];
    let small = values(some, scratch);
    // 2.6 million cells.
    let large = values(&some.repeat(20), scratch);
    let bits = |values: &[f64]| values.iter().map(|v| v.to_bits()).collect::<Vec<_>>();
    assert_eq!(bits(&large), bits(&small.repeat(20)));
}

#[test]
fn decision_trees_are_bit_identical() {
    let data = boston_data();
    let fitted = TreeRegressor::fit(&data.x, &data.y, Default::default()).unwrap();
    assert_equal(&Estimator::TreeRegressor(fitted), &data, Task::Regression, 0);
}

#[test]
fn random_forests_are_bit_identical() {
    let data = boston_data();
    let parameters = RandomForestRegressorParameters::default().with_n_trees(37).with_seed(7);
    let fitted = ForestRegressor::fit(&data.x, &data.y, parameters).unwrap();
    assert_equal(&Estimator::ForestRegressor(fitted), &data, Task::Regression, 0);
}

#[test]
fn extra_trees_are_bit_identical() {
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
fn logistic_gives_smartcores_classes() {
    for classes in [2, 3] {
        let (data, y) = iris_data(classes);
        let fitted = LogisticRegression::fit(&data.x, &y, Default::default()).unwrap();
        let task = if classes == 2 { Task::Binary } else { Task::Multiclass };
        assert_equal(&Estimator::Logistic(fitted), &data, task, classes as usize);
    }
}

#[test]
fn class_trees_give_smartcores_classes() {
    let (data, y) = iris_data(3);
    let tree = TreeClassifier::fit(&data.x, &y, Default::default()).unwrap();
    assert_equal(&Estimator::TreeClassifier(tree), &data, Task::Multiclass, 3);
    let parameters = RandomForestClassifierParameters::default().with_n_trees(30).with_seed(7);
    let forest = ForestClassifier::fit(&data.x, &y, parameters).unwrap();
    assert_equal(&Estimator::ForestClassifier(forest), &data, Task::Multiclass, 3);
}
