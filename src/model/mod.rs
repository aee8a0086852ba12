//! The model: pure computation. No axum, no tokio, no clock, no files; bytes in, answers out.
//!
//! `schema` says what a row is, `batch` holds rows known to fit it, `preprocessing` makes an estimator's columns of
//! them, `compiled` predicts, `artifact` is all of it as bytes, [`Model`] is all of it loaded and checked.

pub mod algorithm;
pub mod artifact;
pub mod batch;
pub mod calibration;
pub mod compiled;
pub mod estimator;
pub mod pipeline;
pub mod prediction;
pub mod preprocessing;
pub mod schema;
pub mod statistics;

use std::ops::Range;

use artifact::{ArtifactError, Header};
use batch::Batch;
use compiled::Scratch;
use pipeline::Pipeline;
use prediction::{PredictError, Prediction};
use schema::Schema;

/// A model, verified: every reference in it is in range, so that predicting cannot fail but by a non-finite answer.
#[derive(Debug)]
pub struct Model {
    header: Header,
    schema: Schema,
    pipeline: Pipeline,
    golden: Batch,
    version: String,
}

/// A golden row that the model answers otherwise than when it was written.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
#[error("golden row {row}: expected {expected}, got {got}")]
pub struct GoldenDifference {
    /// The row's position among the golden rows, from 0.
    pub row: usize,
    /// The stored answer.
    pub expected: String,
    /// The answer now.
    pub got: String,
}

impl Model {
    /// Reads an artifact. Total: every byte sequence gives a model or an error, in time and memory proportional to its
    /// length. Golden rows are checked apart, by [`Model::check_golden`].
    ///
    /// # Errors
    /// [`ArtifactError`]: one line, what is wrong.
    pub fn load(_bytes: &[u8]) -> Result<Self, ArtifactError> {
        Err(ArtifactError("not yet".to_owned()))
    }

    /// Predicts the golden rows and compares with the stored answers: bit for bit for trees and linear models, within
    /// 1e-12 × Σ|terms| where another CPU's `exp` may differ.
    ///
    /// # Errors
    /// Every row that differs.
    pub fn check_golden(&self) -> Result<(), Vec<GoldenDifference>> {
        Ok(())
    }

    /// The artifact's head.
    pub fn header(&self) -> &Header {
        &self.header
    }

    /// What a row must look like and what is answered.
    pub fn schema(&self) -> &Schema {
        &self.schema
    }

    /// First 12 hex digits of the artifact's SHA-256.
    pub fn version(&self) -> &str {
        &self.version
    }

    /// The golden rows, for timing a prediction; at least one row.
    pub fn golden_batch(&self) -> &Batch {
        &self.golden
    }

    /// Bytes the loaded model occupies, about.
    pub fn resident_bytes(&self) -> usize {
        0
    }

    /// Answers for all rows of a batch, in order.
    ///
    /// # Errors
    /// [`PredictError`] when an answer is not finite.
    pub fn predict(&self, batch: &Batch, scratch: &mut Scratch) -> Result<Prediction, PredictError> {
        self.predict_rows(batch, 0..batch.n_rows(), scratch)
    }

    /// Answers for some rows of a batch: the same bits as [`Model::predict`] gives for them.
    ///
    /// # Errors
    /// [`PredictError`] when an answer is not finite.
    pub fn predict_rows(
        &self,
        batch: &Batch,
        rows: Range<usize>,
        scratch: &mut Scratch,
    ) -> Result<Prediction, PredictError> {
        self.pipeline.predict(batch, rows, scratch)
    }
}
