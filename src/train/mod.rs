//! Trains a model: `data`, then the fits of `search` and `evaluate`, which call `fit`, then `artifact` and `report`.
//!
//! Test rows are split off before anything is learned. The schema, its statistics and imputed values come from the
//! training rows; preprocessing is fitted anew inside each fold; every figure is computed through the
//! [`Pipeline`](crate::model::pipeline::Pipeline) that serves. The same table, specification and CPU architecture give
//! the same bytes, whatever the number of threads; within a time budget the machine decides what is skipped.

mod artifact;
mod background;
mod contribution_sizes;
pub mod data;
mod describe;
mod error;
pub mod evaluate;
mod feature_effects;
pub mod fit;
mod golden;
mod moments;
pub mod options;
pub mod random;
mod report;
mod search;
mod spec;
mod verified;

pub use artifact::Trained;
pub use data::dataset::TrainTables;
pub use data::target::Observed;
pub use describe::{Description, describe};
pub use error::TrainError;
pub use evaluate::progress::Progress;
pub use evaluate::subgroup_errors::GroupFigures;
pub(crate) use evaluate::subgroup_errors::{feature_groups, number_groups};
pub use evaluate::thresholds::TradeOff;
pub use fit::boosting::Rounds;
pub use options::{
    CalibrationMethod, DateColumn, Hyperparameters, Loss, Monotone, MonotoneFeature, OPTIONS, OptionInfo, Options,
    SearchRange, TaskChoice, ThresholdChoice, UnknownCategories,
};
pub use report::{ClassReport, Compared, Comparison, CoverageText, DataReport, FeatureEffectsText, Report};
pub use search::compare::compare;
pub use search::tune::{Candidate, Tuning};
pub use spec::TrainSpec;

use data::training_data::TrainingData;
use evaluate::budget::Budget;
use evaluate::fit_time::warn_of_long;
use evaluate::postprocess;
use evaluate::schedule::{self, FitJob, RunOutcome};
use fit::plan::FitPlan;
use search::space::SearchSpace;
use search::tune::Search;

/// Trains a model on a table, with rows that are set aside in it or in another, as the specification says.
///
/// # Errors
/// [`TrainError`]: one line; nothing was written.
pub fn train<'a>(
    spec: &TrainSpec,
    tables: impl Into<TrainTables<'a>>,
    progress: &dyn Progress,
) -> Result<Trained, TrainError> {
    let start = progress.now();
    let budget = Budget::new(progress, start, spec.time_budget);
    let parameters = spec.check()?;
    let space = SearchSpace::new(spec, &parameters);
    if spec.tune.is_some() && space.is_empty() {
        let algorithm = spec.algorithm;
        return Err(TrainError::Usage(format!("{algorithm} has no hyperparameters left to --tune")));
    }
    if spec.time_budget.is_some() && spec.tune.is_none() {
        let text = "--time-budget bounds --compare and --tune: give one of them, or leave it out";
        return Err(TrainError::Usage(text.to_owned()));
    }
    let data = TrainingData::read(spec, tables.into(), progress)?;
    let parameters = parameters.of_task(data.task());
    let (parameters, mut outcome, tuning) = match spec.tune {
        None => {
            let plan = FitPlan { spec, data: &data, parameters: &parameters };
            let outcome = fit_once(&plan, budget, progress)?;
            (parameters, outcome, None)
        }
        Some(n) => {
            let plan = FitPlan { spec, data: &data, parameters: &parameters };
            let search = Search { plan, space: &space, n: n as usize, budget, progress };
            let tuned = search.run(None)?;
            let (parameters, outcome) =
                tuned.better.ok_or_else(|| TrainError::Broken("a search gave no model".to_owned()))?;
            (parameters, outcome, Some(tuned.tuning))
        }
    };
    let plan = FitPlan { spec, data: &data, parameters: &parameters };
    postprocess::apply(&plan, &mut outcome)?;
    let mut trained = artifact::build(&plan, &outcome, true)?;
    trained.report.tuning = tuning;
    trained.report.seconds = progress.now().saturating_duration_since(start).as_secs_f64();
    Ok(trained)
}

/// The final fit and those of the folds; where they will take long, that is said first.
fn fit_once(plan: &FitPlan<'_>, budget: Budget<'_>, progress: &dyn Progress) -> Result<RunOutcome, TrainError> {
    let spec = plan.spec;
    let advice = match (spec.algorithm.takes_raw_cells(), plan.data.folds.n()) {
        (true, 0) => "fewer --trees take less",
        (true, _) => "fewer --folds or --trees take less",
        (false, 0) => "--algorithm hist-gradient-boosting takes less",
        (false, _) => "fewer --folds take less, and so does --algorithm hist-gradient-boosting",
    };
    warn_of_long(&[*plan], 1, advice, spec.threads, progress);
    let jobs: Vec<FitJob<'_>> = FitJob::all(plan, 0.0).collect();
    progress.begin(jobs.len());
    RunOutcome::join(plan.data, schedule::run(&jobs, spec.threads, budget, progress))
}
