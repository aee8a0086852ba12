//! One fit: preprocessing, then an estimator of smartcore's or of ours.

pub(crate) mod answers;
pub mod bayes;
pub mod boosting;
pub(crate) mod estimators;
pub mod linear;
mod logistic;
pub(crate) mod plan;
pub mod svm;
pub(crate) mod task;
pub mod trees;
