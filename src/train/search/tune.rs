//! `--tune`: a random search over an algorithm's hyperparameters, scored by cross-validation.
//!
//! Candidate 0 is the defaults (with what was given); the others are drawn from the seed. All are fitted on the first
//! folds; candidates far behind the best are then dropped, and again at each further stage. Decisions are made between
//! stages, from figures alone, so that they depend neither on threads nor on time.

use std::collections::BTreeMap;

use serde::Serialize;

use crate::model::artifact::{Figures, Setting};
use crate::train::data::training_data::TrainingData;
use crate::train::error::TrainError;
use crate::train::evaluate::folds::{self, FoldResult};
use crate::train::evaluate::metrics::{loss, order, over_folds, ranked_by};
use crate::train::evaluate::schedule::{self, FitJob, FitResult, Progress, RunOutcome};
use crate::train::fit::plan::FitPlan;
use crate::train::options::Hyperparameters;
use crate::train::search::space::SearchSpace;
use crate::train::spec::TrainSpec;

/// Folds after which candidates far behind are dropped.
const STAGES: [u32; 2] = [3, 6];

/// A candidate is dropped when it is worse than the best by more than this many standard errors of the difference, fold
/// by fold…
const STANDARD_ERRORS: f64 = 3.0;
/// …and by more than this share of the best one's RMSE…
const RMSE_MARGIN: f64 = 0.02;
/// …or this much accuracy.
const ACCURACY_MARGIN: f64 = 0.01;

/// What a search did.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Tuning {
    /// Candidates, the defaults included.
    pub candidates: usize,
    /// Candidates dropped before the last fold.
    pub given_up: usize,
    /// Candidates that could not be fitted.
    pub refused: usize,
    /// Fits that the search did.
    pub fits: usize,
    /// `rmse` or `accuracy` (ties: the smaller log-loss), mean over the folds.
    pub scored_by: &'static str,
    /// What was drawn, by flag name.
    pub searched: BTreeMap<String, String>,
    /// The candidates, in the order they were drawn; the first are the defaults.
    pub tried: Vec<Candidate>,
    /// Which of them was chosen, from 0.
    pub chosen: usize,
}

/// One candidate.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Candidate {
    /// The searched hyperparameters.
    pub hyperparameters: BTreeMap<String, Setting>,
    /// Folds that it was fitted for.
    pub folds: usize,
    /// Its figures, the mean over those folds.
    pub mean: Figures,
    /// Why it could not be fitted.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub refused: Option<String>,
}

/// Searches, then does the final fit of the chosen candidate.
pub(crate) fn tune(
    spec: &TrainSpec,
    data: &TrainingData,
    parameters: &Hyperparameters,
    space: &SearchSpace,
    n: usize,
    progress: &dyn Progress,
) -> Result<(Hyperparameters, RunOutcome, Option<Tuning>), TrainError> {
    let candidates = space.candidates(spec, data, parameters, n);
    let plans: Vec<FitPlan<'_>> = candidates.iter().map(|parameters| FitPlan { spec, data, parameters }).collect();
    progress.begin(candidates.len() * data.folds.n() as usize + 1);
    let mut trials: Vec<Trial> = plans.iter().map(|_| Trial::default()).collect();
    let fits = search(&plans, spec, &mut trials, progress);
    let Some(chosen) = leader(&trials) else {
        let refused = trials.into_iter().find_map(|t| t.refused);
        return Err(refused.unwrap_or_else(|| TrainError::Broken("no candidate was fitted".to_owned())));
    };
    let last = schedule::run(&[FitJob { plan: &plans[chosen], without: None }], spec.threads, progress);
    let mut outcome = RunOutcome::join(data, last)?;
    outcome.out_of_fold = Some(folds::join(&trials[chosen].held, data));
    outcome.best_of = Some(candidates.len());
    Ok((candidates[chosen].clone(), outcome, Some(report(&plans, &trials, chosen, fits, space))))
}

#[derive(Default)]
struct Trial {
    held: Vec<FoldResult>,
    figures: Vec<Figures>,
    given_up: bool,
    refused: Option<TrainError>,
}

impl Trial {
    fn is_live(&self) -> bool {
        !self.given_up && self.refused.is_none()
    }

    fn mean(&self) -> Figures {
        over_folds(&self.figures).0
    }

    fn add(&mut self, outcome: Result<FitResult, TrainError>) {
        match outcome {
            Ok(FitResult::Fold(held)) => {
                self.figures.push(held.figures.clone());
                self.held.push(held);
            }
            Ok(FitResult::Final(..)) => {}
            Err(error) => self.refused = self.refused.take().or(Some(error)),
        }
    }
}

