//! Contributions: how much each feature adds to a row's scores. `docs/reasons.md` says what they are.
//!
//! Of trees they are Shapley values of the path-dependent expectation (`TreeSHAP`), exactly; of linear functions
//! coefficient × distance from the training mean; of other methods they are sampled. They are of the estimator: of
//! margins before the link, of probabilities before they are calibrated.

mod explainer;
mod laid;
mod lanes;
mod laying;
mod leaf_values;
mod linear;
mod opened;
mod quadrature;
mod sampled;
mod trees;
mod walk;

pub use explainer::{Explainer, Parts};
pub(super) use opened::of_opened;
