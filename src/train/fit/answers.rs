//! A fitted model's answers for rows of its table, a piece at a time: neither the rows nor what is made of them are held
//! twice. A row's answer does not depend on the rows beside it.

use crate::model::batch::Batch;
use crate::model::compiled::Scratch;
use crate::model::prediction::Prediction;
use crate::train::error::TrainError;
use crate::train::fit::plan::{FitPlan, FittedModel};

/// Rows of a piece: 640 KiB of 20 columns.
const PIECE: usize = 4_096;

/// Answers, and how far the trees disagree on each row, where the method has that.
pub(crate) type RowAnswers = (Prediction, Option<Vec<f64>>);

impl FitPlan<'_> {
    /// Answers for a batch through a fitted pipeline.
    pub(crate) fn answer(&self, fitted: &FittedModel, batch: &Batch) -> Result<Prediction, TrainError> {
        let (mut scratch, mut all) = (Scratch::default(), None);
        for start in (0..batch.n_rows()).step_by(PIECE) {
            let rows = start..batch.n_rows().min(start + PIECE);
            let answers = fitted.pipeline.predict_rows(batch, rows, &mut scratch);
            add(&mut all, answers.map_err(|_| self.not_finite())?);
        }
        all.ok_or_else(nothing)
    }

    /// Answers for some training rows, at least one, in that order.
    pub(crate) fn answer_rows(&self, fitted: &FittedModel, rows: &[usize]) -> Result<RowAnswers, TrainError> {
        let train = &self.data.split.train;
        let (mut scratch, mut all, mut difficulty) = (Scratch::default(), None, Vec::new());
        for rows in rows.chunks(PIECE) {
            let batch = Batch::from_rows(self.schema(), train.cells(rows)).map_err(TrainError::Broken)?;
            let answers = fitted.pipeline.predict_rows(&batch, 0..rows.len(), &mut scratch);
            add(&mut all, answers.map_err(|_| self.not_finite())?);
            difficulty.extend(fitted.pipeline.spread(&batch, 0..rows.len(), &mut scratch).into_iter().flatten());
        }
        let difficulty = (!difficulty.is_empty()).then_some(difficulty);
        all.map(|answers| (answers, difficulty)).ok_or_else(nothing)
    }

    fn not_finite(&self) -> TrainError {
        self.refused(format!("its answers for rows it was not fitted on are not finite{}", self.advice()))
    }
}

impl FittedModel {
    /// The estimator's matrix for a batch in pieces, each row-major `[n_rows, n_columns]`.
    pub(crate) fn matrices<'b>(&'b self, batch: &'b Batch) -> impl Iterator<Item = Vec<f64>> + 'b {
        let pieces = batch.values().chunks(PIECE * batch.n_features());
        pieces.map(|cells| self.pipeline.encoder().matrix(cells, batch.n_features()))
    }
}

fn add(all: &mut Option<Prediction>, more: Prediction) {
    match all {
        None => *all = Some(more),
        Some(answers) => answers.append(more),
    }
}

fn nothing() -> TrainError {
    TrainError::Broken("there were no rows to answer".to_owned())
}
