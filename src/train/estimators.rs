//! One smartcore fit for each algorithm, with what smartcore panics on or gets wrong kept away from it.
//!
//! Cells are finite and at most 1e150 in size (`table` and `preprocessing` see to it), no column is constant, every
//! class has a row; what is left is checked here or caught.

use smartcore::ensemble::extra_trees_regressor::ExtraTreesRegressorParameters;
use smartcore::ensemble::random_forest_classifier::RandomForestClassifierParameters;
use smartcore::ensemble::random_forest_regressor::RandomForestRegressorParameters;
use smartcore::error::Failed;
use smartcore::linear::linear_regression::LinearRegressionParameters;
use smartcore::linear::logistic_regression::LogisticRegressionParameters;
use smartcore::linear::ridge_regression::RidgeRegressionParameters;
use smartcore::tree::decision_tree_classifier::DecisionTreeClassifierParameters;
use smartcore::tree::decision_tree_regressor::DecisionTreeRegressorParameters;
use smartcore::xgboost::XGRegressorParameters;

use super::guard::caught;
use super::options::Hyperparameters;
use super::target::Observed;
use crate::model::algorithm::Algorithm;
use crate::model::estimator::{
    Boosting, Estimator, ExtraTrees, ForestClassifier, ForestRegressor, LinearRegression, LogisticRegression, Matrix,
    RidgeRegression, TreeClassifier, TreeRegressor,
};

/// What is fitted on what.
pub(super) struct Task<'a> {
    pub(super) algorithm: Algorithm,
    pub(super) parameters: &'a Hyperparameters,
    pub(super) seed: u64,
    /// True when the columns were scaled to mean 0 and standard deviation 1.
    pub(super) scaled: bool,
    pub(super) n_rows: usize,
    pub(super) n_columns: usize,
    /// Row-major `[n_rows, n_columns]`.
    pub(super) matrix: &'a [f64],
    pub(super) observed: &'a Observed,
}

/// Fits; a panic of smartcore's is an error like its own.
pub(super) fn fit(task: &Task<'_>) -> Result<Estimator, String> {
    let outcome = match task.observed {
        Observed::Values(y) => caught(|| regressor(task, y)),
        Observed::Classes(y) => caught(|| classifier(task, y)),
    };
    match outcome {
        Ok(fitted) => fitted,
        Err(panic) => Err(format!("smartcore gave up ({panic})")),
    }
}

/// Linear models solve a system: smartcore wants more rows than columns.
pub(super) fn check_rows(task: &Task<'_>) -> Result<(), String> {
    let solves = matches!(task.algorithm, Algorithm::Linear | Algorithm::Ridge);
    if solves && task.n_rows <= task.n_columns {
        let (rows, columns) = (task.n_rows, task.n_columns);
        return Err(format!(
            "{rows} rows to fit on are too few for {columns} encoded columns: {} needs more rows than columns; \
             --drop columns, add rows, or use random-forest",
            task.algorithm
        ));
    }
    Ok(())
}

fn regressor(task: &Task<'_>, y: &Vec<f64>) -> Result<Estimator, String> {
    let x = &matrix(task, task.matrix.to_vec())?;
    let p = task.parameters;
    let leaf = p.count("min-samples-leaf").unwrap_or(1);
    let fitted = match task.algorithm {
        Algorithm::Linear => LinearRegression::fit(x, y, LinearRegressionParameters::default()).map(Estimator::Linear),
        Algorithm::Ridge => return ridge(task, x, y).map(Estimator::Ridge),
        Algorithm::DecisionTree => {
            let parameters = DecisionTreeRegressorParameters {
                max_depth: levels(p),
                min_samples_leaf: leaf,
                seed: Some(task.seed),
                ..Default::default()
            };
            TreeRegressor::fit(x, y, parameters).map(Estimator::TreeRegressor)
        }
        Algorithm::RandomForest => {
            let parameters = RandomForestRegressorParameters {
                max_depth: levels(p),
                min_samples_leaf: leaf,
                n_trees: p.count("trees").unwrap_or(1),
                m: Some(p.columns_per_split(task.n_columns)),
                seed: task.seed,
                ..Default::default()
            };
            ForestRegressor::fit(x, y, parameters).map(Estimator::ForestRegressor)
        }
        Algorithm::ExtraTrees => {
            let parameters = ExtraTreesRegressorParameters {
                max_depth: levels(p),
                min_samples_leaf: leaf,
                n_trees: p.count("trees").unwrap_or(1),
                m: Some(p.columns_per_split(task.n_columns)),
                seed: task.seed,
                ..Default::default()
            };
            ExtraTrees::fit(x, y, parameters).map(Estimator::ExtraTrees)
        }
        Algorithm::GradientBoosting => Boosting::fit(x, y, boosting(task, y)).map(Estimator::Boosting),
        Algorithm::Logistic => return Err("it predicts classes".to_owned()),
    };
    fitted.map_err(|e| sentence(&e))
}

