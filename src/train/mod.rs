//! Trains a model: `data`, then the fits of `search` and `evaluate`, which call `fit`, then `artifact` and `report`.
//!
//! Test rows are split off before anything is learned. The schema, its statistics and imputed values come from the
//! training rows; preprocessing is fitted anew inside each fold; every figure is computed through the
//! [`Pipeline`](crate::model::pipeline::Pipeline) that serves. The same table, specification and CPU architecture give
//! the same bytes, whatever the number of threads.

mod artifact;
pub mod data;
mod describe;
mod error;
pub mod evaluate;
pub mod fit;
mod golden;
mod moments;
pub mod options;
pub mod random;
mod report;
mod search;
mod spec;

pub use artifact::Trained;
pub use data::dataset::TrainTables;
pub use data::target::Observed;
pub use describe::{Description, describe};
pub use error::TrainError;
pub use evaluate::schedule::Progress;
pub use evaluate::subgroup_errors::GroupFigures;
pub use evaluate::thresholds::TradeOff;
pub use fit::boosting::Rounds;
pub use options::{
    CalibrationMethod, Hyperparameters, Loss, Monotone, MonotoneFeature, OPTIONS, OptionInfo, Options, SearchRange,
    TaskChoice, ThresholdChoice, UnknownCategories,
};
pub use report::{ClassReport, Compared, Comparison, DataReport, Report};
pub use search::compare::compare;
pub use search::tune::{Candidate, Tuning};
pub use spec::TrainSpec;

use std::time::Instant;

use data::training_data::TrainingData;
use evaluate::postprocess;
use evaluate::schedule::{self, FitJob, RunOutcome};
use fit::plan::FitPlan;
use search::space::SearchSpace;
use search::tune;

/// Trains a model on a table, with rows that are set aside in it or in another, as the specification says.
///
/// # Errors
/// [`TrainError`]: one line; nothing was written.
pub fn train<'a>(
    spec: &TrainSpec,
    tables: impl Into<TrainTables<'a>>,
    progress: &dyn Progress,
) -> Result<Trained, TrainError> {
    let start = Instant::now();
    let parameters = spec.check()?;
    let space = SearchSpace::new(spec, &parameters);
    if spec.tune.is_some() && space.is_empty() {
        let algorithm = spec.algorithm;
        return Err(TrainError::Usage(format!("{algorithm} has no hyperparameters left to --tune")));
    }
    let data = TrainingData::read(spec, tables.into())?;
    data.leaks.iter().for_each(|leak| progress.warn(leak));
    spec.check_task(data.split.schema.task())?;
    spec.options.check_task(data.task())?;
    let parameters = parameters.of_task(data.task());
    let (parameters, mut outcome, tuning) = match spec.tune {
        None => {
            let plan = FitPlan { spec, data: &data, parameters: &parameters };
            let jobs: Vec<FitJob<'_>> = FitJob::all(&plan).collect();
            progress.begin(jobs.len());
            let outcome = RunOutcome::join(&data, schedule::run(&jobs, spec.threads, progress))?;
            (parameters, outcome, None)
        }
        Some(n) => tune::tune(spec, &data, &parameters, &space, n as usize, progress)?,
    };
    let plan = FitPlan { spec, data: &data, parameters: &parameters };
    postprocess::apply(&plan, &mut outcome)?;
    let mut trained = artifact::build(&plan, &outcome)?;
    trained.report.tuning = tuning;
    trained.report.seconds = start.elapsed().as_secs_f64();
    Ok(trained)
}
