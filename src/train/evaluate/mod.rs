//! The fits of a run and what they are worth: one queue of jobs, out-of-fold answers, figures, errors by subgroup.

pub(crate) mod folds;
pub mod metrics;
pub mod parallel;
pub(crate) mod schedule;
pub(crate) mod subgroup_errors;
