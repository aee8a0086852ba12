//! smartcore's fitted objects as `train` makes them, and what is written of them.

use serde::Serialize;
use smartcore::linalg::basic::matrix::DenseMatrix;

/// Encoded columns, `[n_rows, n_columns]`.
pub type Matrix = DenseMatrix<f64>;

/// Linear regression.
pub type LinearRegression = smartcore::linear::linear_regression::LinearRegression<f64, f64, Matrix, Vec<f64>>;
/// Ridge regression.
pub type RidgeRegression = smartcore::linear::ridge_regression::RidgeRegression<f64, f64, Matrix, Vec<f64>>;
/// Regression with an L1 penalty.
pub type Lasso = smartcore::linear::lasso::Lasso<f64, f64, Matrix, Vec<f64>>;
/// Regression with L1 and L2 penalties.
pub type ElasticNet = smartcore::linear::elastic_net::ElasticNet<f64, f64, Matrix, Vec<f64>>;
/// Logistic regression over class positions.
pub type LogisticRegression = smartcore::linear::logistic_regression::LogisticRegression<f64, u32, Matrix, Vec<u32>>;
/// A regression tree.
pub type TreeRegressor = smartcore::tree::decision_tree_regressor::DecisionTreeRegressor<f64, f64, Matrix, Vec<f64>>;
/// A classification tree over class positions.
pub type TreeClassifier = smartcore::tree::decision_tree_classifier::DecisionTreeClassifier<f64, u32, Matrix, Vec<u32>>;
/// A regression forest.
pub type ForestRegressor =
    smartcore::ensemble::random_forest_regressor::RandomForestRegressor<f64, f64, Matrix, Vec<f64>>;
/// A classification forest over class positions.
pub type ForestClassifier =
    smartcore::ensemble::random_forest_classifier::RandomForestClassifier<f64, u32, Matrix, Vec<u32>>;
/// Extremely randomized regression trees.
pub type ExtraTrees = smartcore::ensemble::extra_trees_regressor::ExtraTreesRegressor<f64, f64, Matrix, Vec<f64>>;
/// Gradient-boosted regression trees.
pub type Boosting = smartcore::xgboost::XGRegressor<f64, f64, Matrix, Vec<f64>>;

/// Euclidean distance between rows.
pub type Euclidian = smartcore::metrics::distance::euclidian::Euclidian<f64>;
/// The mean of the nearest rows' values.
pub type KnnRegressor = smartcore::neighbors::knn_regressor::KNNRegressor<f64, f64, Matrix, Vec<f64>, Euclidian>;
/// The commonest of the nearest rows' class positions.
pub type KnnClassifier = smartcore::neighbors::knn_classifier::KNNClassifier<f64, u32, Matrix, Vec<u32>, Euclidian>;
/// Naive Bayes over class positions, with one normal distribution per class and column.
pub type GaussianNb = smartcore::naive_bayes::gaussian::GaussianNB<f64, u32, Matrix, Vec<u32>>;

/// The `estimator` section of a fitted object: the object itself in postcard. Of support vector machines it is
/// [`SupportMachines`](super::SupportMachines), because smartcore's own cannot be read again.
///
/// # Errors
/// postcard's sentence, if it refuses the object.
pub fn section(fitted: &impl Serialize) -> Result<Vec<u8>, String> {
    postcard::to_allocvec(fitted).map_err(|e| e.to_string())
}
