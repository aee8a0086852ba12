//! Out-of-fold scores of the training rows: what intervals and prediction sets are made from.
//!
//! Kept in a section of its own rather than in the JSON head: a head is at most 16 MiB, the training rows are not.

use serde::{Deserialize, Serialize};

/// One entry a training row, in row order. The served estimator is fitted on all training rows; these scores come from
/// the k-fold run, in which each row is scored by a model that was not fitted on it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Calibration {
    /// Folds of the run.
    pub folds: u32,
    /// The fold that held the row out, shape `[n_rows]`.
    pub fold: Vec<u32>,
    /// The scores.
    pub scores: Scores,
}

/// Out-of-fold scores.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub enum Scores {
    /// Regression.
    Residuals {
        /// Observed minus predicted, in the target's unit, shape `[n_rows]`.
        residual: Vec<f64>,
        /// How hard the row looked to the model that held it out (population standard deviation of its trees'
        /// answers), shape `[n_rows]`; empty where the method has none.
        difficulty: Vec<f64>,
    },
    /// Classification.
    Probabilities {
        /// Position of the observed class, shape `[n_rows]`.
        observed: Vec<u32>,
        /// Class probabilities, row-major `[n_rows, n_classes]` (1 and 0 where the method only votes for a class).
        probability: Vec<f64>,
    },
}
