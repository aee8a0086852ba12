//! What a reader of the `estimator` section must know besides the bytes.

use crate::model::algorithm::Algorithm;
use crate::model::schema::Task;

/// What a model's header says of its estimator.
#[derive(Debug, Clone, Copy)]
pub struct Shape {
    /// Which estimator the bytes hold.
    pub algorithm: Algorithm,
    /// What it predicts.
    pub task: Task,
    /// Encoded columns.
    pub n_columns: usize,
    /// Classes; 0 for regression.
    pub n_classes: usize,
}
