//! Errors of training: one line each, and the class that decides the exit code.

use crate::model::algorithm::Algorithm;
use crate::table::{ErrorClass, TableError};

/// Why there is no artifact. `Display` is one line: where, what is wrong, and what to do.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum TrainError {
    /// The table cannot be read or is malformed.
    #[error(transparent)]
    Table(#[from] TableError),
    /// The options contradict each other or the algorithm, whatever the data.
    #[error("{0}")]
    Usage(String),
    /// The data does not suffice for what is asked.
    #[error("{0}")]
    Data(String),
    /// The estimator refused the data.
    #[error("{algorithm} could not be fitted: {reason}")]
    Fit {
        /// The estimator.
        algorithm: Algorithm,
        /// One sentence: the reason, and what may help.
        reason: String,
    },
    /// `--time-budget` ended before the fit did, or before it was begun.
    #[error("{0}")]
    OverBudget(String),
    /// The artifact is invalid: a bug of ours.
    #[error("internal error: the trained model is invalid: {0}; please report it")]
    Broken(String),
}

impl TrainError {
    /// The budget was too short for anything.
    pub(crate) fn nothing_fitted() -> Self {
        let text = "nothing was fitted within --time-budget: give more time, or use fewer --folds or fewer rows";
        Self::OverBudget(text.to_owned())
    }

    /// What kind of failure it is.
    pub fn class(&self) -> ErrorClass {
        match self {
            Self::Table(e) => e.class(),
            Self::Usage(_) => ErrorClass::Usage,
            Self::Data(_) => ErrorClass::Invalid,
            Self::Fit { .. } | Self::OverBudget(_) | Self::Broken(_) => ErrorClass::Failed,
        }
    }
}
