//! All fits of a run in one queue: the final ones, those of folds, of one algorithm or of many candidates.

use std::num::NonZeroUsize;
use std::time::Instant;

use super::encode::Part;
use super::error::TrainError;
use super::fitting::{Fitted, Piece, Prepared, Recipe};
use super::folds::{self, Held};
use super::{Progress, parallel};
use crate::model::prediction::Prediction;

/// What all fits of a run share.
pub(super) struct Runner<'a> {
    pub(super) train: &'a Part,
    /// The fold that holds each training row out.
    pub(super) fold: &'a [u32],
    pub(super) threads: NonZeroUsize,
    pub(super) progress: &'a dyn Progress,
}

/// One fit.
#[derive(Clone, Copy)]
pub(super) struct Fit<'a> {
    pub(super) recipe: &'a Recipe<'a>,
    /// The fold whose rows are held out; `None`: fitted on all training rows.
    pub(super) without: Option<u32>,
}

/// What came of a fit.
pub(super) enum Done {
    /// The model, and its answers for the training rows.
    Final(Box<Fitted>, Prediction),
    /// The answers for the rows held out.
    Fold(Held),
}

/// A fit with what it took.
pub(super) struct Finished {
    pub(super) outcome: Result<Done, TrainError>,
    /// Of all its parts together, on however many threads.
    pub(super) seconds: f64,
}

impl Runner<'_> {
    /// Does the fits, as many at a time as there are threads; what came of them, in their order.
    pub(super) fn run(&self, fits: &[Fit<'_>]) -> Vec<Finished> {
        parallel::run(self.threads, fits.len(), &Queue { runner: self, fits })
    }
}

struct Queue<'a> {
    runner: &'a Runner<'a>,
    fits: &'a [Fit<'a>],
}

/// The rows to fit on with those held out, and the seconds it took.
type Context = (Result<(Prepared, Vec<usize>), TrainError>, f64);

impl parallel::Work for Queue<'_> {
    type Context = Context;
    /// `None` when the preparation had failed.
    type Part = (Option<Result<Piece, TrainError>>, f64);
    type Output = Finished;

    fn n_parts(&self, job: usize) -> usize {
        self.fits[job].recipe.n_parts()
    }

    fn prepare(&self, job: usize) -> Context {
        let start = Instant::now();
        let (Fit { recipe, without }, train) = (self.fits[job], self.runner.train);
        let prepared = match without {
            None => recipe.prepare(train.batch.values(), train.observed.clone()).map(|p| (p, Vec::new())),
            Some(f) => {
                let (held, rest) = folds::split(self.runner.fold, f);
                recipe.prepare(&train.cells(&rest), train.observed.of_rows(&rest)).map(|p| (p, held))
            }
        };
        (prepared, start.elapsed().as_secs_f64())
    }

    fn part(&self, job: usize, part: usize, (context, _): &Context) -> Self::Part {
        let start = Instant::now();
        let piece = context.as_ref().ok().map(|(prepared, _)| self.fits[job].recipe.part(prepared, part));
        (piece, start.elapsed().as_secs_f64())
    }

    fn finish(&self, job: usize, (context, prepared_in): &Context, parts: Vec<Self::Part>) -> Finished {
        let fitted_in: f64 = parts.iter().map(|(_, seconds)| seconds).sum();
        let outcome = match context {
            Ok((prepared, held)) => self.outcome(job, prepared, held, parts),
            Err(error) => Err(error.clone()),
        };
        self.runner.progress.fitted();
        Finished { outcome, seconds: prepared_in + fitted_in }
    }
}

impl Queue<'_> {
    fn outcome(
        &self,
        job: usize,
        prepared: &Prepared,
        held: &[usize],
        parts: Vec<<Self as parallel::Work>::Part>,
    ) -> Result<Done, TrainError> {
        let (Fit { recipe, without }, train) = (self.fits[job], self.runner.train);
        let pieces = parts.into_iter().filter_map(|(piece, _)| piece).collect::<Result<Vec<Piece>, TrainError>>()?;
        let fitted = recipe.join(prepared, pieces)?;
        if without.is_some() {
            return folds::hold(recipe, train, held.to_vec(), &fitted).map(Done::Fold);
        }
        let answers = recipe.answer(&fitted, &train.batch)?;
        Ok(Done::Final(Box::new(fitted), answers))
    }
}
