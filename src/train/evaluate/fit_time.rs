//! How long fits will take: one on a sample of the training rows is timed, and scaled to all of them.

use std::num::NonZeroUsize;
use std::time::Duration;

use crate::model::algorithm::Algorithm;
use crate::model::artifact::Setting;
use crate::text::duration::rough;
use crate::train::data::split;
use crate::train::error::TrainError;
use crate::train::evaluate::progress::Progress;
use crate::train::fit::boosting::Rounds;
use crate::train::fit::plan::FitPlan;
use crate::train::options::Hyperparameters;

/// Rows of the first sample.
const SAMPLE: usize = 500;
/// A sample whose fit takes less is too short to be scaled: one of four times the rows is timed.
const LEAST_SECONDS: f64 = 0.1;
/// Rounds of boosting that are timed, without early stopping; all that were asked for are then expected.
const ROUNDS: u64 = 10;
/// From so many seconds on it is said beforehand how long the fits will take…
const LONG: f64 = 60.0;
/// …where there are at least so many training rows: a sample of fewer would be most of them.
const LEAST_ROWS: usize = 1_000;

/// What one fit takes.
#[derive(Debug, Clone, Copy)]
pub(crate) struct FitTime {
    /// Seconds on one thread, of a fit on all training rows with its answers for them.
    pub(crate) seconds: f64,
    /// Rows of the fit that was timed.
    sample: usize,
}

impl FitTime {
    /// Times a fit on 500 of the training rows, drawn in shares of the classes; while that takes under 0.1 s, on four
    /// times as many, up to half of them. Boosting with early stopping may take less than what it gives. `None`: the
    /// plan cannot be fitted on a sample, and takes little time, or none, to be refused.
    pub(crate) fn measure(plan: &FitPlan<'_>, progress: &dyn Progress) -> Option<Self> {
        let n_rows = plan.data.observed().len();
        let mut sample = SAMPLE.min(n_rows);
        loop {
            let timed = SampleTime::measure(plan, sample, progress);
            let is_enough = timed.as_ref().is_ok_and(|time| time.once + time.fit >= LEAST_SECONDS);
            if is_enough || sample * 8 > n_rows {
                let SampleTime { once, fit, times } = timed.ok()?;
                let seconds = (once + fit * times) * growth(plan.spec.algorithm, n_rows, sample);
                return Some(Self { seconds, sample });
            }
            sample *= 4;
        }
    }

    /// Seconds of a final fit and one of each fold, on so many threads.
    pub(crate) fn of_run(&self, plan: &FitPlan<'_>, threads: NonZeroUsize) -> f64 {
        self.of_fits(plan, 1.0 + plan.data.folds.worth(), threads)
    }

    /// Seconds of fits that together are worth `fits` on all training rows.
    pub(crate) fn of_fits(&self, plan: &FitPlan<'_>, fits: f64, threads: NonZeroUsize) -> f64 {
        let at_once = fits.ceil() * f64::from(u32::try_from(plan.n_parts().max(1)).unwrap_or(u32::MAX));
        let threads = f64::from(u32::try_from(threads.get()).unwrap_or(u32::MAX));
        self.seconds * fits / threads.min(at_once).max(1.0)
    }
}

/// Seconds of a fit on some rows.
struct SampleTime {
    /// What is done once.
    once: f64,
    /// The rest, of as many rounds as are timed where it is boosting.
    fit: f64,
    /// How many times the rest is done.
    times: f64,
}

