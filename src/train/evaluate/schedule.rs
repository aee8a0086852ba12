//! Runs all fits of a training run in one queue: the final ones and those of folds, of one algorithm or of many.

use std::borrow::Cow;
use std::num::NonZeroUsize;
use std::time::Instant;

use crate::model::artifact::KFoldFigures;
use crate::model::prediction::Prediction;
use crate::train::data::training_data::TrainingData;
use crate::train::error::TrainError;
use crate::train::evaluate::budget::Budget;
use crate::train::evaluate::expected::expected;
use crate::train::evaluate::folds::{self, FoldResult, OutOfFold};
use crate::train::evaluate::parallel;
use crate::train::evaluate::progress::Progress;
use crate::train::fit::plan::{FitPart, FitPlan, FittedModel, Prepared};

/// One fit.
#[derive(Clone, Copy)]
pub(crate) struct FitJob<'a> {
    pub(crate) plan: &'a FitPlan<'a>,
    /// The fold whose rows are held out; `None`: fitted on all training rows.
    pub(crate) without: Option<u32>,
    /// The seconds that it is expected to take; 0 where that was not estimated.
    pub(crate) seconds: f64,
}

impl<'a> FitJob<'a> {
    /// The final fit and those of the folds, the longest first; each is expected to take so many seconds.
    pub(crate) fn all(plan: &'a FitPlan<'a>, seconds: f64) -> impl Iterator<Item = Self> {
        [None].into_iter().chain((0..plan.data.folds.n()).map(Some)).map(move |without| Self { plan, without, seconds })
    }

    /// What it is called in a progress bar.
    fn label(&self) -> String {
        let (algorithm, folds) = (self.plan.spec.algorithm, self.plan.data.folds.n());
        match self.without {
            None => format!("{algorithm}, all training rows"),
            Some(fold) => format!("{algorithm}, fold {} of {folds}", fold + 1),
        }
    }

    /// Joins the parts, in order, and answers the rows held out, or all when there are none.
    fn outcome(&self, prepared: &Prepared, parts: Vec<FitPart>) -> Result<FitResult, TrainError> {
        let fitted = self.plan.join(prepared, parts)?;
        if let Some(fold) = self.without {
            return folds::evaluate_fold(self.plan, fold, &fitted).map(|fold| FitResult::Fold(Box::new(fold)));
        }
        let answers = self.plan.answer(&fitted, &self.plan.data.split.train.batch)?;
        Ok(FitResult::Final(Box::new(fitted), answers))
    }
}

/// What a fit gave.
pub(crate) enum FitResult {
    /// The model, and its answers for the training rows.
    Final(Box<FittedModel>, Prediction),
    /// The answers for the rows held out.
    Fold(Box<FoldResult>),
}

/// The joined fits of one algorithm.
pub(crate) struct RunOutcome {
    pub(crate) fitted: FittedModel,
    /// The final model's answers for the training rows.
    pub(crate) answers: Prediction,
    pub(crate) out_of_fold: Option<OutOfFold>,
    /// How many candidates it was chosen from, if it was.
    pub(crate) best_of: Option<usize>,
    /// The time of the final fit.
    pub(crate) seconds: f64,
}

impl RunOutcome {
    /// The k-fold figures; absent without folds.
    pub(crate) fn k_fold(&self) -> Option<&KFoldFigures> {
        self.out_of_fold.as_ref().map(|o| &o.figures)
    }

    /// The answers that are like those for new rows: [`expected`].
    pub(crate) fn expected_answers(&self) -> Cow<'_, Prediction> {
        expected(&self.answers, self.out_of_fold.as_ref().map(|out_of_fold| &out_of_fold.answers))
    }

    /// Joins the final fit and the folds, which are in order.
    pub(crate) fn join(data: &TrainingData, fits: impl IntoIterator<Item = FinishedFit>) -> Result<Self, TrainError> {
        let (mut last, mut held) = (None, Vec::new());
        for fit in fits {
            match fit.outcome? {
                FitResult::Final(fitted, answers) => last = Some((*fitted, answers, fit.seconds)),
                FitResult::Fold(fold) => held.push(*fold),
            }
        }
        let (fitted, answers, seconds) = last.ok_or_else(|| TrainError::Broken("there was no fit".to_owned()))?;
        let out_of_fold = (!held.is_empty()).then(|| folds::join(&held, data));
        Ok(Self { fitted, answers, out_of_fold, best_of: None, seconds })
    }
}

/// A fit's result and its time.
pub(crate) struct FinishedFit {
    pub(crate) outcome: Result<FitResult, TrainError>,
    /// The sum over its parts, whatever the number of threads.
    pub(crate) seconds: f64,
}

/// Does the fits, as many at a time as there are `threads`, and returns their results in order: of one that is not
/// begun because it would not end within the budget, [`TrainError::OverBudget`].
pub(crate) fn run(
    fits: &[FitJob<'_>],
    threads: NonZeroUsize,
    budget: Budget<'_>,
    progress: &dyn Progress,
) -> Vec<FinishedFit> {
    parallel::run(threads, fits.len(), &FitQueue { fits, budget, progress })
}

struct FitQueue<'a> {
    fits: &'a [FitJob<'a>],
    budget: Budget<'a>,
    progress: &'a dyn Progress,
}

impl FitQueue<'_> {
    fn since(&self, start: Instant) -> f64 {
        self.progress.now().saturating_duration_since(start).as_secs_f64()
    }
}

/// The rows to fit on, and the seconds it took.
type FitContext = (Result<Prepared, TrainError>, f64);

impl parallel::ParallelJobs for FitQueue<'_> {
    type Context = FitContext;
    type Part = (Result<FitPart, TrainError>, f64);
    type Output = FinishedFit;

    fn n_parts(&self, job: usize) -> usize {
        self.fits[job].plan.n_parts()
    }

    fn prepare(&self, job: usize) -> FitContext {
        let FitJob { plan, without, seconds } = self.fits[job];
        if !self.budget.admits(seconds) {
            return (Err(TrainError::OverBudget(format!("{} would not end in time", self.fits[job].label()))), 0.0);
        }
        let start = self.progress.now();
        self.progress.began(&self.fits[job].label());
        let prepared = match without {
            None => plan.prepare(None),
            Some(fold) => plan.prepare(Some(&plan.data.folds.split(fold).1)),
        };
        (prepared, self.since(start))
    }

    fn part(&self, job: usize, part: usize, (context, _): &FitContext) -> Self::Part {
        let start = self.progress.now();
        let prepared = context.as_ref().map_err(TrainError::clone);
        let part = prepared.and_then(|prepared| self.fits[job].plan.part(prepared, part));
        (part, self.since(start))
    }

    fn finish(&self, job: usize, (context, prepared_in): &FitContext, parts: Vec<Self::Part>) -> FinishedFit {
        let (parts, seconds): (Vec<_>, Vec<f64>) = parts.into_iter().unzip();
        let parts = parts.into_iter().collect::<Result<Vec<FitPart>, TrainError>>();
        let prepared = context.as_ref().map_err(TrainError::clone);
        let outcome = prepared.and_then(|prepared| self.fits[job].outcome(prepared, parts?));
        self.progress.fitted();
        FinishedFit { outcome, seconds: prepared_in + seconds.iter().sum::<f64>() }
    }
}
