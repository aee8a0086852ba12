//! One fit, from rows of features to a pipeline that answers as the served model would.
//!
//! Folds and the final fit take this same path: preprocessing is fitted on the given rows alone, and what comes out
//! went through the estimator's serialized form.

use super::error::TrainError;
use super::estimators::{self, Task as EstimatorTask};
use super::options::Hyperparameters;
use super::requirements;
use super::target::Observed;
use crate::model::algorithm::Algorithm;
use crate::model::batch::Batch;
use crate::model::compiled::{Predictor, Scratch, Shape};
use crate::model::pipeline::Pipeline;
use crate::model::prediction::Prediction;
use crate::model::preprocessing::Preprocessing;
use crate::model::schema::Schema;

/// What every fit of a run shares.
#[derive(Debug)]
pub(super) struct Recipe<'a> {
    /// The table, for errors.
    pub(super) file: &'a str,
    pub(super) schema: &'a Schema,
    pub(super) algorithm: Algorithm,
    pub(super) parameters: &'a Hyperparameters,
    pub(super) scale: bool,
    pub(super) seed: u64,
}

/// A fitted pipeline with what the artifact keeps of it.
#[derive(Debug)]
pub(super) struct Fitted {
    pub(super) pipeline: Pipeline,
    /// The `estimator` section.
    pub(super) section: Vec<u8>,
    pub(super) shape: Shape,
}

impl Recipe<'_> {
    /// Fits on row-major `rows` of shape `[n_rows, n_features]`.
    pub(super) fn fit(&self, rows: &[f64], observed: &Observed) -> Result<Fitted, TrainError> {
        let preprocessing = Preprocessing::fit(self.schema, rows, self.scale);
        let n_columns = preprocessing.n_columns();
        if n_columns == 0 {
            return Err(TrainError::Data(format!(
                "{}: every feature has one value in {} rows to fit on: use other features or fewer --folds",
                self.file,
                observed.len()
            )));
        }
        let matrix = encode(&preprocessing, rows, self.schema.n_features());
        let task = EstimatorTask {
            algorithm: self.algorithm,
            parameters: self.parameters,
            seed: self.seed,
            scaled: self.scale,
            n_rows: observed.len(),
            n_columns,
            schema: self.schema,
            preprocessing: &preprocessing,
            matrix: &matrix,
            observed,
        };
        requirements::check(&task).map_err(|reason| TrainError::Data(format!("{}: {reason}", self.file)))?;
        let estimator = estimators::fit(&task).map_err(|reason| self.refused(reason))?;
        let section = estimator.to_section().map_err(TrainError::Broken)?;
        let shape = Shape {
            algorithm: self.algorithm,
            task: self.schema.task(),
            n_columns,
            n_classes: self.schema.target().classes.len(),
        };
        let predictor =
            Predictor::decode(&section, shape).map_err(|e| self.refused(format!("{e}{}", self.advice())))?;
        let pipeline = Pipeline::new(preprocessing, predictor).map_err(TrainError::Broken)?;
        Ok(Fitted { pipeline, section, shape })
    }

    /// Answers for a batch through a fitted pipeline.
    pub(super) fn answer(&self, fitted: &Fitted, batch: &Batch) -> Result<Prediction, TrainError> {
        fitted.pipeline.predict(batch, 0..batch.n_rows(), &mut Scratch::default()).map_err(|_| {
            self.refused(format!("its answers for rows it was not fitted on are not finite{}", self.advice()))
        })
    }

    fn refused(&self, reason: String) -> TrainError {
        TrainError::Fit { algorithm: self.algorithm, reason }
    }

    fn advice(&self) -> &'static str {
        if self.scale || self.algorithm.is_trees() { "" } else { "; try --scale" }
    }
}

impl Fitted {
    /// The estimator's matrix for a batch, row-major `[n_rows, n_columns]`.
    pub(super) fn matrix(&self, batch: &Batch) -> Vec<f64> {
        encode(self.pipeline.preprocessing(), batch.values(), batch.n_features())
    }
}

fn encode(preprocessing: &Preprocessing, rows: &[f64], n_features: usize) -> Vec<f64> {
    let n_columns = preprocessing.n_columns();
    let mut matrix = vec![0.0; rows.len() / n_features * n_columns];
    for (row, encoded) in rows.chunks_exact(n_features).zip(matrix.chunks_exact_mut(n_columns)) {
        preprocessing.encode(row, encoded);
    }
    matrix
}
