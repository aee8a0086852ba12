//! From a table to an artifact: split → encode → fit → evaluate → calibrate → seal.
//!
//! The order is the guarantee. Rows are set aside before anything is learned; the schema, its statistics and what
//! fills a missing cell come from the training rows; preprocessing is fitted anew inside each fold; and every figure is
//! computed through the [`Pipeline`](crate::model::pipeline::Pipeline) that serves, so that what is evaluated is what
//! is served. The same table, specification and CPU architecture give the same bytes, whatever the number of threads.

mod basis;
pub mod bayes;
mod class_trees;
mod compare;
mod compare_text;
mod created;
mod dataset;
mod encode;
mod error;
mod estimators;
mod fitting;
mod folds;
mod forests;
mod gini;
pub mod golden;
mod groups;
mod guard;
mod lasvm;
pub mod machines;
pub mod metrics;
mod option_table;
mod options;
mod parallel;
pub mod penalized;
pub mod random;
mod ranking;
mod report;
mod report_text;
mod requirements;
mod runs;
mod seal;
mod search;
mod spec;
pub mod split;
mod target;
mod tuning;
mod write;

pub use compare::{Compared, Comparison, compare};
pub use created::rfc3339;
pub use error::TrainError;
pub use groups::GroupFigures;
pub use option_table::{OPTIONS, OptionInfo};
pub use options::{Hyperparameters, KernelName, MaxFeatures, Options};
pub use report::{ClassReport, DataReport, Report};
pub use search::{SEARCH, SearchInfo};
pub use spec::{TaskChoice, TrainSpec};
pub use target::{LEAST_PER_CLASS, Observed};
pub use tuning::{Candidate, Tuning};
pub use write::write_atomically;

use std::time::Instant;

use basis::Basis;
use fitting::{Fitted, Recipe};
use folds::{Held, OutOfFold};
use runs::{Done, Fit};

use crate::model::prediction::Prediction;
use crate::table::TableFile;

/// Told how far a run is; for a progress bar. Called from several threads.
pub trait Progress: Sync {
    /// `fits` fits are about to start.
    fn begin(&self, fits: usize);
    /// One of them is done.
    fn fitted(&self);
    /// So many will not be done: a search gave up what was hopeless.
    fn given_up(&self, _fits: usize) {}
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
    /// How many candidates it was chosen from, if it was.
    best_of: Option<usize>,
}

/// Trains a model on a table as the specification says.
///
/// # Errors
/// [`TrainError`]: one line; nothing was written.
pub fn train(spec: &TrainSpec, table: &TableFile, progress: &dyn Progress) -> Result<Trained, TrainError> {
    let start = Instant::now();
    let parameters = spec.check()?;
    let searched = search::searched(spec.algorithm, &parameters, &spec.options);
    if spec.tune.is_some() && searched.is_empty() {
        let algorithm = spec.algorithm;
        return Err(TrainError::Usage(format!("{algorithm} has no hyperparameters left to --tune")));
    }
    let basis = Basis::read(spec, table)?;
    let (parameters, outcome, tuning) = match spec.tune {
        None => {
            let outcome = fit_all(spec, &basis, &basis.recipe(spec, &parameters), progress)?;
            (parameters, outcome, None)
        }
        Some(n) => tune(spec, &basis, &parameters, &searched, n as usize, progress)?,
    };
    let recipe = basis.recipe(spec, &parameters);
    let mut trained = seal::seal(spec, &recipe, &basis.encoded, &outcome)?;
    trained.report.data = basis.data(trained.report.data);
    trained.report.tuning = tuning;
    trained.report.seconds = start.elapsed().as_secs_f64();
    Ok(trained)
}

/// The final fit and the folds: the longest first.
fn fit_all(
    spec: &TrainSpec,
    basis: &Basis,
    recipe: &Recipe<'_>,
    progress: &dyn Progress,
) -> Result<Outcome, TrainError> {
    let fits: Vec<Fit<'_>> =
        [None].into_iter().chain((0..spec.folds).map(Some)).map(|without| Fit { recipe, without }).collect();
    progress.begin(fits.len());
    let (mut last, mut held) = (None, Vec::with_capacity(fits.len()));
    for finished in basis.runner(spec, progress).run(&fits) {
        match finished.outcome? {
            Done::Final(fitted, answers) => last = Some((*fitted, answers)),
            Done::Fold(fold) => held.push(fold),
        }
    }
    let (fitted, answers) = last.ok_or_else(no_fit)?;
    Ok(Outcome { fitted, answers, out_of_fold: out_of_fold(basis, &held), best_of: None })
}

/// A search, then the final fit of the candidate that it chose.
fn tune(
    spec: &TrainSpec,
    basis: &Basis,
    parameters: &Hyperparameters,
    searched: &[SearchInfo],
    n: usize,
    progress: &dyn Progress,
) -> Result<(Hyperparameters, Outcome, Option<Tuning>), TrainError> {
    let candidates = search::candidates(parameters, searched, &basis.ground(spec), n, spec.seed);
    let recipes: Vec<Recipe<'_>> = candidates.iter().map(|c| basis.recipe(spec, c)).collect();
    progress.begin(candidates.len() * spec.folds as usize + 1);
    let runner = basis.runner(spec, progress);
    let chosen = tuning::search(&runner, &recipes, spec.folds, searched)?;
    let last = runner.run(&[Fit { recipe: &recipes[chosen.candidate], without: None }]).pop().ok_or_else(no_fit)?;
    let Done::Final(fitted, answers) = last.outcome? else { return Err(no_fit()) };
    let outcome = Outcome {
        fitted: *fitted,
        answers,
        out_of_fold: out_of_fold(basis, &chosen.held),
        best_of: Some(candidates.len()),
    };
    Ok((candidates[chosen.candidate].clone(), outcome, Some(chosen.tuning)))
}

fn out_of_fold(basis: &Basis, held: &[Held]) -> Option<OutOfFold> {
    (!held.is_empty()).then(|| folds::join(held, basis.fold(), basis.observed(), basis.n_classes()))
}

fn no_fit() -> TrainError {
    TrainError::Broken("there was no fit".to_owned())
}
