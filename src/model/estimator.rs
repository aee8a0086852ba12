//! The fitted smartcore object: what `train` makes, what the `estimator` section serializes.
//!
//! Stands apart from `compiled`, which predicts: nothing but training and its tests calls smartcore's own `predict`,
//! because it panics or loops on what it does not expect.

use smartcore::linalg::basic::matrix::DenseMatrix;

use super::algorithm::Algorithm;

/// smartcore's matrix of encoded columns, `[n_rows, n_columns]`.
pub type Matrix = DenseMatrix<f64>;
/// Linear regression.
pub type LinearRegression = smartcore::linear::linear_regression::LinearRegression<f64, f64, Matrix, Vec<f64>>;
/// Ridge regression.
pub type RidgeRegression = smartcore::linear::ridge_regression::RidgeRegression<f64, f64, Matrix, Vec<f64>>;
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

/// A fitted estimator.
#[derive(Debug)]
#[expect(missing_docs, reason = "each variant is the type it holds")]
pub enum Estimator {
    Linear(LinearRegression),
    Ridge(RidgeRegression),
    Logistic(LogisticRegression),
    TreeRegressor(TreeRegressor),
    TreeClassifier(TreeClassifier),
    ForestRegressor(ForestRegressor),
    ForestClassifier(ForestClassifier),
    ExtraTrees(ExtraTrees),
    Boosting(Boosting),
}

/// What smartcore's own `predict` says.
#[derive(Debug, Clone, PartialEq)]
pub enum SmartcorePrediction {
    /// `[n_rows]` values.
    Values(Vec<f64>),
    /// `[n_rows]` class positions.
    Classes(Vec<u32>),
}

impl Estimator {
    /// The name users know it by.
    pub fn algorithm(&self) -> Algorithm {
        match self {
            Self::Linear(_) => Algorithm::Linear,
            Self::Ridge(_) => Algorithm::Ridge,
            Self::Logistic(_) => Algorithm::Logistic,
            Self::TreeRegressor(_) | Self::TreeClassifier(_) => Algorithm::DecisionTree,
            Self::ForestRegressor(_) | Self::ForestClassifier(_) => Algorithm::RandomForest,
            Self::ExtraTrees(_) => Algorithm::ExtraTrees,
            Self::Boosting(_) => Algorithm::GradientBoosting,
        }
    }

    /// The `estimator` section: the smartcore object in postcard.
    ///
    /// # Errors
    /// postcard's sentence, if it refuses the object.
    pub fn to_section(&self) -> Result<Vec<u8>, String> {
        let bytes = match self {
            Self::Linear(e) => postcard::to_allocvec(e),
            Self::Ridge(e) => postcard::to_allocvec(e),
            Self::Logistic(e) => postcard::to_allocvec(e),
            Self::TreeRegressor(e) => postcard::to_allocvec(e),
            Self::TreeClassifier(e) => postcard::to_allocvec(e),
            Self::ForestRegressor(e) => postcard::to_allocvec(e),
            Self::ForestClassifier(e) => postcard::to_allocvec(e),
            Self::ExtraTrees(e) => postcard::to_allocvec(e),
            Self::Boosting(e) => postcard::to_allocvec(e),
        };
        bytes.map_err(|e| e.to_string())
    }

    /// smartcore's own answers for a matrix of encoded columns. For proofs of equality, not for serving.
    ///
    /// # Errors
    /// smartcore's sentence.
    pub fn predict(&self, x: &Matrix) -> Result<SmartcorePrediction, String> {
        use SmartcorePrediction::{Classes, Values};
        match self {
            Self::Linear(e) => e.predict(x).map(Values),
            Self::Ridge(e) => e.predict(x).map(Values),
            Self::Logistic(e) => e.predict(x).map(Classes),
            Self::TreeRegressor(e) => e.predict(x).map(Values),
            Self::TreeClassifier(e) => e.predict(x).map(Classes),
            Self::ForestRegressor(e) => e.predict(x).map(Values),
            Self::ForestClassifier(e) => e.predict(x).map(Classes),
            Self::ExtraTrees(e) => e.predict(x).map(Values),
            Self::Boosting(e) => e.predict(x).map(Values),
        }
        .map_err(|e| e.to_string())
    }
}
