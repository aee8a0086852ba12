//! `--compare`: fits every algorithm that suits the task, with its defaults, on the same folds and ranks them.

use crate::model::algorithm::Algorithm;
use crate::train::artifact::{self, Trained};
use crate::train::data::dataset::TrainTables;
use crate::train::data::training_data::TrainingData;
use crate::train::error::TrainError;
use crate::train::evaluate::metrics::{order, ranked_by};
use crate::train::evaluate::postprocess;
use crate::train::evaluate::schedule::{self, FinishedFit, FitJob, Progress, RunOutcome};
use crate::train::fit::plan::FitPlan;
use crate::train::report::{Compared, Comparison};
use crate::train::spec::TrainSpec;

/// Fits every algorithm that suits the task and ranks them by cross-validation. [`TrainSpec::algorithm`] is not read.
///
/// # Errors
/// [`TrainError`]: one line. An algorithm that refuses the data is no error unless all do.
pub fn compare<'a>(
    spec: &TrainSpec,
    tables: impl Into<TrainTables<'a>>,
    progress: &dyn Progress,
) -> Result<Comparison, TrainError> {
    let start = std::time::Instant::now();
    // An algorithm that does both tasks: the target or --task decides.
    let spec = TrainSpec { algorithm: Algorithm::RandomForest, ..spec.clone() };
    check(&spec)?;
    let data = TrainingData::read(&spec, tables.into())?;
    data.leaks.iter().for_each(|leak| progress.warn(leak));
    let task = data.split.schema.task();
    spec.check_task(task)?;
    let suits = |a: &Algorithm| if task.is_classification() { a.does_classification() } else { a.does_regression() };
    let specs: Vec<TrainSpec> =
        Algorithm::ALL.into_iter().filter(suits).map(|algorithm| TrainSpec { algorithm, ..spec.clone() }).collect();
    let resolved = |s: &TrainSpec| s.options.resolve(s.algorithm).map(|parameters| parameters.of_task(data.task()));
    let parameters = specs.iter().map(resolved).collect::<Result<Vec<_>, _>>()?;
    let plans: Vec<FitPlan<'_>> =
        specs.iter().zip(&parameters).map(|(spec, parameters)| FitPlan { spec, data: &data, parameters }).collect();
    let (fitted, refused) = fit_all(&plans, &spec, progress);
    let (best, mut algorithms) = write_all(fitted, &refused)?;
    algorithms.extend(refused);
    let mut comparison = Comparison {
        target: spec.target.clone(),
        task,
        data: best.report.data.clone(),
        seed: spec.seed,
        folds: data.folds.n(),
        split: best.report.evaluation.split.clone(),
        ranked_by: ranked_by(task),
        algorithms,
        baseline: best.report.baseline.clone(),
        warnings: data.split.warnings.clone(),
        seconds: start.elapsed().as_secs_f64(),
        best,
    };
    comparison.best.report.seconds = comparison.seconds;
    Ok(comparison)
}

fn check(spec: &TrainSpec) -> Result<(), TrainError> {
    if !spec.options.0.is_empty() || spec.tune.is_some() || spec.weight.is_some() || !spec.monotone.is_empty() {
        return Err(TrainError::Usage(
            "--compare fits every algorithm with its defaults: leave hyperparameters, --weight, --monotone and --tune for the one you \
             choose"
                .to_owned(),
        ));
    }
    spec.needs_folds("--compare")?;
    spec.check().map(drop)
}

/// A plan that could be fitted.
type FittedPlan<'a> = (FitPlan<'a>, RunOutcome);

/// Fits all plans: those that could be fitted, the best first, and the algorithms that could not.
fn fit_all<'a>(
    plans: &[FitPlan<'a>],
    spec: &TrainSpec,
    progress: &dyn Progress,
) -> (Vec<FittedPlan<'a>>, Vec<Compared>) {
    let jobs: Vec<FitJob<'_>> = plans.iter().flat_map(FitJob::all).collect();
    progress.begin(jobs.len());
    let mut finished = schedule::run(&jobs, spec.threads, progress).into_iter();
    let (mut fitted, mut refused) = (Vec::new(), Vec::new());
    for plan in plans {
        let fits: Vec<FinishedFit> = finished.by_ref().take(1 + plan.data.folds.n() as usize).collect();
        let joined = RunOutcome::join(plan.data, fits)
            .and_then(|mut outcome| postprocess::apply(plan, &mut outcome).map(|()| outcome));
        match joined {
            Ok(outcome) => fitted.push((*plan, outcome)),
            Err(error) => refused.push(Compared::refused(plan.spec.algorithm, &error)),
        }
    }
    let mean = |outcome: &RunOutcome| outcome.k_fold().map(|k| k.mean.clone()).unwrap_or_default();
    fitted.sort_by(|(_, a), (_, b)| order(&mean(a), &mean(b)));
    (fitted, refused)
}

/// Writes every model's artifact, to know its size, and keeps the best one's.
fn write_all(fitted: Vec<FittedPlan<'_>>, refused: &[Compared]) -> Result<(Trained, Vec<Compared>), TrainError> {
    let best_of = fitted.len();
    let (mut best, mut ranked, mut failed) = (None, Vec::new(), Vec::new());
    for (plan, mut outcome) in fitted {
        outcome.best_of = Some(best_of);
        let algorithm = plan.spec.algorithm;
        match artifact::build(&plan, &outcome) {
            Ok(trained) => {
                ranked.push(Compared {
                    algorithm,
                    probability: trained.report.probability,
                    k_fold: outcome.k_fold().cloned(),
                    fit_seconds: Some(outcome.seconds),
                    artifact_bytes: Some(trained.artifact.len()),
                    refused: None,
                });
                best = best.or(Some(trained));
            }
            Err(error) => failed.push(Compared::refused(algorithm, &error)),
        }
    }
    ranked.append(&mut failed);
    match best {
        Some(best) => Ok((best, ranked)),
        None => Err(all_refused(ranked.iter().chain(refused))),
    }
}

fn all_refused<'a>(refused: impl Iterator<Item = &'a Compared>) -> TrainError {
    let reasons: Vec<&str> = refused.filter_map(|c| c.refused.as_deref()).collect();
    TrainError::Data(format!("every algorithm refuses the data; {}", reasons.join("; ")))
}