impl SampleTime {
    fn measure(plan: &FitPlan<'_>, sample: usize, progress: &dyn Progress) -> Result<Self, TrainError> {
        let observed = plan.data.observed();
        let n_rows = observed.len();
        let seconds_since = |start| progress.now().saturating_duration_since(start).as_secs_f64();
        let start = progress.now();
        progress.timing(&format!("{}, {sample} of {n_rows} rows", plan.spec.algorithm));
        #[expect(clippy::cast_precision_loss, reason = "a share of a row count")]
        let left_out = 1.0 - sample as f64 / n_rows as f64;
        let rows = split::holdout(n_rows, observed.classes(), left_out, plan.spec.seed).train;
        let (parameters, times) = of_few_rounds(plan, n_rows);
        let plan = FitPlan { parameters: &parameters, ..*plan };
        let prepared = plan.prepare(Some(&rows))?;
        let (once, start) = (seconds_since(start), progress.now());
        let parts = (0..plan.n_parts().max(1)).map(|part| plan.part(&prepared, part)).collect::<Result<Vec<_>, _>>()?;
        let fitted = plan.join(&prepared, parts)?;
        plan.answer_rows(&fitted, &rows)?;
        Ok(Self { once, fit: seconds_since(start), times })
    }
}

/// The hyperparameters that are timed, and how many times what they take all of the fit takes at most.
#[expect(clippy::cast_precision_loss, reason = "rounds are few")]
fn of_few_rounds(plan: &FitPlan<'_>, n_rows: usize) -> (Hyperparameters, f64) {
    let Some(rounds) = plan.parameters.count("trees").filter(|_| plan.spec.algorithm.takes_raw_cells()) else {
        return (plan.parameters.clone(), 1.0);
    };
    let few = ROUNDS.min(rounds as u64);
    let replaced = [("trees", Setting::Count(few)), ("early-stopping", Setting::Count(0))];
    let patience = plan.parameters.count("early-stopping").unwrap_or(0);
    (plan.parameters.with(replaced), rounds as f64 / few.max(1) as f64 * Rounds::fits(n_rows, patience))
}

/// How many times longer a fit on all rows takes than one on a sample: by the square of the rows where each is compared
/// with each, by n · ln n where rows are sorted, else by the rows.
#[expect(clippy::cast_precision_loss, reason = "row counts stay far below 2^53")]
fn growth(algorithm: Algorithm, n_rows: usize, sample: usize) -> f64 {
    let (all, some) = (n_rows.max(2) as f64, sample.max(2) as f64);
    match algorithm {
        Algorithm::Knn | Algorithm::Svr | Algorithm::Svc => (all / some) * (all / some),
        Algorithm::HistGradientBoosting => all / some,
        _ if algorithm.is_trees() => all * all.ln() / (some * some.ln()),
        _ => all / some,
    }
}

/// Says what to do where fits of these plans will take long: of each so many candidates.
pub(crate) fn warn_of_long(
    plans: &[FitPlan<'_>],
    candidates: usize,
    advice: &str,
    threads: NonZeroUsize,
    progress: &dyn Progress,
) {
    let Some(first) = plans.first() else { return };
    let n_rows = first.data.observed().len();
    if n_rows < LEAST_ROWS {
        return;
    }
    let measured: Vec<(&FitPlan<'_>, FitTime)> =
        plans.iter().filter_map(|plan| Some((plan, FitTime::measure(plan, progress)?))).collect();
    let copies = f64::from(u32::try_from(candidates).unwrap_or(u32::MAX));
    let seconds: f64 = measured.iter().map(|(plan, time)| copies * time.of_run(plan, threads)).sum();
    let Some(slowest) = measured.iter().max_by(|(_, a), (_, b)| a.seconds.total_cmp(&b.seconds)) else { return };
    if seconds <= LONG {
        return;
    }
    let fits = plans.len() * (candidates * first.data.folds.n() as usize + 1);
    let may_stop = |plan: &FitPlan<'_>| plan.parameters.count("early-stopping").is_some_and(|rounds| rounds > 0);
    let most = if candidates > 1 || plans.iter().any(may_stop) { "at most about" } else { "about" };
    let (time, plan, sample) = (rough(Duration::from_secs_f64(seconds.min(1e9))), slowest.0, slowest.1.sample);
    let longest = if plans.len() > 1 { format!(", most of it {}", plan.spec.algorithm) } else { String::new() };
    progress.warn(&format!(
        "{fits} fits will take {most} {time}{longest} (by one timed on {sample} of {n_rows} rows); {advice}"
    ));
}
