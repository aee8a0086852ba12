//! Fits each algorithm that is fitted whole, and the machine of a pair of classes. Forests are grown in blocks:
//! `forests`.
//!
//! Cells are finite and at most 1e150 in size (`table` and `preprocessing` see to it), no column is constant, every
//! class has a row. [`check`] refuses what else would make smartcore fail or panic.

use smartcore::algorithm::neighbour::KNNAlgorithmName;
use smartcore::linear::linear_regression::LinearRegressionParameters;
use smartcore::linear::logistic_regression::LogisticRegressionParameters;
use smartcore::neighbors::knn_classifier::KNNClassifierParameters;
use smartcore::neighbors::knn_regressor::KNNRegressorParameters;
use smartcore::tree::decision_tree_regressor::DecisionTreeRegressorParameters;
use smartcore::xgboost::XGRegressorParameters;

use crate::model::algorithm::Algorithm;
use crate::model::ir::Kernel;
use crate::model::smartcore::{
    Boosting, KnnClassifier, KnnRegressor, LinearRegression, LogisticRegression, Parts, SupportMachines, TreeRegressor,
    ridge_section, section,
};
use crate::train::data::lookalikes::widest;
use crate::train::data::target::Observed;
use crate::train::fit::bayes;
use crate::train::fit::linear;
use crate::train::fit::logistic;
use crate::train::fit::svm::{self, ClassTask};
use crate::train::fit::task::{FitTask, FittedBytes, leaf, levels, matrix, sentence};
use crate::train::fit::trees::smartcore_tree;
use crate::train::moments::{mean, variance};
use crate::train::options::Hyperparameters;

/// Fits what is fitted whole; gives its sections.
pub(crate) fn fit(task: &FitTask<'_>) -> Result<FittedBytes, String> {
    match task.observed {
        Observed::Values(y) => regressor(task, y).map(FittedBytes::from),
        Observed::Classes(y) if task.algorithm == Algorithm::DecisionTree => smartcore_tree::tree(task, y),
        Observed::Classes(y) => classifier(task, y).map(FittedBytes::from),
    }
}

fn regressor(task: &FitTask<'_>, y: &Vec<f64>) -> Result<Vec<u8>, String> {
    let x = &matrix(task)?;
    let p = task.parameters;
    let fitted = match task.algorithm {
        Algorithm::Linear => LinearRegression::fit(x, y, LinearRegressionParameters::default()).map(|e| section(&e)),
        Algorithm::Ridge => return ridge_section(&linear::ridge(x, y, alpha(p), task.scaled)?, true),
        Algorithm::Lasso => return section(&linear::lasso(x, y, alpha(p))?),
        Algorithm::ElasticNet => {
            let l1_ratio = p.number("l1-ratio").unwrap_or(0.5);
            return ridge_section(&linear::elastic_net(x, y, alpha(p), l1_ratio)?, false);
        }
        Algorithm::Knn => {
            let parameters = KNNRegressorParameters::default()
                .with_algorithm(KNNAlgorithmName::LinearSearch)
                .with_k(p.count("neighbors").unwrap_or(5));
            KnnRegressor::fit(x, y, parameters).map(|e| section(&e))
        }
        Algorithm::Svr => {
            let (c, epsilon) = (p.number("c").unwrap_or(1.0), p.number("epsilon").unwrap_or(0.1));
            return section(&svm::regression(x, y, kernel(task)?, c, epsilon)?);
        }
        Algorithm::DecisionTree => TreeRegressor::fit(x, y, regression_tree(task)).map(|e| section(&e)),
        Algorithm::GradientBoosting => Boosting::fit(x, y, boosting(task, y)).map(|e| section(&e)),
        Algorithm::RandomForest | Algorithm::ExtraTrees => return Err("it is fitted in parts".to_owned()),
        Algorithm::HistGradientBoosting => return Err("it is fitted on bins".to_owned()),
        Algorithm::Logistic | Algorithm::GaussianNb | Algorithm::Svc => return Err("it predicts classes".to_owned()),
    };
    fitted.map_err(|e| sentence(&e))?
}

fn classifier(task: &FitTask<'_>, y: &Vec<u32>) -> Result<Vec<u8>, String> {
    let p = task.parameters;
    if task.algorithm == Algorithm::Logistic
        && let Some(fitted) = logistic::sparse(task, y, alpha(p))
    {
        return fitted;
    }
    let x = &matrix(task)?;
    let fitted = match task.algorithm {
        Algorithm::Logistic => {
            let parameters = LogisticRegressionParameters::default().with_alpha(alpha(p));
            LogisticRegression::fit(x, y, parameters).map(|e| section(&e))
        }
        Algorithm::Knn => {
            let parameters = KNNClassifierParameters::default()
                .with_algorithm(KNNAlgorithmName::LinearSearch)
                .with_k(p.count("neighbors").unwrap_or(5));
            KnnClassifier::fit(x, y, parameters).map(|e| section(&e))
        }
        Algorithm::GaussianNb => {
            return section(&bayes::fit(task.matrix, task.n_columns, y, task.n_classes)?);
        }
        Algorithm::RandomForest | Algorithm::Svc => return Err("it is fitted in parts".to_owned()),
        _ => return Err("it predicts numbers".to_owned()),
    };
    fitted.map_err(|e| sentence(&e))?
}

fn alpha(parameters: &Hyperparameters) -> f64 {
    parameters.number("alpha").unwrap_or(1.0)
}

