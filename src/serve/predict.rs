//! One prediction: a model and rows in, the answers out. Every protocol's handler calls [`ServerState::predict`].

use std::time::Duration;

use crate::model::Model;
use crate::model::batch::Batch;
use crate::model::prediction::Answer;
use crate::model::question::Question;

use super::ServerState;
use super::admission::MemoryLease;
use super::error::ComputeError;
use super::registry::Snapshot;

/// A prediction grows slice by slice, and a growing vector is at most this many times as large as what is in it.
const GROWTH: usize = 2;

/// The rows to predict and what the request holds meanwhile.
#[derive(Debug)]
pub struct PredictInput<'s> {
    /// The version of the model.
    pub snapshot: &'s Snapshot,
    /// The rows, checked against that version's schema.
    pub batch: Batch,
    /// The most bytes that the encoded answer takes.
    pub answer_bytes: usize,
    /// Bytes that the request keeps beside the batch until its answer is encoded, such as the unread lines of a stream.
    pub other_bytes: usize,
}

/// The result of [`ServerState::predict`].
#[derive(Debug)]
pub struct PredictOutput {
    /// One prediction a row, with what the batch asks for beside it.
    pub predicted: Answer,
    /// The time spent computing it, waiting excluded.
    pub took: Duration,
}

/// The most bytes that the answers to a question about this many rows take until they are encoded.
pub fn prediction_bytes(model: &Model, n_rows: usize, question: Question) -> usize {
    let target = model.schema().target();
    let numbers_per_row = target.n_outputs() + target.classes.len() + model.numbers_beside(question);
    GROWTH * n_rows * numbers_per_row * size_of::<f64>()
}

impl ServerState {
    /// Predicts rows: resizes the request's lease to hold the prediction and the larger of rows and encoded answer,
    /// then computes inline or on the pool.
    ///
    /// # Errors
    /// [`ComputeError`].
    pub async fn predict(&self, memory: &MemoryLease, input: PredictInput<'_>) -> Result<PredictOutput, ComputeError> {
        let PredictInput { snapshot, batch, answer_bytes, other_bytes } = input;
        let prediction = prediction_bytes(&snapshot.model, batch.n_rows(), batch.question());
        // The rows are gone when the answer is encoded.
        let rows_or_answer = size_of_val(batch.values()).max(answer_bytes);
        memory.resize_to(other_bytes + prediction + rows_or_answer).await?;
        let (predicted, took) = self.compute.compute(memory, snapshot, batch).await?;
        Ok(PredictOutput { predicted, took })
    }
}
