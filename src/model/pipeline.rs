//! Preprocessing and compiled predictor in one: from a batch's rows to answers.
//!
//! Training scores folds through it too: what is evaluated is what is served.

use std::ops::Range;

use super::batch::Batch;
use super::compiled::{Predictor, Scratch, TreeLayout};
use super::ir::Width;
use super::neutral::{Given, Steps, Stop};
use super::postprocessing::Postprocessing;
use super::prediction::{PredictError, Prediction};
use super::preprocessing::Preprocessing;

/// The steps of one prediction.
#[derive(Debug, Clone)]
pub struct Pipeline {
    encoder: Encoder,
    /// True where cells are the columns as they are. Looking through the steps took 10 ns a call.
    is_identity: bool,
    predictor: Predictor,
    after: Postprocessing,
}

/// From a batch's cells to the predictor's columns.
#[derive(Debug, Clone)]
pub enum Encoder {
    /// The preprocessing of a smartcore model, which `train` fitted.
    Preprocessing(Preprocessing),
    /// The checked steps of a model in the neutral form.
    Steps(Steps),
}

impl Encoder {
    /// How many columns it makes.
    pub fn n_columns(&self) -> usize {
        match self {
            Self::Preprocessing(preprocessing) => preprocessing.n_columns(),
            Self::Steps(steps) => steps.outputs.len(),
        }
    }

    /// The steps that make no finite number of this row's; see [`Steps::stops`].
    pub(super) fn stops(&self, row: &[f64]) -> Vec<Stop> {
        match self {
            // What `train` fits makes numbers of numbers.
            Self::Preprocessing(_) => Vec::new(),
            Self::Steps(steps) => steps.stops(row),
        }
    }

    /// What the predictor is given of each feature of a row; `None` for what `train` fitted as preprocessing.
    pub(super) fn given(&self, row: &[f64]) -> Option<Vec<Given>> {
        match self {
            Self::Preprocessing(_) => None,
            Self::Steps(steps) => Some(steps.given(row)),
        }
    }

    /// Of each of its columns the position of the feature that it is made from; rows are of `n_features`.
    pub(super) fn features_of_columns(&self, n_features: usize) -> Vec<u32> {
        match self {
            Self::Preprocessing(preprocessing) => preprocessing.columns.iter().map(|column| column.feature).collect(),
            Self::Steps(steps) => steps.features_of_outputs(n_features),
        }
    }

    /// The predictor's columns for row-major cells of rows of `n_features`, row-major `[n_rows, n_columns]`.
    pub fn matrix(&self, cells: &[f64], n_features: usize) -> Vec<f64> {
        if self.is_identity() {
            return cells.to_vec();
        }
        let mut matrix = vec![0.0; cells.len() / n_features * self.n_columns()];
        self.encode(cells, n_features, &mut Vec::new(), &mut matrix);
        matrix
    }

    fn is_identity(&self) -> bool {
        match self {
            Self::Preprocessing(preprocessing) => preprocessing.is_identity(),
            Self::Steps(steps) => steps.is_identity(),
        }
    }

    /// Encodes row-major cells of rows of `n_features` into `matrix`.
    fn encode(&self, cells: &[f64], n_features: usize, columns: &mut Vec<f64>, matrix: &mut [f64]) {
        let rows = cells.chunks_exact(n_features).zip(matrix.chunks_exact_mut(self.n_columns().max(1)));
        match self {
            Self::Preprocessing(preprocessing) => rows.for_each(|(row, encoded)| preprocessing.encode(row, encoded)),
            Self::Steps(steps) => rows.for_each(|(row, encoded)| steps.encode(row, columns, encoded)),
        }
    }
}

impl Pipeline {
    /// Joins fitted steps with a predictor of as many columns.
    ///
    /// # Errors
    /// One sentence when the widths differ.
    pub fn new(encoder: Encoder, predictor: Predictor) -> Result<Self, String> {
        let (given, expected) = (encoder.n_columns(), predictor.n_columns());
        if given != expected {
            return Err(format!("preprocessing gives {given} columns, the estimator takes {expected}"));
        }
        Ok(Self { is_identity: encoder.is_identity(), encoder, predictor, after: Postprocessing::default() })
    }