fn classifier(task: &Task<'_>, y: &Vec<u32>) -> Result<Estimator, String> {
    let x = &matrix(task, task.matrix.to_vec())?;
    let p = task.parameters;
    let leaf = p.count("min-samples-leaf").unwrap_or(1);
    let fitted = match task.algorithm {
        Algorithm::Logistic => {
            let alpha = p.number("alpha").unwrap_or(1.0);
            let parameters = LogisticRegressionParameters::default().with_alpha(alpha);
            LogisticRegression::fit(x, y, parameters).map(Estimator::Logistic)
        }
        Algorithm::DecisionTree => {
            let parameters = DecisionTreeClassifierParameters {
                max_depth: levels(p),
                min_samples_leaf: leaf,
                seed: Some(task.seed),
                ..Default::default()
            };
            TreeClassifier::fit(x, y, parameters).map(Estimator::TreeClassifier)
        }
        Algorithm::RandomForest => {
            let parameters = RandomForestClassifierParameters {
                max_depth: levels(p),
                min_samples_leaf: leaf,
                n_trees: p.count("trees").and_then(|n| u16::try_from(n).ok()).unwrap_or(1),
                m: Some(p.columns_per_split(task.n_columns)),
                seed: task.seed,
                ..Default::default()
            };
            ForestClassifier::fit(x, y, parameters).map(Estimator::ForestClassifier)
        }
        _ => return Err("it predicts numbers".to_owned()),
    };
    fitted.map_err(|e| sentence(&e))
}

/// smartcore's own ridge centres nothing unless it scales, and its intercept is 0 then. So: scaled columns go through
/// its `normalize` (which finds them scaled, and gives the intercept); unscaled ones are centred here, with y, and the
/// intercept ȳ − Σ w·x̄ is put into the fitted object through its serialized form.
#[expect(clippy::cast_precision_loss, reason = "row counts stay far below 2^53")]
fn ridge(task: &Task<'_>, x: &Matrix, y: &Vec<f64>) -> Result<RidgeRegression, String> {
    let alpha = task.parameters.number("alpha").unwrap_or(1.0);
    let parameters = |normalize| RidgeRegressionParameters { alpha, normalize, ..Default::default() };
    if task.scaled {
        return RidgeRegression::fit(x, y, parameters(true)).map_err(|e| sentence(&e));
    }
    let n = task.n_rows as f64;
    let mut means = vec![0.0; task.n_columns];
    for row in task.matrix.chunks_exact(task.n_columns) {
        means.iter_mut().zip(row).for_each(|(mean, cell)| *mean += cell / n);
    }
    let y_mean = y.iter().sum::<f64>() / n;
    let centred = task.matrix.chunks_exact(task.n_columns).flat_map(|row| row.iter().zip(&means).map(|(c, m)| c - m));
    let centred = matrix(task, centred.collect())?;
    let y_centred: Vec<f64> = y.iter().map(|v| v - y_mean).collect();
    let fitted = RidgeRegression::fit(&centred, &y_centred, parameters(false)).map_err(|e| sentence(&e))?;
    let weights: Vec<f64> = {
        use smartcore::linalg::basic::arrays::Array;
        fitted.coefficients().iterator(0).copied().collect()
    };
    let intercept = y_mean - weights.iter().zip(&means).map(|(w, m)| w * m).sum::<f64>();
    let bytes = postcard::to_allocvec(&(Some(fitted.coefficients()), Some(intercept))).map_err(|e| e.to_string())?;
    postcard::from_bytes(&bytes).map_err(|e| e.to_string())
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

/// smartcore counts levels of nodes where `max-depth` counts splits: one more.
fn levels(parameters: &Hyperparameters) -> Option<u16> {
    parameters.count("max-depth").map(|depth| u16::try_from(depth + 1).unwrap_or(u16::MAX))
}

fn matrix(task: &Task<'_>, row_major: Vec<f64>) -> Result<Matrix, String> {
    Matrix::new(task.n_rows, task.n_columns, row_major, false).map_err(|e| sentence(&e))
}

fn sentence(error: &Failed) -> String {
    format!("smartcore says: {error}")
}
