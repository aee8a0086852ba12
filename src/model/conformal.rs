//! Intervals and sets of classes that hold the truth with a given probability, from out-of-fold scores: conformal
//! prediction (Vovk, Gammerman and Shafer 2005), with the scores of all folds together.
//!
//! A row's score says how far its out-of-fold answer is from what was observed. Of n scores in ascending order the
//! ⌈(n + 1) · level⌉-th, q, bounds that of a new row like these with at least that probability. Fold models stand in for
//! the served one, so that this is approximate: reports give the coverage on test rows.
//!
//! - A number: |observed − predicted|; where trees have a spread d, divided by d + d̄, with d̄ the mean of d over the
//!   scored rows. The interval is prediction ± q, or ± q · (d + d̄).
//! - A class: 1 − the probability of the observed class. The set has every class whose 1 − probability is at most q,
//!   and always the most probable one (LAC, Sadinle, Lei and Wasserman 2019). A method without probabilities gives its
//!   class 1 and the others 0.

use super::calibration::{Calibration, Scores};
use super::intervals::{IntervalKind, Intervals, ScoreBound};
use super::prediction::Prediction;

/// The scores of the scored rows.
#[derive(Debug, Clone)]
pub struct Conformal {
    /// Ascending, at least one.
    scores: Vec<f64>,
    /// The mean spread of the trees, above 0, where scores of numbers are divided by spreads.
    mean_spread: Option<f64>,
    /// 0 of numbers.
    n_classes: usize,
}

impl Conformal {
    /// Of scores that are known to fit a model of so many classes, 0 for numbers. `None` where there are no rows.
    pub fn new(calibration: &Calibration, n_classes: usize) -> Option<Self> {
        let (mut scores, mean_spread) = match &calibration.scores {
            Scores::Residuals { residual, difficulty } => {
                #[expect(clippy::cast_precision_loss, reason = "there are less than 2^53 rows")]
                let mean = difficulty.iter().sum::<f64>() / difficulty.len() as f64;
                let mean = Some(mean).filter(|mean| *mean > 0.0 && mean.is_finite());
                let scaled = |(row, residual): (usize, &f64)| match mean {
                    Some(mean) => residual.abs() / (difficulty[row] + mean),
                    None => residual.abs(),
                };
                (residual.iter().enumerate().map(scaled).collect::<Vec<f64>>(), mean)
            }
            Scores::Probabilities { observed, probability } => {
                let of_rows = probability.chunks_exact(n_classes.max(1));
                (of_rows.zip(observed).map(|(of_row, class)| 1.0 - of_row[*class as usize]).collect(), None)
            }
        };
        scores.sort_unstable_by(f64::total_cmp);
        (!scores.is_empty()).then_some(Self { scores, mean_spread, n_classes })
    }

    /// The greatest level that there are rows for: n / (n + 1).
    #[expect(clippy::cast_precision_loss, reason = "there are less than 2^53 rows")]
    pub fn greatest_level(&self) -> f64 {
        let n = self.scores.len() as f64;
        n / (n + 1.0)
    }

    /// Whether rows have bounds or sets.
    pub fn kind(&self) -> IntervalKind {
        if self.n_classes == 0 { IntervalKind::Range } else { IntervalKind::Set }
    }

    /// Whether intervals are as wide as the trees disagree on a row.
    pub fn is_scaled(&self) -> bool {
        self.mean_spread.is_some()
    }

    /// The score that bounds those of a level above 0 and below 1.
    ///
    /// # Errors
    /// One sentence: the level needs more rows than were scored.
    #[expect(
        clippy::cast_precision_loss,
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "between 0 and the number of rows, which is below 2^53"
    )]
    pub fn quantile(&self, level: f64) -> Result<ScoreBound, String> {
        // 10 · 0.9 and the like end a little above a whole number.
        const ROUNDING: f64 = 1e-9;
        let n = self.scores.len();
        let at = ((n as f64 + 1.0) * level - ROUNDING).ceil().max(1.0) as usize;
        // The level decides, not the product: the document says the greatest to the last bit.
        let score = self.scores.get(at - 1).filter(|_| level <= self.greatest_level());
        score.copied().map(ScoreBound::new).ok_or_else(|| {
            let most = (self.greatest_level() * 1e4).floor() / 1e4;
            format!("This model has intervals up to the level {most}: its scores are of {n} rows; {level} needs more")
        })
    }

    /// The intervals of this model's predictions, in row order. `bound` is of [`Self::quantile`]; `spread` gives how far
    /// the trees disagree on each row, and is called where [`Self::is_scaled`].
    pub fn intervals(
        &self,
        prediction: &Prediction,
        bound: ScoreBound,
        spread: impl FnOnce() -> Option<Vec<f64>>,
    ) -> Intervals {
        let q = bound.score();
        match prediction {
            Prediction::Regression { values, .. } => {
                let spread = if self.is_scaled() { spread().unwrap_or_default() } else { Vec::new() };
                let width = |row: usize| match (self.mean_spread, spread.get(row)) {
                    (Some(mean), Some(spread)) => q * (spread + mean),
                    _ => q,
                };
                let bounds = |(row, value): (usize, &f64)| {
                    [value - width(row), value + width(row)].map(|bound| bound.clamp(f64::MIN, f64::MAX))
                };
                Intervals::Ranges(values.iter().enumerate().flat_map(bounds).collect())
            }
            Prediction::Classification { probability: Some(probability), .. } => {
                let mut is_in = Vec::with_capacity(probability.len());
                for of_row in probability.chunks_exact(self.n_classes.max(1)) {
                    let greatest = of_row.iter().copied().fold(0.0, f64::max);
                    // Several that are most probable are all in.
                    is_in.extend(of_row.iter().map(|p| 1.0 - p <= q || *p == greatest));
                }
                Intervals::Sets { is_in, n_classes: self.n_classes.max(1) }
            }
            Prediction::Classification { classes, probability: None } => {
                let of_row = |class: &u32| {
                    let class = *class as usize;
                    (0..self.n_classes).map(move |other| q >= 1.0 || other == class)
                };
                let is_in = classes.iter().flat_map(of_row).collect();
                Intervals::Sets { is_in, n_classes: self.n_classes.max(1) }
            }
        }
    }
}