/// The machine of one pair of classes.
pub(crate) fn machine(task: &FitTask<'_>, pair: usize) -> Result<Parts, String> {
    let Observed::Classes(y) = task.observed else { return Err("it predicts classes".to_owned()) };
    let settings = ClassTask { kernel: kernel(task)?, c: task.parameters.number("c").unwrap_or(1.0), seed: task.seed };
    svm::of_pair(task.matrix, task.n_columns, y, svm::nth_pair(task.n_classes, pair), settings)
}

/// The `estimator` section of the machines of all pairs, which are in order.
pub(crate) fn machines(task: &FitTask<'_>, pairs: &[Parts]) -> Result<Vec<u8>, String> {
    section(&SupportMachines::join(kernel(task)?, task.n_columns, pairs)?)
}

fn kernel(task: &FitTask<'_>) -> Result<Kernel, String> {
    task.parameters.kernel(task.matrix, task.n_columns).ok_or_else(|| "it has no kernel".to_owned())
}

/// The mean of y is where boosting starts, as in scikit-learn (smartcore's own default is 0.5, whatever y is).
fn boosting(task: &FitTask<'_>, y: &[f64]) -> XGRegressorParameters {
    let p = task.parameters;
    XGRegressorParameters {
        n_estimators: p.count("trees").unwrap_or(1),
        learning_rate: p.number("learning-rate").unwrap_or(0.1),
        max_depth: p.count("max-depth").and_then(|d| u16::try_from(d).ok()).unwrap_or(6),
        // The hessian of a squared error is 1 a row: a child's weight is its row count.
        min_child_weight: p.count("min-samples-leaf").unwrap_or(1),
        base_score: mean(y),
        gamma: p.number("gamma").unwrap_or(0.0),
        seed: task.seed,
        ..Default::default()
    }
}

fn regression_tree(task: &FitTask<'_>) -> DecisionTreeRegressorParameters {
    DecisionTreeRegressorParameters {
        max_depth: levels(task.parameters),
        min_samples_leaf: leaf(task.parameters),
        seed: Some(task.seed),
        ..Default::default()
    }
}

/// Checks everything that would make the fit fail, or worse, and can be seen beforehand.
pub(crate) fn check(task: &FitTask<'_>) -> Result<(), String> {
    nothing_is_lost(task)?;
    match (task.algorithm, task.observed) {
        (Algorithm::Linear | Algorithm::Ridge | Algorithm::Lasso, _) => more_rows_than_columns(task),
        (Algorithm::Knn, _) => enough_neighbors(task),
        (Algorithm::Svr, _) => svm::check_regression(task.n_rows),
        (Algorithm::Svc, Observed::Classes(y)) => svm::check_classification(y, task.schema.target().classes.len()),
        (Algorithm::GaussianNb, Observed::Classes(y)) => spread(task, y),
        _ => Ok(()),
    }
}

/// A column whose values differ by less than this share of their size is lost beside others in sums of products: of the
/// 53 bits of an f64 the squares keep half.
const LOST: f64 = 1e-8;

/// Unscaled, what tells a column's values apart must not be lost in the sums that a fit makes of them.
fn nothing_is_lost(task: &FitTask<'_>) -> Result<(), String> {
    if task.scaled || !task.algorithm.scales_by_default() {
        return Ok(());
    }
    let lost = task.preprocessing.columns.iter().enumerate().find(|(column, _)| {
        let cells: Vec<f64> = task.matrix.iter().skip(*column).step_by(task.n_columns).copied().collect();
        let largest = cells.iter().fold(0.0_f64, |largest, cell| largest.max(cell.abs()));
        variance(&cells).sqrt() < LOST * largest
    });
    let Some((_, column)) = lost else { return Ok(()) };
    let name = &task.schema.features()[column.feature as usize].name;
    Err(format!(
        "{name} differs between rows by less than 1e-8 of its size: unscaled it is lost to rounding in {}; leave out --no-scale",
        task.algorithm
    ))
}

/// Linear models solve a system: smartcore wants more rows than columns.
fn more_rows_than_columns(task: &FitTask<'_>) -> Result<(), String> {
    let (rows, columns) = (task.n_rows, task.n_columns);
    if rows > columns {
        return Ok(());
    }
    Err(format!(
        "{rows} rows to fit on are too few for {columns} encoded columns: {} needs more rows than columns; --drop columns, \
         add rows, or use random-forest{}",
        task.algorithm,
        widest(task.schema.features())
    ))
}

fn enough_neighbors(task: &FitTask<'_>) -> Result<(), String> {
    match task.parameters.count("neighbors") {
        Some(k) if k > task.n_rows => {
            Err(format!("{k} neighbors are more than the {} rows to fit on: use fewer --neighbors", task.n_rows))
        }
        _ => Ok(()),
    }
}

/// Naive Bayes divides by the spread of each column within each class.
fn spread(task: &FitTask<'_>, y: &[u32]) -> Result<(), String> {
    let classes = &task.schema.target().classes;
    let Some((class, column)) = bayes::without_spread(task.matrix, task.n_columns, y, classes.len()) else {
        return Ok(());
    };
    let column = &task.preprocessing.columns[column];
    let feature = &task.schema.features()[column.feature as usize];
    let category = column.category.map(|c| match feature.categories.get(c as usize) {
        Some(category) => format!(" ({category:?} or not)"),
        None => " (a rare category or not)".to_owned(),
    });
    Err(format!(
        "the rows of class {:?} to fit on all have the same {}{}, or nearly so for its size, and gaussian-nb divides by \
         the spread: --drop it, try --scale, or use another algorithm",
        classes[class],
        feature.name,
        category.unwrap_or_default()
    ))
}
