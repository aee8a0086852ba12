//! The fitted smartcore object: what `train` makes, what the `estimator` section serializes.
//!
//! Only tests call smartcore's own `predict`, which panics or loops on what it does not expect; `compiled` serves.

use super::matrix::Matrix;
use super::svm::SupportMachines;
use crate::model::algorithm::Algorithm;

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
/// Naive Bayes over class positions, a normal distribution a class and column.
pub type GaussianNb = smartcore::naive_bayes::gaussian::GaussianNB<f64, u32, Matrix, Vec<u32>>;

/// A fitted estimator.
#[derive(Debug)]
#[expect(missing_docs, reason = "each variant is the type it holds")]
pub enum Estimator {
    Linear(LinearRegression),
    Ridge(RidgeRegression),
    Lasso(Lasso),
    ElasticNet(ElasticNet),
    Logistic(LogisticRegression),
    TreeRegressor(TreeRegressor),
    TreeClassifier(TreeClassifier),
    ForestRegressor(ForestRegressor),
    ForestClassifier(ForestClassifier),
    ExtraTrees(ExtraTrees),
    Boosting(Boosting),
    KnnRegressor(KnnRegressor),
    KnnClassifier(KnnClassifier),
    GaussianNb(GaussianNb),
    Svr(SupportMachines),
    Svc(SupportMachines),
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
            Self::Lasso(_) => Algorithm::Lasso,
            Self::ElasticNet(_) => Algorithm::ElasticNet,
            Self::Logistic(_) => Algorithm::Logistic,
            Self::TreeRegressor(_) | Self::TreeClassifier(_) => Algorithm::DecisionTree,
            Self::ForestRegressor(_) | Self::ForestClassifier(_) => Algorithm::RandomForest,
            Self::ExtraTrees(_) => Algorithm::ExtraTrees,
            Self::Boosting(_) => Algorithm::GradientBoosting,
            Self::KnnRegressor(_) | Self::KnnClassifier(_) => Algorithm::Knn,
            Self::GaussianNb(_) => Algorithm::GaussianNb,
            Self::Svr(_) => Algorithm::Svr,
            Self::Svc(_) => Algorithm::Svc,
        }
    }

    /// The `estimator` section: the smartcore object in postcard; for support vector machines a form of our own,
    /// [`SupportMachines`], because smartcore's does not come back.
    ///
    /// # Errors
    /// postcard's sentence, if it refuses the object.
    pub fn to_section(&self) -> Result<Vec<u8>, String> {
        let bytes = match self {
            Self::Linear(e) => postcard::to_allocvec(e),
            Self::Ridge(e) => postcard::to_allocvec(e),
            Self::Lasso(e) => postcard::to_allocvec(e),
            Self::ElasticNet(e) => postcard::to_allocvec(e),
            Self::Logistic(e) => postcard::to_allocvec(e),
            Self::TreeRegressor(e) => postcard::to_allocvec(e),
            Self::TreeClassifier(e) => postcard::to_allocvec(e),
            Self::ForestRegressor(e) => postcard::to_allocvec(e),
            Self::ForestClassifier(e) => postcard::to_allocvec(e),
            Self::ExtraTrees(e) => postcard::to_allocvec(e),
            Self::Boosting(e) => postcard::to_allocvec(e),
            Self::KnnRegressor(e) => postcard::to_allocvec(e),
            Self::KnnClassifier(e) => postcard::to_allocvec(e),
            Self::GaussianNb(e) => postcard::to_allocvec(e),
            Self::Svr(e) | Self::Svc(e) => postcard::to_allocvec(e),
        };
        bytes.map_err(|e| e.to_string())
    }

    /// smartcore's own answers for a matrix of encoded columns (of support vector machines those of its kernels, summed
    /// in its order). For proofs of equality, not for serving.
    ///
    /// # Errors
    /// smartcore's sentence.
    pub fn predict(&self, x: &Matrix) -> Result<SmartcorePrediction, String> {
        use SmartcorePrediction::{Classes, Values};
        match self {
            Self::Linear(e) => e.predict(x).map(Values),
            Self::Ridge(e) => e.predict(x).map(Values),
            Self::Lasso(e) => e.predict(x).map(Values),
            Self::ElasticNet(e) => e.predict(x).map(Values),
            Self::Logistic(e) => e.predict(x).map(Classes),
            Self::TreeRegressor(e) => e.predict(x).map(Values),
            Self::TreeClassifier(e) => e.predict(x).map(Classes),
            Self::ForestRegressor(e) => e.predict(x).map(Values),
            Self::ForestClassifier(e) => e.predict(x).map(Classes),
            Self::ExtraTrees(e) => e.predict(x).map(Values),
            Self::Boosting(e) => e.predict(x).map(Values),
            Self::KnnRegressor(e) => e.predict(x).map(Values),
            Self::KnnClassifier(e) => e.predict(x).map(Classes),
            Self::GaussianNb(e) => e.predict(x).map(Classes),
            Self::Svr(e) => return e.decisions(x).map(|d| Values(d.into_iter().next().unwrap_or_default())),
            Self::Svc(e) => return e.classes(x).map(Classes),
        }
        .map_err(|e| e.to_string())
    }
}
