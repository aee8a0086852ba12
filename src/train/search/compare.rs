//! `--compare`: fits every algorithm that suits the task, with its defaults, on the same folds and ranks them; with
//! `--tune` the best ones are then tuned.

use std::time::Duration;

use crate::model::algorithm::Algorithm;
use crate::text::duration::rough;
use crate::train::artifact::{self, Trained};
use crate::train::data::dataset::TrainTables;
use crate::train::data::training_data::TrainingData;
use crate::train::error::TrainError;
use crate::train::evaluate::budget::Budget;
use crate::train::evaluate::fit_time::{FitTime, warn_of_long};
use crate::train::evaluate::postprocess;
use crate::train::evaluate::progress::Progress;
use crate::train::evaluate::schedule::{self, FinishedFit, FitJob, RunOutcome};
use crate::train::fit::plan::FitPlan;
use crate::train::options::Hyperparameters;
use crate::train::report::{Compared, Comparison};
use crate::train::search::space::SearchSpace;
use crate::train::search::tune::{self, Tuning};
use crate::train::spec::TrainSpec;

/// How many of the best algorithms `--tune` tunes.
const TUNED: usize = 3;

/// Fits every algorithm that suits the task and ranks them by cross-validation. [`TrainSpec::algorithm`] is not read.
///
/// # Errors
/// [`TrainError`]: one line. An algorithm that refuses the data, or that is skipped for the budget, is no error unless all
/// are.
pub fn compare<'a>(
    spec: &TrainSpec,
    tables: impl Into<TrainTables<'a>>,
    progress: &dyn Progress,
) -> Result<Comparison, TrainError> {
    let start = progress.now();
    // An algorithm that does both tasks: the target or --task decides.
    let spec = TrainSpec { algorithm: Algorithm::RandomForest, ..spec.clone() };
    check(&spec)?;
    let budget = Budget::new(progress, start, spec.time_budget);
    let data = TrainingData::read(&spec, tables.into(), progress)?;
    let task = data.split.schema.task();
    let suits = |a: &Algorithm| if task.is_classification() { a.does_classification() } else { a.does_regression() };
    let specs: Vec<TrainSpec> =
        Algorithm::ALL.into_iter().filter(suits).map(|algorithm| spec.of_algorithm(algorithm)).collect();
    let resolved = |s: &TrainSpec| s.options.resolve(s.algorithm).map(|parameters| parameters.of_task(data.task()));
    let parameters = specs.iter().map(resolved).collect::<Result<Vec<_>, _>>()?;
    let plans: Vec<FitPlan<'_>> =
        specs.iter().zip(&parameters).map(|(spec, parameters)| FitPlan { spec, data: &data, parameters }).collect();
    let (mut fitted, mut refused) = fit_all(&plans, budget, progress);
    if let Some(n) = spec.tune {
        tune_best(&mut fitted, n as usize, budget, progress);
    }
    refused.extend(rank(&mut fitted));
    let (best, mut algorithms) = build_all(fitted, &refused, budget)?;
    algorithms.extend(refused);
    let mut comparison = Comparison {
        target: spec.target.clone(),
        task,
        data: best.report.data.clone(),
        seed: spec.seed,
        folds: data.folds.n(),
        split: best.report.evaluation.split.clone(),
        ranked_by: data.scoring().ranking().name,
        algorithms,
        baseline: best.report.baseline.clone(),
        warnings: data.split.warnings.clone(),
        seconds: progress.now().saturating_duration_since(start).as_secs_f64(),
        best,
    };
    comparison.best.report.seconds = comparison.seconds;
    Ok(comparison)
}

fn check(spec: &TrainSpec) -> Result<(), TrainError> {
    let has_others = spec.options.0.keys().any(|name| *name != "loss");
    if has_others || spec.weight.is_some() || !spec.monotone.is_empty() {
        return Err(TrainError::Usage(
            "--compare fits every algorithm with its defaults: leave hyperparameters (but --loss, which ranks), --weight \
             and --monotone for the one you choose"
                .to_owned(),
        ));
    }
    spec.needs_folds("--compare")?;
    spec.of_algorithm(spec.algorithm).check().map(drop)
}

/// An algorithm that could be fitted.
struct Fitted<'a> {
    spec: &'a TrainSpec,
    data: &'a TrainingData,
    parameters: Hyperparameters,
    outcome: RunOutcome,
    tuning: Option<Tuning>,
}

impl Fitted<'_> {
    fn plan(&self) -> FitPlan<'_> {
        FitPlan { spec: self.spec, data: self.data, parameters: &self.parameters }
    }
}

