//! One smartcore fit for each algorithm, with what smartcore panics on or gets wrong kept away from it.
//!
//! Cells are finite and at most 1e150 in size (`table` and `preprocessing` see to it), no column is constant, every
//! class has a row; what is left is checked here or caught.

use smartcore::algorithm::neighbour::KNNAlgorithmName;
use smartcore::ensemble::extra_trees_regressor::ExtraTreesRegressorParameters;
use smartcore::ensemble::random_forest_classifier::RandomForestClassifierParameters;
use smartcore::ensemble::random_forest_regressor::RandomForestRegressorParameters;
use smartcore::error::Failed;
use smartcore::linear::linear_regression::LinearRegressionParameters;
use smartcore::linear::logistic_regression::LogisticRegressionParameters;
use smartcore::linear::ridge_regression::RidgeRegressionParameters;
use smartcore::neighbors::knn_classifier::KNNClassifierParameters;
use smartcore::neighbors::knn_regressor::KNNRegressorParameters;
use smartcore::tree::decision_tree_classifier::DecisionTreeClassifierParameters;
use smartcore::tree::decision_tree_regressor::DecisionTreeRegressorParameters;
use smartcore::xgboost::XGRegressorParameters;

use super::bayes::{self, BayesError};
use super::guard::caught;
use super::machines::{self, ClassTask};
use super::options::Hyperparameters;
use super::penalized;
use super::target::Observed;
use crate::model::algorithm::Algorithm;
use crate::model::estimator::{
    Boosting, Estimator, ExtraTrees, ForestClassifier, ForestRegressor, GaussianNb, KnnClassifier, KnnRegressor,
    LinearRegression, LogisticRegression, Matrix, RidgeRegression, TreeClassifier, TreeRegressor,
};
use crate::model::preprocessing::Preprocessing;
use crate::model::schema::Schema;
use crate::model::support::Kernel;

/// What is fitted on what.
pub(super) struct Task<'a> {
    pub(super) algorithm: Algorithm,
    pub(super) parameters: &'a Hyperparameters,
    pub(super) seed: u64,
    /// True when the columns were scaled to mean 0 and standard deviation 1.
    pub(super) scaled: bool,
    pub(super) n_rows: usize,
    pub(super) n_columns: usize,
    /// Names features and classes.
    pub(super) schema: &'a Schema,
    /// Says which feature a column of the matrix was made from.
    pub(super) preprocessing: &'a Preprocessing,
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
    if let Some(k) = task.parameters.count("neighbors").filter(|k| *k > task.n_rows) {
        return Err(format!("{k} neighbours are more than the {} rows to fit on: use fewer --neighbors", task.n_rows));
    }
    let solves = matches!(task.algorithm, Algorithm::Linear | Algorithm::Ridge | Algorithm::Lasso);
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
    let x = &column_major(task)?;
    let p = task.parameters;
    let leaf = p.count("min-samples-leaf").unwrap_or(1);
    let fitted = match task.algorithm {
        Algorithm::Linear => LinearRegression::fit(x, y, LinearRegressionParameters::default()).map(Estimator::Linear),
        Algorithm::Ridge => return ridge(task, x, y).map(Estimator::Ridge),
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
            let x = matrix(task.n_rows, task.n_columns, task.matrix.to_vec(), false)?;
            let (c, epsilon) = (p.number("c").unwrap_or(1.0), p.number("epsilon").unwrap_or(0.1));
            return machines::regression(&x, y, kernel(task)?, c, epsilon).map(Estimator::Svr);
        }
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
        Algorithm::Logistic | Algorithm::GaussianNb | Algorithm::Svc => return Err("it predicts classes".to_owned()),
    };
    fitted.map_err(|e| sentence(&e))
}

fn classifier(task: &Task<'_>, y: &Vec<u32>) -> Result<Estimator, String> {
    let x = &column_major(task)?;
    let p = task.parameters;
    let leaf = p.count("min-samples-leaf").unwrap_or(1);
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
        Algorithm::GaussianNb => return gaussian_nb(task, y).map(Estimator::GaussianNb),
        Algorithm::Svc => {
            let settings = ClassTask { kernel: kernel(task)?, c: p.number("c").unwrap_or(1.0), seed: task.seed };
            let n_classes = task.schema.target().classes.len();
            return machines::classification(task.matrix, task.n_columns, y, n_classes, settings).map(Estimator::Svc);
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

fn alpha(parameters: &Hyperparameters) -> f64 {
    parameters.number("alpha").unwrap_or(1.0)
}

fn kernel(task: &Task<'_>) -> Result<Kernel, String> {
    task.parameters.kernel(task.matrix, task.n_columns).ok_or_else(|| "it has no kernel".to_owned())
}

fn gaussian_nb(task: &Task<'_>, y: &[u32]) -> Result<GaussianNb, String> {
    let classes = &task.schema.target().classes;
    bayes::fit(task.matrix, task.n_columns, y, classes.len()).map_err(|e| match e {
        BayesError::Broken(reason) => reason,
        BayesError::NoSpread { class, column } => {
            let column = &task.preprocessing.columns[column];
            let feature = &task.schema.features()[column.feature as usize];
            let of = column.category.map_or_else(String::new, |c| format!(" of {:?}", feature.categories[c as usize]));
            format!(
                "all rows of class {:?} that it is fitted on have the same value, or nearly, in the column {:?}{of}, and \
                 it divides by the spread; --drop it, --scale, or use another algorithm",
                classes[class], feature.name
            )
        }
    })
}

/// smartcore's own ridge centres nothing unless it scales, and its intercept is 0 then. So: scaled columns go through
/// its `normalize` (which finds them scaled, and gives the intercept); unscaled ones are centred here, with y, and the
/// intercept ȳ − Σ w·x̄ is put into the fitted object through its serialized form.
#[expect(clippy::cast_precision_loss, reason = "row counts stay far below 2^53")]
fn ridge(task: &Task<'_>, x: &Matrix, y: &Vec<f64>) -> Result<RidgeRegression, String> {
    let alpha = alpha(task.parameters);
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
    let centred = matrix(task.n_rows, task.n_columns, centred.collect(), false)?;
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

/// Trees sort and split by column: with columns contiguous they fit faster, to the same bits.
fn column_major(task: &Task<'_>) -> Result<Matrix, String> {
    let mut values = Vec::with_capacity(task.matrix.len());
    for column in 0..task.n_columns {
        values.extend(task.matrix.iter().skip(column).step_by(task.n_columns));
    }
    matrix(task.n_rows, task.n_columns, values, true)
}

fn matrix(n_rows: usize, n_columns: usize, values: Vec<f64>, column_major: bool) -> Result<Matrix, String> {
    Matrix::new(n_rows, n_columns, values, column_major).map_err(|e| sentence(&e))
}

fn sentence(error: &Failed) -> String {
    format!("smartcore says: {error}")
}
