//! One smartcore fit for each algorithm, with what smartcore panics on or gets wrong kept away from it. Forests, which
//! are grown in blocks, are in `forests`; here is what is fitted whole, and the machine of a pair of classes.
//!
//! Cells are finite and at most 1e150 in size (`table` and `preprocessing` see to it), no column is constant, every
//! class has a row; what is left is checked in `requirements`, or caught by the caller.

use smartcore::algorithm::neighbour::KNNAlgorithmName;
use smartcore::error::Failed;
use smartcore::linear::linear_regression::LinearRegressionParameters;
use smartcore::linear::logistic_regression::LogisticRegressionParameters;
use smartcore::neighbors::knn_classifier::KNNClassifierParameters;
use smartcore::neighbors::knn_regressor::KNNRegressorParameters;
use smartcore::tree::decision_tree_regressor::DecisionTreeRegressorParameters;
use smartcore::xgboost::XGRegressorParameters;

use super::bayes;
use super::class_trees;
use super::machines::{self, ClassTask};
use super::options::Hyperparameters;
use super::penalized;
use super::target::Observed;
use crate::model::algorithm::Algorithm;
use crate::model::preprocessing::Preprocessing;
use crate::model::schema::Schema;
use crate::model::smartcore::{
    Boosting, Estimator, KnnClassifier, KnnRegressor, LinearRegression, LogisticRegression, Matrix, TreeRegressor,
};
use crate::model::smartcore::{Kernel, Parts, SupportMachines};

/// What is fitted on what.
pub(super) struct Task<'a> {
    pub(super) algorithm: Algorithm,
    pub(super) parameters: &'a Hyperparameters,
    pub(super) seed: u64,
    /// True when the columns were scaled to mean 0 and standard deviation 1.
    pub(super) scaled: bool,
    pub(super) n_rows: usize,
    pub(super) n_columns: usize,
    /// 0 for regression.
    pub(super) n_classes: usize,
    /// Names features and classes.
    pub(super) schema: &'a Schema,
    /// Says which feature a column of the matrix was made from.
    pub(super) preprocessing: &'a Preprocessing,
    /// Row-major `[n_rows, n_columns]`.
    pub(super) matrix: &'a [f64],
    pub(super) observed: &'a Observed,
}

/// Fits what is fitted whole.
pub(super) fn fit(task: &Task<'_>) -> Result<Estimator, String> {
    match task.observed {
        Observed::Values(y) => regressor(task, y),
        Observed::Classes(y) => classifier(task, y),
    }
}

fn regressor(task: &Task<'_>, y: &Vec<f64>) -> Result<Estimator, String> {
    let x = &matrix(task, task.matrix.to_vec())?;
    let p = task.parameters;
    let fitted = match task.algorithm {
        Algorithm::Linear => LinearRegression::fit(x, y, LinearRegressionParameters::default()).map(Estimator::Linear),
        Algorithm::Ridge => return penalized::ridge(x, y, alpha(p), task.scaled).map(Estimator::Ridge),
        Algorithm::Lasso => return penalized::lasso(x, y, alpha(p)).map(Estimator::Lasso),
        Algorithm::ElasticNet => {
            let l1_ratio = p.number("l1-ratio").unwrap_or(0.5);
            return penalized::elastic_net(x, y, alpha(p), l1_ratio).map(Estimator::ElasticNet);
        }
        Algorithm::Knn => {
            let parameters = KNNRegressorParameters::default()
                .with_algorithm(KNNAlgorithmName::LinearSearch)
                .with_k(p.count("neighbors").unwrap_or(5));
            KnnRegressor::fit(x, y, parameters).map(Estimator::KnnRegressor)
        }
        Algorithm::Svr => {
            let (c, epsilon) = (p.number("c").unwrap_or(1.0), p.number("epsilon").unwrap_or(0.1));
            return machines::regression(x, y, kernel(task)?, c, epsilon).map(Estimator::Svr);
        }
        Algorithm::DecisionTree => TreeRegressor::fit(x, y, regression_tree(task)).map(Estimator::TreeRegressor),
        Algorithm::GradientBoosting => Boosting::fit(x, y, boosting(task, y)).map(Estimator::Boosting),
        Algorithm::RandomForest | Algorithm::ExtraTrees => return Err("it is fitted in parts".to_owned()),
        Algorithm::Logistic | Algorithm::GaussianNb | Algorithm::Svc => return Err("it predicts classes".to_owned()),
    };
    fitted.map_err(|e| sentence(&e))
}

