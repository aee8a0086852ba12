//! Predictors in the layouts that answer fastest, made from the IR.
//!
//! They answer in the bits of the source's own `predict`, many times faster, and cannot panic or loop: the IR is
//! checked before.

mod answers;
mod bayes;
mod forest;
mod knn;
mod linear;
mod links;
mod predictor;
mod rounding;
mod rows;
mod scratch;
mod simd;
mod svm;

pub(crate) use links::softmax;
pub use predictor::{Predictor, TreeLayout};
pub use scratch::Scratch;