/// Fits all plans: those that could be fitted, the best first, and the algorithms that could not. Within a budget the
/// one that is expected to take least is fitted first.
fn fit_all<'a>(plans: &[FitPlan<'a>], budget: Budget<'_>, progress: &dyn Progress) -> (Vec<Fitted<'a>>, Vec<Compared>) {
    let (mut fitted, mut refused) = (Vec::new(), Vec::new());
    let mut join = |plan: &FitPlan<'a>, fits: Vec<FinishedFit>| match RunOutcome::join(plan.data, fits) {
        Ok(outcome) => {
            let FitPlan { spec, data, parameters } = *plan;
            fitted.push(Fitted { spec, data, parameters: parameters.clone(), outcome, tuning: None });
        }
        Err(error) => refused.push(Compared::refused(plan.spec.algorithm, &error)),
    };
    let Some(threads) = plans.first().map(|plan| plan.spec.threads) else { return (fitted, refused) };
    if budget.is_bounded() {
        let mut timed: Vec<_> = plans.iter().map(|plan| (plan, FitTime::measure(plan, progress))).collect();
        let of_run = |plan: &FitPlan<'_>, time: Option<FitTime>| time.map_or(0.0, |time| time.of_run(plan, threads));
        timed.sort_by(|(a, at), (b, bt)| of_run(a, *at).total_cmp(&of_run(b, *bt)));
        progress.begin(plans.iter().map(|plan| 1 + plan.data.folds.n() as usize).sum());
        for (plan, time) in timed {
            let seconds = of_run(plan, time);
            let n_fits = 1 + plan.data.folds.n() as usize;
            let fits = if budget.admits(seconds) {
                let of_fit = time.map_or(0.0, |time| time.of_fits(plan, 1.0, threads));
                let jobs: Vec<FitJob<'_>> = FitJob::all(plan, of_fit).collect();
                schedule::run(&jobs, threads, budget, progress)
            } else {
                progress.given_up(n_fits);
                let would = "it would not end in time: its fits are expected to take about";
                let left = rough(Duration::from_secs_f64(budget.left()));
                let about = rough(Duration::from_secs_f64(seconds.min(1e9)));
                let outcome = Err(TrainError::OverBudget(format!("{would} {about}, and {left} were left")));
                vec![FinishedFit { outcome, seconds: 0.0 }]
            };
            join(plan, fits);
        }
    } else {
        let advice = "--time-budget 5m skips what would not end in time, and fewer --folds take less";
        warn_of_long(plans, 1, advice, threads, progress);
        let jobs: Vec<FitJob<'_>> = plans.iter().flat_map(|plan| FitJob::all(plan, 0.0)).collect();
        progress.begin(jobs.len());
        let mut finished = schedule::run(&jobs, threads, budget, progress).into_iter();
        for plan in plans {
            join(plan, finished.by_ref().take(1 + plan.data.folds.n() as usize).collect());
        }
    }
    sort(&mut fitted);
    (fitted, refused)
}

/// Sorts by the figures over the folds, the best first.
fn sort(fitted: &mut [Fitted<'_>]) {
    let mean = |fitted: &Fitted<'_>| fitted.outcome.k_fold().map(|k| k.mean.clone()).unwrap_or_default();
    fitted.sort_by(|a, b| a.data.scoring().order(&mean(a), &mean(b)));
}

/// Tunes the best three of those that have hyperparameters to search, each with `n` candidates; the first is what was
/// fitted already.
fn tune_best(fitted: &mut [Fitted<'_>], n: usize, budget: Budget<'_>, progress: &dyn Progress) {
    let space_of = |one: &Fitted<'_>| SearchSpace::new(one.spec, &one.parameters);
    let chosen: Vec<usize> = (0..fitted.len()).filter(|at| !space_of(&fitted[*at]).is_empty()).take(TUNED).collect();
    for (done, at) in chosen.iter().enumerate() {
        let one = &mut fitted[*at];
        let space = space_of(one);
        let share = budget.share(chosen.len() - done);
        let plan = FitPlan { spec: one.spec, data: one.data, parameters: &one.parameters };
        let search = tune::Search { plan, space: &space, n, budget: share, progress };
        // A search that fails leaves what was fitted.
        if let Ok(tuned) = search.run(Some(&one.outcome)) {
            one.tuning = Some(tuned.tuning);
            if let Some((parameters, outcome)) = tuned.better {
                (one.parameters, one.outcome) = (parameters, outcome);
            }
        }
    }
}

/// Calibrates and chooses thresholds where that is asked for, and ranks what is then written; gives those that have no
/// probabilities for it.
fn rank(fitted: &mut Vec<Fitted<'_>>) -> Vec<Compared> {
    let mut refused = Vec::new();
    fitted.retain_mut(|one| {
        let plan = FitPlan { spec: one.spec, data: one.data, parameters: &one.parameters };
        match postprocess::apply(&plan, &mut one.outcome) {
            Ok(()) => true,
            Err(error) => {
                refused.push(Compared::refused(one.spec.algorithm, &error));
                false
            }
        }
    });
    sort(fitted);
    refused
}

/// Builds every model's artifact, to know its size, and keeps the best one's.
fn build_all(
    fitted: Vec<Fitted<'_>>,
    refused: &[Compared],
    budget: Budget<'_>,
) -> Result<(Trained, Vec<Compared>), TrainError> {
    let best_of = fitted.iter().map(|one| one.tuning.as_ref().map_or(1, Tuning::tried)).sum();
    let (mut best, mut ranked, mut failed) = (None, Vec::new(), Vec::new());
    for mut one in fitted {
        one.outcome.best_of = Some(best_of);
        let algorithm = one.spec.algorithm;
        match artifact::build(&one.plan(), &one.outcome, best.is_none()) {
            Ok(mut trained) => {
                trained.report.tuning.clone_from(&one.tuning);
                ranked.push(Compared {
                    algorithm,
                    probability: trained.report.probability,
                    k_fold: one.outcome.k_fold().cloned(),
                    fit_seconds: Some(one.outcome.seconds),
                    artifact_bytes: Some(trained.artifact.len()),
                    tuning: one.tuning,
                    refused: None,
                    skipped: None,
                });
                best = best.or(Some(trained));
            }
            Err(error) => failed.push(Compared::refused(algorithm, &error)),
        }
    }
    ranked.append(&mut failed);
    match best {
        Some(best) => Ok((best, ranked)),
        None if budget.is_bounded() && refused.iter().any(|one| one.skipped.is_some()) => {
            Err(TrainError::nothing_fitted())
        }
        None => Err(all_refused(ranked.iter().chain(refused))),
    }
}

fn all_refused<'a>(refused: impl Iterator<Item = &'a Compared>) -> TrainError {
    let reasons: Vec<&str> = refused.filter_map(|c| c.refused.as_deref()).collect();
    TrainError::Data(format!("every algorithm refuses the data; {}", reasons.join("; ")))
}