    /// The same with other steps after the predictor.
    #[must_use]
    pub fn with_postprocessing(self, after: Postprocessing) -> Self {
        Self { after, ..self }
    }

    /// What is done with probabilities after the predictor.
    pub fn postprocessing(&self) -> &Postprocessing {
        &self.after
    }

    /// The width of the numbers in answers: of 32 bits, each is an f32.
    pub fn width(&self) -> Width {
        if self.after.calibrator.is_some() { Width::F64 } else { self.predictor.width() }
    }

    /// The way from cells to columns.
    pub fn encoder(&self) -> &Encoder {
        &self.encoder
    }

    /// The compiled predictor.
    pub fn predictor(&self) -> &Predictor {
        &self.predictor
    }

    /// Exchanges the layout of its trees, as [`Predictor::swap_layout`].
    pub fn swap_layout(&mut self, other: &mut TreeLayout) {
        self.predictor.swap_layout(other);
    }

    /// Answers for `rows` of a batch, in order. A row's answer does not depend on the other rows.
    ///
    /// # Errors
    /// [`PredictError`] when an answer is not finite.
    pub fn predict_rows(
        &self,
        batch: &Batch,
        rows: Range<usize>,
        scratch: &mut Scratch,
    ) -> Result<Prediction, PredictError> {
        let first = rows.start;
        let mut answers =
            self.encoded(batch, rows, scratch, |matrix, scratch| self.predictor.predict(matrix, first, scratch))?;
        self.after.apply(&mut answers);
        Ok(answers)
    }

    /// Answers for a batch as the predictor gives them: neither calibrated nor chosen by a threshold.
    ///
    /// # Errors
    /// [`PredictError`] when an answer is not finite.
    pub(super) fn predict_before_postprocessing(
        &self,
        batch: &Batch,
        scratch: &mut Scratch,
    ) -> Result<Prediction, PredictError> {
        let rows = 0..batch.n_rows();
        self.encoded(batch, rows, scratch, |matrix, scratch| self.predictor.predict(matrix, 0, scratch))
    }

    /// Raw scores for `rows` of a batch, as [`Predictor::raw`].
    pub fn raw(&self, batch: &Batch, rows: Range<usize>, scratch: &mut Scratch) -> Option<Vec<f64>> {
        self.encoded(batch, rows, scratch, |matrix, scratch| self.predictor.raw(matrix, scratch))
    }

    /// Σ|terms| behind the numbers of every row, as [`Predictor::magnitudes`]; of calibrated ones what a calibrator
    /// makes of it.
    pub fn magnitudes(&self, batch: &Batch, scratch: &mut Scratch) -> Option<Vec<f64>> {
        let terms = self
            .encoded(batch, 0..batch.n_rows(), scratch, |matrix, scratch| self.predictor.magnitudes(matrix, scratch));
        self.after.magnitudes(terms, batch.n_rows())
    }

    /// How far the trees disagree on each of `rows` of a batch, as [`Predictor::spread`].
    pub fn spread(&self, batch: &Batch, rows: Range<usize>, scratch: &mut Scratch) -> Option<Vec<f64>> {
        self.encoded(batch, rows, scratch, |matrix, _| self.predictor.spread(matrix))
    }

    /// Hands `rows` to `work` as the predictor's matrix.
    pub(super) fn encoded<T>(
        &self,
        batch: &Batch,
        rows: Range<usize>,
        scratch: &mut Scratch,
        work: impl FnOnce(&[f64], &mut Scratch) -> T,
    ) -> T {
        let n_features = batch.n_features();
        let cells = &batch.values()[rows.start * n_features..rows.end * n_features];
        if self.is_identity {
            return work(cells, scratch);
        }
        let (mut matrix, mut columns) =
            (std::mem::take(&mut scratch.matrix), std::mem::take(&mut scratch.step_columns));
        matrix.clear();
        matrix.resize(rows.len() * self.encoder.n_columns(), 0.0);
        self.encoder.encode(cells, n_features, &mut columns, &mut matrix);
        let answer = work(&matrix, scratch);
        (scratch.matrix, scratch.step_columns) = (matrix, columns);
        answer
    }
}