/// Tries the candidates' `plans` over all folds (at least 2); returns the number of fits.
fn search(plans: &[FitPlan<'_>], spec: &TrainSpec, trials: &mut [Trial], progress: &dyn Progress) -> usize {
    let (mut fits, mut done) = (0, 0);
    let n_folds = plans.first().map_or(0, |plan| plan.data.folds.n());
    for until in STAGES.into_iter().filter(|stage| *stage < n_folds).chain([n_folds]) {
        let before = live(trials);
        let pairs: Vec<(usize, u32)> = before.iter().flat_map(|i| (done..until).map(move |f| (*i, f))).collect();
        let jobs: Vec<FitJob<'_>> = pairs.iter().map(|(i, f)| FitJob { plan: &plans[*i], without: Some(*f) }).collect();
        for ((i, _), finished) in pairs.iter().zip(schedule::run(&jobs, spec.threads, progress)) {
            trials[*i].add(finished.outcome);
        }
        fits += jobs.len();
        if until < n_folds {
            give_up(trials);
        }
        progress.given_up((before.len() - live(trials).len()) * (n_folds - until) as usize);
        done = until;
    }
    fits
}

fn live(trials: &[Trial]) -> Vec<usize> {
    (0..trials.len()).filter(|i| trials[*i].is_live()).collect()
}

/// The best candidate so far; ties: the first.
fn leader(trials: &[Trial]) -> Option<usize> {
    live(trials).into_iter().min_by(|a, b| order(&trials[*a].mean(), &trials[*b].mean()))
}

fn give_up(trials: &mut [Trial]) {
    let Some(leader) = leader(trials) else { return };
    let best = trials[leader].figures.clone();
    for trial in trials.iter_mut().filter(|t| t.is_live() && is_far_behind(&t.figures, &best)) {
        trial.given_up = true;
        trial.held = Vec::new();
    }
}

/// True when figures are worse than the best one's on the same folds by more than all margins.
#[expect(clippy::cast_precision_loss, reason = "fold counts are small")]
fn is_far_behind(figures: &[Figures], best: &[Figures]) -> bool {
    let n = figures.len().min(best.len()) as f64;
    let differences: Vec<f64> = figures.iter().zip(best).map(|(f, b)| loss(f) - loss(b)).collect();
    let mean = differences.iter().sum::<f64>() / n;
    let variance = differences.iter().map(|d| (d - mean) * (d - mean)).sum::<f64>() / (n - 1.0);
    let leaders = best.iter().map(loss).sum::<f64>() / n;
    let is_regression = best.iter().any(|b| b.rmse.is_some());
    let margin = if is_regression { RMSE_MARGIN * leaders } else { ACCURACY_MARGIN };
    mean == f64::INFINITY || mean > margin && mean > STANDARD_ERRORS * (variance / n).sqrt()
}

fn report(plans: &[FitPlan<'_>], trials: &[Trial], chosen: usize, fits: usize, space: &SearchSpace) -> Tuning {
    let one = |(plan, trial): (&FitPlan<'_>, &Trial)| Candidate {
        hyperparameters: space
            .ranges()
            .filter_map(|(name, _)| Some((name.to_owned(), plan.parameters.0.get(name)?.clone())))
            .collect(),
        folds: trial.figures.len(),
        mean: trial.mean(),
        refused: trial.refused.as_ref().map(ToString::to_string),
    };
    Tuning {
        candidates: trials.len(),
        given_up: trials.iter().filter(|t| t.given_up).count(),
        refused: trials.iter().filter(|t| t.refused.is_some()).count(),
        fits,
        scored_by: plans.first().map_or("", |r| ranked_by(r.schema().task())),
        searched: space.ranges().map(|(name, range)| (name.to_owned(), range.to_owned())).collect(),
        tried: plans.iter().zip(trials).map(one).collect(),
        chosen,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rmse(values: &[f64]) -> Vec<Figures> {
        values.iter().map(|v| Figures { rmse: Some(*v), ..Figures::default() }).collect()
    }

    #[test]
    fn far_worse_on_every_fold_is_far_behind_and_a_little_or_by_chance_is_not() {
        let best = rmse(&[3.0, 4.0, 5.0]);
        assert!(is_far_behind(&rmse(&[4.0, 5.1, 5.9]), &best));
        assert!(!is_far_behind(&rmse(&[3.05, 4.05, 5.05]), &best), "under the margin");
        assert!(!is_far_behind(&rmse(&[3.0, 6.0, 5.1]), &best), "one bad fold");
        assert!(!is_far_behind(&best, &best));
        assert!(is_far_behind(&vec![Figures::default(); 3], &best), "no figure at all");
    }
}
