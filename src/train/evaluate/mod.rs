//! The fits of a run and what they are worth: one queue of jobs, out-of-fold answers, figures, errors by subgroup.

pub mod baseline;
pub(crate) mod budget;
pub mod calibrate;
pub mod coverage;
pub(crate) mod expected;
pub(crate) mod fit_time;
pub(crate) mod folds;
pub(crate) mod importance;
pub mod metrics;
pub mod parallel;
pub(crate) mod postprocess;
pub mod progress;
pub(crate) mod schedule;
pub(crate) mod scoring;
pub(crate) mod subgroup_errors;
pub mod thresholds;
