//! The IR of a predictor: what it computes, without any library's layout.
//!
//! `smartcore` makes it from its objects' bytes, `neutral` from a model in the neutral form; `compiled` makes kernels
//! from it. Each type has one constructor, which checks: any value is valid, so kernels index without checks.

mod bayes;
pub mod bounds;
mod categories;
mod checked_trees;
mod finite;
mod form;
mod linear;
mod link;
mod neighbors;
mod shares;
mod svm;
mod trees;

pub use bayes::Bayes;
pub use categories::{CategorySet, category};
pub use checked_trees::Trees;
pub use form::Form;
pub use linear::{Linear, LinearRule};
pub use link::{Decision, Link, Width};
pub use neighbors::Neighbors;
pub use shares::Shares;
pub use svm::{Kernel, Machine, Svm};
pub use trees::{Ensemble, Leaves, LinearLeaf, Missing, Node, Split, Sum, Test, Tree};
