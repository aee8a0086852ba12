//! Buffers of one worker.

use super::forest::Buffers;
use super::knn::SearchBuffers;

/// Buffers of one worker, reused from call to call so that nothing is allocated per row.
#[derive(Debug, Default)]
pub struct Scratch {
    /// Encoded columns, row-major `[n_rows, n_columns]`.
    pub(in crate::model) matrix: Vec<f64>,
    /// Columns of one row while it is encoded.
    pub(in crate::model) step_columns: Vec<f64>,
    /// Votes, row-major `[n_rows, n_classes]`.
    pub(super) votes: Vec<u32>,
    /// Margins of classifiers, row-major `[n_rows, n_outputs]`.
    pub(super) margins: Vec<f64>,
    /// What a search for neighbours works on.
    pub(super) search: SearchBuffers,
    /// Kernel values, `[n_vectors, rows of a block]`.
    pub(super) kernel: Vec<f64>,
    /// What the forest kernels work on.
    pub(super) forest: Buffers,
}
