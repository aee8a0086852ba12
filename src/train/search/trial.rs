//! A candidate of a search: what its folds gave, and when it is dropped.

use crate::model::artifact::Figures;
use crate::train::error::TrainError;
use crate::train::evaluate::folds::FoldResult;
use crate::train::evaluate::metrics::over_folds;
use crate::train::evaluate::schedule::FitResult;
use crate::train::evaluate::scoring::Scoring;

/// A candidate is dropped when it is worse than the best by more than this many standard errors of the difference, fold
/// by fold…
const STANDARD_ERRORS: f64 = 3.0;
/// …and by more than this share of the best one's figure, of numbers…
const SHARE_MARGIN: f64 = 0.02;
/// …or this much accuracy.
const ACCURACY_MARGIN: f64 = 0.01;

/// A candidate while it is tried.
#[derive(Default)]
pub(super) struct Trial {
    /// What its folds gave, in order.
    pub(super) held: Vec<FoldResult>,
    /// Their figures.
    pub(super) figures: Vec<Figures>,
    /// True when it was far behind the best.
    pub(super) given_up: bool,
    /// Why it could not be fitted.
    pub(super) refused: Option<TrainError>,
    /// True when its fits were begun, or are known.
    pub(super) is_begun: bool,
    /// True when some of them would not have ended in time.
    pub(super) is_skipped: bool,
    /// What the fits of all folds are expected to take, and one on all training rows.
    pub(super) seconds: Option<(f64, f64)>,
}

impl Trial {
    /// True while it may become the best.
    pub(super) fn is_live(&self) -> bool {
        self.is_begun && !self.given_up && !self.is_skipped && self.refused.is_none()
    }

    /// Its figures, the mean over its folds.
    pub(super) fn mean(&self) -> Figures {
        over_folds(&self.figures).0
    }

    /// Takes what a fit gave.
    pub(super) fn add(&mut self, outcome: Result<FitResult, TrainError>) {
        match outcome {
            Ok(FitResult::Fold(held)) => {
                self.figures.push(held.figures.clone());
                self.held.push(*held);
            }
            Ok(FitResult::Final(..)) => {}
            Err(TrainError::OverBudget(_)) => self.is_skipped = true,
            Err(error) => self.refused = self.refused.take().or(Some(error)),
        }
    }
}

fn live(trials: &[Trial]) -> impl Iterator<Item = usize> {
    (0..trials.len()).filter(|i| trials[*i].is_live())
}

/// The best candidate of those that are fitted on most folds; ties: the first.
pub(super) fn leader(trials: &[Trial], scoring: Scoring) -> Option<usize> {
    let most = live(trials).map(|i| trials[i].figures.len()).max()?;
    let furthest = live(trials).filter(|i| trials[*i].figures.len() == most);
    furthest.min_by(|a, b| scoring.order(&trials[*a].mean(), &trials[*b].mean()))
}

/// Drops those of a round that are far behind the best of all.
pub(super) fn give_up(trials: &mut [Trial], round: &[usize], scoring: Scoring) {
    let Some(leader) = leader(trials, scoring) else { return };
    let best = trials[leader].figures.clone();
    for i in round {
        let trial = &mut trials[*i];
        if trial.is_live() && is_far_behind(scoring, &trial.figures, &best) {
            trial.given_up = true;
            trial.held = Vec::new();
        }
    }
}

/// True when figures are worse than the best one's on the same folds by more than all margins.
#[expect(clippy::cast_precision_loss, reason = "fold counts are small")]
fn is_far_behind(scoring: Scoring, figures: &[Figures], best: &[Figures]) -> bool {
    let best = &best[..figures.len().min(best.len())];
    let n = best.len() as f64;
    let differences: Vec<f64> = figures.iter().zip(best).map(|(f, b)| scoring.rank(f) - scoring.rank(b)).collect();
    let mean = differences.iter().sum::<f64>() / n;
    let variance = differences.iter().map(|d| (d - mean) * (d - mean)).sum::<f64>() / (n - 1.0);
    let leaders = best.iter().map(|b| scoring.rank(b)).sum::<f64>() / n;
    let margin = if scoring.n_classes > 0 { ACCURACY_MARGIN } else { SHARE_MARGIN * leaders };
    mean == f64::INFINITY || mean > margin && mean > STANDARD_ERRORS * (variance / n).sqrt()
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
        let is_far_behind = |figures: &[Figures]| is_far_behind(Scoring::of_classes(0), figures, &best);
        assert!(is_far_behind(&rmse(&[4.0, 5.1, 5.9])));
        assert!(!is_far_behind(&rmse(&[3.05, 4.05, 5.05])), "under the margin");
        assert!(!is_far_behind(&rmse(&[3.0, 6.0, 5.1])), "one bad fold");
        assert!(!is_far_behind(&best));
        assert!(is_far_behind(&vec![Figures::default(); 3]), "no figure at all");
    }
}
