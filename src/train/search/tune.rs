//! `--tune`: a random search over an algorithm's hyperparameters, scored by cross-validation.
//!
//! Candidate 0 is the defaults (with what was given); the others are drawn from the seed. All are fitted on the first
//! folds; candidates far behind the best are then dropped, and again at each further stage. Decisions are made between
//! stages, from figures alone, so that they depend neither on threads nor on time. Within `--time-budget` the
//! candidates are tried in rounds, each of as many as are expected to end in time; what is not tried by then is
//! skipped.

use std::collections::{BTreeMap, VecDeque};

use serde::Serialize;

use crate::model::artifact::{Figures, Setting};
use crate::train::error::TrainError;
use crate::train::evaluate::budget::Budget;
use crate::train::evaluate::fit_time::{FitTime, warn_of_long};
use crate::train::evaluate::folds::{self, of_folds};
use crate::train::evaluate::progress::Progress;
use crate::train::evaluate::schedule::{self, FitJob, RunOutcome};
use crate::train::fit::plan::FitPlan;
use crate::train::options::Hyperparameters;
use crate::train::search::space::SearchSpace;
use crate::train::search::trial::{Trial, give_up, leader};

/// Folds after which candidates far behind are dropped.
const STAGES: [u32; 2] = [3, 6];

/// What a search did.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Tuning {
    /// Candidates, the defaults included.
    pub candidates: usize,
    /// Candidates dropped before the last fold.
    pub given_up: usize,
    /// Candidates that could not be fitted.
    pub refused: usize,
    /// Candidates that would not have ended within `--time-budget`.
    #[serde(skip_serializing_if = "is_zero")]
    pub skipped: usize,
    /// Fits that the search did.
    pub fits: usize,
    /// `accuracy` (ties: the smaller log-loss), `rmse`, or the figure of `--loss` as in
    /// [`Comparison::ranked_by`](crate::train::Comparison::ranked_by), mean over the folds.
    pub scored_by: &'static str,
    /// What was drawn, by flag name.
    pub searched: BTreeMap<String, String>,
    /// The candidates, in the order they were drawn; the first are the defaults.
    pub tried: Vec<Candidate>,
    /// Which of them was chosen, from 0.
    pub chosen: usize,
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde's signature")]
fn is_zero(n: &usize) -> bool {
    *n == 0
}

impl Tuning {
    /// Candidates that were fitted on some fold at least.
    pub(crate) fn tried(&self) -> usize {
        self.candidates - self.skipped
    }
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
    /// True: it would not have ended within `--time-budget`.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub skipped: bool,
}

/// A search to be done.
pub(crate) struct Search<'a> {
    /// The defaults, with what was given.
    pub(crate) plan: FitPlan<'a>,
    pub(crate) space: &'a SearchSpace,
    /// Candidates, the defaults included.
    pub(crate) n: usize,
    pub(crate) budget: Budget<'a>,
    pub(crate) progress: &'a dyn Progress,
}

/// What a search found.
pub(crate) struct Tuned {
    pub(crate) tuning: Tuning,
    /// The chosen candidate and its fits; `None`: it is the one that was fitted before.
    pub(crate) better: Option<(Hyperparameters, RunOutcome)>,
}

