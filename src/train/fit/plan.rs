//! Fits one model, from rows of features to the pipeline that would be served. Folds and the final fit use the same
//! path: preprocessing is fitted on the given rows alone.

use std::cell::Cell;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Once;

use crate::model::algorithm::Algorithm;
use crate::model::batch::Batch;
use crate::model::compiled::{Predictor, Scratch};
use crate::model::ir::Form;
use crate::model::pipeline::{Encoder, Pipeline};
use crate::model::prediction::Prediction;
use crate::model::preprocessing::Preprocessing;
use crate::model::schema::Schema;
use crate::model::smartcore::{self, Parts, Shape};
use crate::train::data::target::Observed;
use crate::train::data::training_data::TrainingData;
use crate::train::error::TrainError;
use crate::train::fit::estimators;
use crate::train::fit::svm;
use crate::train::fit::task::{FitTask, FittedBytes};
use crate::train::fit::trees::forests::{self, ForestInput};
use crate::train::options::Hyperparameters;
use crate::train::spec::TrainSpec;

/// How a candidate is fitted, on whatever rows.
#[derive(Clone, Copy)]
pub(crate) struct FitPlan<'a> {
    pub(crate) spec: &'a TrainSpec,
    pub(crate) data: &'a TrainingData,
    pub(crate) parameters: &'a Hyperparameters,
}

/// A fitted pipeline and its sections.
#[derive(Debug)]
pub(crate) struct FittedModel {
    pub(crate) pipeline: Pipeline,
    /// Its steps before the estimator.
    pub(crate) preprocessing: Preprocessing,
    /// What the artifact holds of it.
    pub(crate) sections: FittedBytes,
    /// What it computes.
    pub(crate) form: Form,
}

/// Encoded rows to fit on.
#[derive(Debug)]
pub(crate) struct Prepared {
    preprocessing: Preprocessing,
    n_columns: usize,
    /// Row-major `[n_rows, n_columns]`.
    matrix: Vec<f64>,
    /// The same for all blocks of a forest.
    shared: Option<ForestInput>,
    observed: Observed,
}

/// The result of a part of a fit.
#[derive(Debug)]
pub(crate) enum FitPart {
    /// All of it.
    Whole(FittedBytes),
    /// A block of a forest's trees.
    Trees(FittedBytes),
    /// The support vectors between a pair of classes.
    PairwiseSvm(Parts),
}

