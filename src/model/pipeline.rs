//! Preprocessing and compiled predictor in one: from a batch's rows to answers.
//!
//! Training scores folds through it too: what is evaluated is what is served.

use std::ops::Range;

use super::batch::Batch;
use super::compiled::{Layout, Predictor, Scratch};
use super::prediction::{PredictError, Prediction};
use super::preprocessing::Preprocessing;

/// The steps of one prediction.
#[derive(Debug, Clone)]
pub struct Pipeline {
    preprocessing: Preprocessing,
    predictor: Predictor,
}

impl Pipeline {
    /// Joins fitted steps with a predictor of as many columns.
    ///
    /// # Errors
    /// One sentence when the widths differ.
    pub fn new(preprocessing: Preprocessing, predictor: Predictor) -> Result<Self, String> {
        let (encoded, expected) = (preprocessing.n_columns(), predictor.n_columns());
        if encoded != expected {
            return Err(format!("preprocessing gives {encoded} columns, the estimator takes {expected}"));
        }
        Ok(Self { preprocessing, predictor })
    }

    /// The fitted steps.
    pub fn preprocessing(&self) -> &Preprocessing {
        &self.preprocessing
    }

    /// The compiled predictor.
    pub fn predictor(&self) -> &Predictor {
        &self.predictor
    }

    /// Exchanges the layout of its trees, as [`Predictor::swap_layout`].
    pub fn swap_layout(&mut self, other: &mut Layout) {
        self.predictor.swap_layout(other);
    }

    /// Answers for `rows` of a batch, in order. A row's answer does not depend on the other rows.
    ///
    /// # Errors
    /// [`PredictError`] when an answer is not finite.
    pub fn predict(
        &self,
        batch: &Batch,
        rows: Range<usize>,
        scratch: &mut Scratch,
    ) -> Result<Prediction, PredictError> {
        let first = rows.start;
        self.encoded(batch, rows, scratch, |matrix, scratch| self.predictor.predict(matrix, first, scratch))
    }

    /// Σ|terms| behind the numbers of every row, as [`Predictor::magnitudes`].
    pub fn magnitudes(&self, batch: &Batch, scratch: &mut Scratch) -> Option<Vec<f64>> {
        self.encoded(batch, 0..batch.n_rows(), scratch, |matrix, scratch| self.predictor.magnitudes(matrix, scratch))
    }

    /// Hands `rows` to `work` as the predictor's matrix.
    fn encoded<T>(
        &self,
        batch: &Batch,
        rows: Range<usize>,
        scratch: &mut Scratch,
        work: impl FnOnce(&[f64], &mut Scratch) -> T,
    ) -> T {
        let n_features = batch.n_features();
        let cells = &batch.values()[rows.start * n_features..rows.end * n_features];
        if self.preprocessing.is_identity() {
            return work(cells, scratch);
        }
        let n_columns = self.preprocessing.n_columns();
        let mut matrix = std::mem::take(&mut scratch.matrix);
        matrix.clear();
        matrix.resize(rows.len() * n_columns, 0.0);
        for (row, encoded) in cells.chunks_exact(n_features).zip(matrix.chunks_exact_mut(n_columns)) {
            self.preprocessing.encode(row, encoded);
        }
        let answer = work(&matrix, scratch);
        scratch.matrix = matrix;
        answer
    }
}