impl Search<'_> {
    /// Searches, then does the final fit of the chosen candidate, whatever the budget. `defaults` is what the first
    /// candidate gave, where that is known.
    pub(crate) fn run(&self, defaults: Option<&RunOutcome>) -> Result<Tuned, TrainError> {
        let FitPlan { spec, data, parameters } = self.plan;
        let candidates = self.space.candidates(spec, data, parameters, self.n);
        let plans: Vec<FitPlan<'_>> = candidates.iter().map(|parameters| FitPlan { spec, data, parameters }).collect();
        let n_folds = data.folds.n() as usize;
        let mut trials: Vec<Trial> = plans.iter().map(|_| Trial::default()).collect();
        if let Some(scored) = defaults.and_then(|outcome| outcome.out_of_fold.as_ref()) {
            trials[0].figures = of_folds(&scored.answers, data);
            trials[0].is_begun = true;
        } else if !self.budget.is_bounded() {
            let advice =
                "fewer candidates or --folds take less, and --time-budget 5m skips those that would not end in time";
            warn_of_long(&plans[..1], candidates.len(), advice, spec.threads, self.progress);
        }
        self.progress.begin((plans.len() - usize::from(defaults.is_some())) * n_folds + 1);
        let fits = self.search(&plans, &mut trials);
        let Some(chosen) = leader(&trials, data.scoring()) else {
            let is_skipped = trials.iter().any(|trial| trial.is_skipped);
            let refused = trials.into_iter().find_map(|t| t.refused);
            let nothing = if is_skipped { TrainError::nothing_fitted() } else { no_candidate() };
            return Err(refused.unwrap_or(nothing));
        };
        let tuning = report(&plans, &trials, chosen, fits, self.space);
        if defaults.is_some() && chosen == 0 {
            self.progress.given_up(1);
            return Ok(Tuned { tuning, better: None });
        }
        let last = FitJob { plan: &plans[chosen], without: None, seconds: 0.0 };
        let last = schedule::run(&[last], spec.threads, self.budget.unbounded(), self.progress);
        let mut outcome = RunOutcome::join(data, last)?;
        outcome.out_of_fold = Some(folds::join(&trials[chosen].held, data));
        outcome.best_of = Some(tuning.tried());
        Ok(Tuned { tuning, better: Some((candidates[chosen].clone(), outcome)) })
    }

    /// Tries the candidates' `plans` over all folds (at least 2): all at once, or within a budget in rounds; returns
    /// the number of fits.
    fn search(&self, plans: &[FitPlan<'_>], trials: &mut [Trial]) -> usize {
        let mut waiting: VecDeque<usize> = (0..plans.len()).filter(|i| !trials[*i].is_begun).collect();
        let n_folds = self.plan.data.folds.n() as usize;
        if !self.budget.is_bounded() {
            return self.try_all(plans, trials, &Vec::from(waiting));
        }
        let mut fits = 0;
        loop {
            let round = self.admitted(plans, trials, &mut waiting);
            if round.is_empty() {
                break;
            }
            fits += self.try_all(plans, trials, &round);
        }
        for trial in trials.iter().filter(|trial| trial.is_skipped && !trial.is_begun) {
            debug_assert!(trial.figures.is_empty(), "what was not begun has no figures");
            self.progress.given_up(n_folds);
        }
        fits
    }

    /// Takes from the front of those that wait as many as are expected to end in time, with a final fit of one of them.
    /// The first that would not is taken in a later round, or skipped where there is no other.
    fn admitted(&self, plans: &[FitPlan<'_>], trials: &mut [Trial], waiting: &mut VecDeque<usize>) -> Vec<usize> {
        let threads = self.plan.spec.threads;
        let (mut round, mut committed, mut last) = (Vec::new(), 0.0, 0.0_f64);
        // Where less than this is left, the next one is not even timed: the time is kept for the final fit.
        let known = trials.iter().filter_map(|trial| trial.seconds).map(|(folds, one)| folds + one);
        let mut cheapest = known.reduce(f64::min).unwrap_or(0.0);
        while let Some(i) = waiting.front().copied() {
            let plan = &plans[i];
            let measured = || {
                FitTime::measure(plan, self.progress).map(|time| {
                    (time.of_fits(plan, plan.data.folds.worth(), threads), time.of_fits(plan, 1.0, threads))
                })
            };
            let (folds, one) = match trials[i].seconds {
                Some(seconds) => seconds,
                None if self.budget.admits(committed + last + cheapest) => measured().unwrap_or_default(),
                None => (f64::INFINITY, f64::INFINITY),
            };
            if folds.is_finite() {
                trials[i].seconds = Some((folds, one));
                cheapest = if cheapest > 0.0 { cheapest.min(folds + one) } else { folds + one };
            }
            if self.budget.admits(committed + folds + last.max(one)) {
                (committed, last) = (committed + folds, last.max(one));
                round.push(i);
            } else if round.is_empty() {
                trials[i].is_skipped = true;
            } else {
                break;
            }
            waiting.pop_front();
        }
        round
    }

    /// Tries some candidates, fold by fold, and drops those that are far behind; returns the number of fits.
    fn try_all(&self, plans: &[FitPlan<'_>], trials: &mut [Trial], round: &[usize]) -> usize {
        let (mut fits, mut done) = (0, 0);
        let n_folds = self.plan.data.folds.n();
        for i in round {
            trials[*i].is_begun = true;
        }
        for until in STAGES.into_iter().filter(|stage| *stage < n_folds).chain([n_folds]) {
            let live =
                |trials: &[Trial]| round.iter().copied().filter(|i| trials[*i].is_live()).collect::<Vec<usize>>();
            let before = live(trials);
            let pairs: Vec<(usize, u32)> = before.iter().flat_map(|i| (done..until).map(move |f| (*i, f))).collect();
            let job = |(i, fold): &(usize, u32)| {
                let seconds = trials[*i].seconds.map_or(0.0, |(_, one)| one);
                FitJob { plan: &plans[*i], without: Some(*fold), seconds }
            };
            let jobs: Vec<FitJob<'_>> = pairs.iter().map(job).collect();
            let finished = schedule::run(&jobs, self.plan.spec.threads, self.budget, self.progress);
            fits += finished.iter().filter(|fit| !matches!(fit.outcome, Err(TrainError::OverBudget(_)))).count();
            for ((i, _), finished) in pairs.iter().zip(finished) {
                trials[*i].add(finished.outcome);
            }
            if until < n_folds {
                give_up(trials, round, self.plan.data.scoring());
            }
            self.progress.given_up((before.len() - live(trials).len()) * (n_folds - until) as usize);
            done = until;
        }
        fits
    }
}

fn no_candidate() -> TrainError {
    TrainError::Broken("no candidate was fitted".to_owned())
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
        skipped: trial.is_skipped,
    };
    Tuning {
        candidates: trials.len(),
        given_up: trials.iter().filter(|t| t.given_up).count(),
        refused: trials.iter().filter(|t| t.refused.is_some()).count(),
        skipped: trials.iter().filter(|t| t.is_skipped).count(),
        fits,
        scored_by: plans.first().map_or("", |plan| plan.data.scoring().ranking().name),
        searched: space.ranges().map(|(name, range)| (name.to_owned(), range.to_owned())).collect(),
        tried: plans.iter().zip(trials).map(one).collect(),
        chosen,
    }
}