fn classifier(task: &Task<'_>, y: &Vec<u32>) -> Result<Estimator, String> {
    let x = &matrix(task, task.matrix.to_vec())?;
    let p = task.parameters;
    let fitted = match task.algorithm {
        Algorithm::Logistic => {
            let parameters = LogisticRegressionParameters::default().with_alpha(alpha(p));
            LogisticRegression::fit(x, y, parameters).map(Estimator::Logistic)
        }
        Algorithm::Knn => {
            let parameters = KNNClassifierParameters::default()
                .with_algorithm(KNNAlgorithmName::LinearSearch)
                .with_k(p.count("neighbors").unwrap_or(5));
            KnnClassifier::fit(x, y, parameters).map(Estimator::KnnClassifier)
        }
        Algorithm::GaussianNb => {
            return bayes::fit(task.matrix, task.n_columns, y, task.n_classes).map(Estimator::GaussianNb);
        }
        Algorithm::DecisionTree => return class_trees::tree(task, y).map(Estimator::TreeClassifier),
        Algorithm::RandomForest | Algorithm::Svc => return Err("it is fitted in parts".to_owned()),
        _ => return Err("it predicts numbers".to_owned()),
    };
    fitted.map_err(|e| sentence(&e))
}

fn alpha(parameters: &Hyperparameters) -> f64 {
    parameters.number("alpha").unwrap_or(1.0)
}

/// The machine of one pair of classes.
pub(super) fn machine(task: &Task<'_>, pair: usize) -> Result<Parts, String> {
    let Observed::Classes(y) = task.observed else { return Err("it predicts classes".to_owned()) };
    let settings = ClassTask { kernel: kernel(task)?, c: task.parameters.number("c").unwrap_or(1.0), seed: task.seed };
    machines::of_pair(task.matrix, task.n_columns, y, machines::nth_pair(task.n_classes, pair), settings)
}

/// The machines of all pairs, in order.
pub(super) fn machines(task: &Task<'_>, pairs: &[Parts]) -> Result<Estimator, String> {
    SupportMachines::join(kernel(task)?, task.n_columns, pairs).map(Estimator::Svc)
}

fn kernel(task: &Task<'_>) -> Result<Kernel, String> {
    task.parameters.kernel(task.matrix, task.n_columns).ok_or_else(|| "it has no kernel".to_owned())
}

/// The mean of y is where boosting starts, as in scikit-learn (smartcore's own default is 0.5, whatever y is).
#[expect(clippy::cast_precision_loss, reason = "row counts stay far below 2^53")]
fn boosting(task: &Task<'_>, y: &[f64]) -> XGRegressorParameters {
    let p = task.parameters;
    XGRegressorParameters {
        n_estimators: p.count("trees").unwrap_or(1),
        learning_rate: p.number("learning-rate").unwrap_or(0.1),
        max_depth: p.count("max-depth").and_then(|d| u16::try_from(d).ok()).unwrap_or(6),
        // The hessian of a squared error is 1 a row: a child's weight is its row count.
        min_child_weight: p.count("min-samples-leaf").unwrap_or(1),
        base_score: y.iter().sum::<f64>() / y.len() as f64,
        gamma: p.number("gamma").unwrap_or(0.0),
        seed: task.seed,
        ..Default::default()
    }
}

fn regression_tree(task: &Task<'_>) -> DecisionTreeRegressorParameters {
    DecisionTreeRegressorParameters {
        max_depth: levels(task.parameters),
        min_samples_leaf: leaf(task.parameters),
        seed: Some(task.seed),
        ..Default::default()
    }
}

pub(super) fn leaf(parameters: &Hyperparameters) -> usize {
    parameters.count("min-samples-leaf").unwrap_or(1)
}

/// smartcore counts levels of nodes where `max-depth` counts splits: one more.
pub(super) fn levels(parameters: &Hyperparameters) -> Option<u16> {
    parameters.count("max-depth").map(|depth| u16::try_from(depth + 1).unwrap_or(u16::MAX))
}

pub(super) fn matrix(task: &Task<'_>, row_major: Vec<f64>) -> Result<Matrix, String> {
    Matrix::new(task.n_rows, task.n_columns, row_major, false).map_err(|e| sentence(&e))
}

pub(super) fn sentence(error: &Failed) -> String {
    format!("smartcore says: {error}")
}
