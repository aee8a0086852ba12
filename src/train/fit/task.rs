//! The input of one fit, and helpers of every fit with smartcore.

use smartcore::error::Failed;

use crate::model::algorithm::Algorithm;
use crate::model::preprocessing::Preprocessing;
use crate::model::schema::Schema;
use crate::model::smartcore::Matrix;
use crate::train::data::target::Observed;
use crate::train::options::Hyperparameters;

/// An estimator to fit and the rows to fit it on.
pub(crate) struct FitTask<'a> {
    pub(crate) algorithm: Algorithm,
    pub(crate) parameters: &'a Hyperparameters,
    pub(crate) seed: u64,
    /// True when trees of classes vote: their leaves' shares are not kept.
    pub(crate) votes: bool,
    /// True when the columns were scaled to mean 0 and standard deviation 1.
    pub(crate) scaled: bool,
    pub(crate) n_rows: usize,
    pub(crate) n_columns: usize,
    /// 0 for regression.
    pub(crate) n_classes: usize,
    /// Names features and classes.
    pub(crate) schema: &'a Schema,
    /// Says which feature a column of the matrix was made from.
    pub(crate) preprocessing: &'a Preprocessing,
    /// Row-major `[n_rows, n_columns]`.
    pub(crate) matrix: &'a [f64],
    pub(crate) observed: &'a Observed,
}

/// What was fitted, as the artifact's sections hold it, or a part of it.
#[derive(Debug, Clone, Default)]
pub(crate) struct FittedBytes {
    /// The `estimator` section.
    pub(crate) estimator: Vec<u8>,
    /// The `shares` section of trees of classes.
    pub(crate) shares: Option<Vec<u8>>,
}

impl From<Vec<u8>> for FittedBytes {
    fn from(estimator: Vec<u8>) -> Self {
        Self { estimator, shares: None }
    }
}

/// Fewest rows of a leaf.
pub(crate) fn leaf(parameters: &Hyperparameters) -> usize {
    parameters.count("min-samples-leaf").unwrap_or(1)
}

/// smartcore counts levels of nodes where `max-depth` counts splits: one more.
pub(crate) fn levels(parameters: &Hyperparameters) -> Option<u16> {
    parameters.count("max-depth").map(|depth| u16::try_from(depth + 1).unwrap_or(u16::MAX))
}

/// smartcore's matrix of the task's rows.
pub(crate) fn matrix(task: &FitTask<'_>) -> Result<Matrix, String> {
    Matrix::new(task.n_rows, task.n_columns, task.matrix.to_vec(), false).map_err(|e| sentence(&e))
}

/// A failure of smartcore's as a sentence.
pub(crate) fn sentence(error: &Failed) -> String {
    format!("smartcore says: {error}")
}