impl<'a> FitPlan<'a> {
    pub(crate) fn schema(&self) -> &'a Schema {
        &self.data.encoded.schema
    }

    /// Fits preprocessing on row-major `rows` of shape `[n_rows, n_features]` and encodes them.
    pub(crate) fn prepare(&self, rows: &[f64], observed: Observed) -> Result<Prepared, TrainError> {
        let preprocessing = Preprocessing::fit(self.schema(), rows, self.spec.scales());
        let n_columns = preprocessing.n_columns();
        if n_columns == 0 {
            return Err(TrainError::Data(format!(
                "{}: every feature has one value in {} rows to fit on: use other features or fewer --folds",
                self.data.file,
                observed.len()
            )));
        }
        let matrix = encode(&preprocessing, rows, self.schema().n_features());
        let mut prepared = Prepared { preprocessing, n_columns, matrix, shared: None, observed };
        let task = self.task(&prepared);
        estimators::check(&task).map_err(|reason| TrainError::Data(format!("{}: {reason}", self.data.file)))?;
        if self.spec.algorithm.is_averaged() {
            let shared = ForestInput::of(&task);
            prepared.shared = Some(shared.map_err(|reason| self.refused(reason))?);
        }
        Ok(prepared)
    }

    /// The number of parts that a fit can do at the same time.
    pub(crate) fn n_parts(&self) -> usize {
        match self.spec.algorithm {
            Algorithm::RandomForest | Algorithm::ExtraTrees => forests::n_blocks(self.parameters),
            Algorithm::Svc => svm::n_pairs(self.data.n_classes()),
            _ => 1,
        }
    }

    /// Fits one of the parts.
    pub(crate) fn part(&self, prepared: &Prepared, part: usize) -> Result<FitPart, TrainError> {
        let task = self.task(prepared);
        let fitted = catch_panic(|| match (&prepared.shared, self.spec.algorithm) {
            (Some(shared), _) => forests::grow(&task, shared, part).map(FitPart::Trees),
            (None, Algorithm::Svc) => estimators::machine(&task, part).map(FitPart::PairwiseSvm),
            (None, _) => estimators::fit(&task).map(FitPart::Whole),
        });
        match fitted {
            Ok(part) => part.map_err(|reason| self.refused(reason)),
            Err(panic) => Err(self.refused(format!("smartcore panicked: {panic}"))),
        }
    }

    /// The sections of all parts, which are in order.
    fn sections(&self, prepared: &Prepared, parts: Vec<FitPart>) -> Result<FittedBytes, String> {
        let task = self.task(prepared);
        let (mut trees, mut pairs) = (Vec::new(), Vec::new());
        for part in parts {
            match part {
                FitPart::Whole(sections) => return Ok(sections),
                FitPart::Trees(block) => trees.push(block),
                FitPart::PairwiseSvm(parts) => pairs.push(parts),
            }
        }
        if pairs.is_empty() {
            forests::merge(&task, &trees)
        } else {
            estimators::machines(&task, &pairs).map(Into::into)
        }
    }

    /// Joins the parts, in order, to a pipeline.
    pub(crate) fn join(&self, prepared: &Prepared, parts: Vec<FitPart>) -> Result<FittedModel, TrainError> {
        let sections = self.sections(prepared, parts).map_err(TrainError::Broken)?;
        let shape = Shape {
            algorithm: self.spec.algorithm,
            task: self.schema().task(),
            n_columns: prepared.n_columns,
            n_classes: self.data.n_classes(),
        };
        let read = smartcore::read(&sections.estimator, sections.shares.as_deref(), shape);
        let form = read.map_err(|e| self.refused(format!("{e}{}", self.advice())))?;
        let predictor = Predictor::compile(&form, shape.n_classes).map_err(|e| self.refused(e))?;
        let preprocessing = prepared.preprocessing.clone();
        let encoder = Encoder::Preprocessing(preprocessing.clone());
        let pipeline = Pipeline::new(encoder, predictor).map_err(TrainError::Broken)?;
        Ok(FittedModel { pipeline, preprocessing, sections, form })
    }

    fn task<'t>(&'t self, prepared: &'t Prepared) -> FitTask<'t> {
        FitTask {
            algorithm: self.spec.algorithm,
            parameters: self.parameters,
            seed: self.spec.seed,
            votes: self.spec.vote,
            scaled: self.spec.scales(),
            n_rows: prepared.observed.len(),
            n_columns: prepared.n_columns,
            n_classes: self.data.n_classes(),
            schema: self.schema(),
            preprocessing: &prepared.preprocessing,
            matrix: &prepared.matrix,
            observed: &prepared.observed,
        }
    }

    /// Answers for a batch through a fitted pipeline.
    pub(crate) fn answer(&self, fitted: &FittedModel, batch: &Batch) -> Result<Prediction, TrainError> {
        fitted.pipeline.predict_rows(batch, 0..batch.n_rows(), &mut Scratch::default()).map_err(|_| {
            self.refused(format!("its answers for rows it was not fitted on are not finite{}", self.advice()))
        })
    }

    fn refused(&self, reason: String) -> TrainError {
        TrainError::Fit { algorithm: self.spec.algorithm, reason }
    }

    fn advice(&self) -> &'static str {
        if self.spec.scales() || self.spec.algorithm.is_trees() { "" } else { "; try --scale" }
    }
}

impl FittedModel {
    /// The estimator's matrix for a batch, row-major `[n_rows, n_columns]`.
    pub(crate) fn matrix(&self, batch: &Batch) -> Vec<f64> {
        encode(&self.preprocessing, batch.values(), batch.n_features())
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

thread_local! {
    static QUIET: Cell<bool> = const { Cell::new(false) };
}

/// Runs `work` and returns a panic's message as an error, off the terminal. Known causes of smartcore's panics are
/// checked before; this is for the unknown ones.
fn catch_panic<T>(work: impl FnOnce() -> T) -> Result<T, String> {
    silence_quiet_threads();
    let before = QUIET.replace(true);
    let outcome = catch_unwind(AssertUnwindSafe(work));
    QUIET.set(before);
    outcome.map_err(|payload| {
        let text = payload.downcast_ref::<&str>().map(|s| (*s).to_owned());
        text.or_else(|| payload.downcast_ref::<String>().cloned()).unwrap_or_else(|| "no reason given".to_owned())
    })
}

/// Installs a hook, once a process, that drops the message of a panic inside [`catch_panic`] and passes on others.
fn silence_quiet_threads() {
    static ONCE: Once = Once::new();
    ONCE.call_once(|| {
        let before = std::panic::take_hook();
        std::panic::set_hook(Box::new(move |info| {
            if !QUIET.get() {
                before(info);
            }
        }));
    });
}
