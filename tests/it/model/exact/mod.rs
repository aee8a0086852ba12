//! Compiled predictors answer as the estimators that they are made from, bit for bit.

mod distances;
mod property;
mod trees;
