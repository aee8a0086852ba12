//! From a table to an artifact: split → encode → fit → evaluate → calibrate → seal.
//!
//! The order is the guarantee. Rows are set aside before anything is learned; the schema, its statistics and what
//! fills a missing cell come from the training rows; preprocessing is fitted anew inside each fold; and every figure is
//! computed through the [`Pipeline`](crate::model::pipeline::Pipeline) that serves, so that what is evaluated is what
//! is served. The same table, specification and CPU architecture give the same bytes, whatever the number of threads.

pub mod bayes;
mod created;
mod dataset;
mod encode;
mod error;
mod estimators;
mod fitting;
mod folds;
pub mod golden;
mod groups;
mod guard;
pub mod machines;
pub mod metrics;
mod option_table;
mod options;
mod parallel;
pub mod penalized;
pub mod random;
mod report;
mod report_text;
mod requirements;
mod seal;
mod spec;
pub mod split;
mod target;
mod write;

pub use created::rfc3339;
pub use error::TrainError;
pub use groups::GroupFigures;
pub use option_table::{OPTIONS, OptionInfo};
pub use options::{Hyperparameters, KernelName, MaxFeatures, Options};
pub use report::{ClassReport, DataReport, Report};
pub use spec::{TaskChoice, TrainSpec};
pub use target::{LEAST_PER_CLASS, Observed};
pub use write::write_atomically;

use std::time::Instant;

use encode::Part;
use fitting::{Fitted, Recipe};
use folds::{Held, OutOfFold};

use crate::model::prediction::Prediction;
use crate::model::schema::Target;
use crate::table::TableFile;

/// Told how far a run is; for a progress bar. Called from several threads.
pub trait Progress: Sync {
    /// `fits` fits are about to start.
    fn begin(&self, fits: usize);
    /// One of them is done.
    fn fitted(&self);
}

/// Nobody looks.
impl Progress for () {
    fn begin(&self, _: usize) {}
    fn fitted(&self) {}
}

/// A trained model.
#[derive(Debug, Clone)]
pub struct Trained {
    /// The artifact, ready to be [written](write_atomically).
    pub artifact: Vec<u8>,
    /// What the run found.
    pub report: Report,
}

/// Everything that a run has learned when all fits are done.
struct Outcome {
    fitted: Fitted,
    /// The final model's answers for the training rows.
    answers: Prediction,
    out_of_fold: Option<OutOfFold>,
}

/// Trains a model on a table as the specification says.
///
/// # Errors
/// [`TrainError`]: one line; nothing was written.
pub fn train(spec: &TrainSpec, table: &TableFile, progress: &dyn Progress) -> Result<Trained, TrainError> {
    let start = Instant::now();
    let parameters = spec.check()?;
    let dataset = dataset::read(spec, table)?;
    let n_rows = dataset.observed.len();
    let split = split::holdout(n_rows, dataset.observed.classes(), spec.test_size, spec.seed);
    check_rows(spec, &dataset.file, split.train.len())?;
    let target = Target { name: spec.target.clone(), unit: None, classes: dataset.classes.clone() };
    let mut encoded = encode::encode(&dataset, target, &split)?;
    encoded.warnings.splice(0..0, dataset.warnings);
    let recipe = Recipe {
        file: &dataset.file,
        schema: &encoded.schema,
        algorithm: spec.algorithm,
        parameters: &parameters,
        scale: spec.scales(),
        seed: spec.seed,
    };
    let outcome = fit_all(spec, &recipe, &encoded.train, progress)?;
    let mut trained = seal::seal(spec, &recipe, &encoded, &outcome)?;
    trained.report.data = DataReport {
        file: dataset.file,
        rows: n_rows,
        training_rows: split.train.len(),
        test_rows: split.test.len(),
        ..trained.report.data
    };
    trained.report.seconds = start.elapsed().as_secs_f64();
    Ok(trained)
}

fn check_rows(spec: &TrainSpec, file: &str, n_train: usize) -> Result<(), TrainError> {
    let needed = (spec.folds as usize).max(2);
    if n_train >= needed {
        return Ok(());
    }
    let advice = if spec.folds > 2 { ": use fewer --folds or a smaller --test-size" } else { "" };
    Err(TrainError::Data(format!("{file}: {n_train} training rows are too few, {needed} are needed{advice}")))
}

/// The final fit and the folds, on all threads: the longest first, results in a fixed order.
fn fit_all(
    spec: &TrainSpec,
    recipe: &Recipe<'_>,
    train: &Part,
    progress: &dyn Progress,
) -> Result<Outcome, TrainError> {
    enum Job {
        Final(Result<(Fitted, Prediction), TrainError>),
        Fold(Result<Held, TrainError>),
    }
    let fold = split::folds(train.observed.len(), train.observed.classes(), spec.folds.max(1), spec.seed);
    let n_fits = spec.folds as usize + 1;
    progress.begin(n_fits);
    let jobs = parallel::run(spec.threads, n_fits, |i| {
        let job = match u32::try_from(i).unwrap_or_default().checked_sub(1) {
            None => Job::Final(fit_final(recipe, train)),
            Some(f) => Job::Fold(folds::run(recipe, train, &fold, f)),
        };
        progress.fitted();
        job
    });
    let (mut last, mut held) = (None, Vec::with_capacity(jobs.len()));
    for job in jobs {
        match job {
            Job::Final(outcome) => last = Some(outcome?),
            Job::Fold(outcome) => held.push(outcome?),
        }
    }
    let (fitted, answers) = last.ok_or_else(|| TrainError::Broken("there was no fit".to_owned()))?;
    let n_classes = recipe.schema.target().classes.len();
    let out_of_fold = (!held.is_empty()).then(|| folds::join(&held, fold, &train.observed, n_classes));
    Ok(Outcome { fitted, answers, out_of_fold })
}

fn fit_final(recipe: &Recipe<'_>, train: &Part) -> Result<(Fitted, Prediction), TrainError> {
    let fitted = recipe.fit(train.batch.values(), &train.observed)?;
    let answers = recipe.answer(&fitted, &train.batch)?;
    Ok((fitted, answers))
}
