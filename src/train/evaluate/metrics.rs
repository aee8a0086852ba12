//! Metrics, equal to scikit-learn's of the same names; each formula is written where it is computed.
//!
//! A metric that is not defined (R² of a constant target, ROC AUC without both classes) is `None`, never NaN.

use crate::model::artifact::Figures;
use crate::train::data::target::is_constant;
use crate::train::moments::{mean, variance};

/// Probabilities are kept this far from 0 and 1 in the log-loss, as scikit-learn does for `f64`: 2⁻⁵².
const CLIP: f64 = f64::EPSILON;

/// Counts of one class.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct ClassCounts {
    /// Rows of the class that were predicted to be of it.
    pub hits: u64,
    /// Rows predicted to be of the class.
    pub predicted: u64,
    /// Rows of the class.
    pub observed: u64,
}

/// RMSE = √(Σ(y − ŷ)² / n), MAE = Σ|y − ŷ| / n, R² = 1 − Σ(y − ŷ)² / Σ(y − ȳ)² (none for under two rows or a constant
/// y). Both of shape `[n_rows]`.
#[expect(clippy::cast_precision_loss, reason = "row counts stay far below 2^53")]
pub fn regression(observed: &[f64], predicted: &[f64]) -> Figures {
    let n = observed.len() as f64;
    let squares: f64 = observed.iter().zip(predicted).map(|(y, p)| (y - p) * (y - p)).sum();
    let sizes: f64 = observed.iter().zip(predicted).map(|(y, p)| (y - p).abs()).sum();
    let mean = mean(observed);
    let total: f64 = observed.iter().map(|y| (y - mean) * (y - mean)).sum();
    let defined = observed.len() > 1 && !is_constant(observed) && total > 0.0;
    Figures {
        n: observed.len() as u64,
        rmse: finite((squares / n).sqrt()),
        mae: finite(sizes / n),
        r2: if defined { finite(1.0 - squares / total) } else { None },
        ..Figures::default()
    }
}

/// Σ level · (y − ŷ) / n where the answer is too low, Σ (1 − level) · (ŷ − y) / n where it is too high:
/// `mean_pinball_loss`.
pub fn pinball_loss(observed: &[f64], predicted: &[f64], level: f64) -> Option<f64> {
    let of_row = |y: f64, p: f64| if y >= p { level * (y - p) } else { (1.0 - level) * (p - y) };
    mean_of(observed, predicted, of_row)
}

/// 2 Σ (y ln(y / ŷ) − y + ŷ) / n: `mean_poisson_deviance`. `None` unless every answer is above 0 and no target below.
pub fn poisson_deviance(observed: &[f64], predicted: &[f64]) -> Option<f64> {
    let of_row = |y: f64, p: f64| {
        let information = if y > 0.0 { y * (y / p).ln() } else { 0.0 };
        2.0 * (information - y + p)
    };
    let is_defined = observed.iter().all(|y| *y >= 0.0) && predicted.iter().all(|p| *p > 0.0);
    mean_of(observed, predicted, of_row).filter(|_| is_defined)
}

/// 2 Σ (ln(ŷ / y) + y / ŷ − 1) / n: `mean_gamma_deviance`. `None` unless every answer and target is above 0.
pub fn gamma_deviance(observed: &[f64], predicted: &[f64]) -> Option<f64> {
    let is_defined = observed.iter().chain(predicted).all(|v| *v > 0.0);
    mean_of(observed, predicted, |y, p| 2.0 * ((p / y).ln() + y / p - 1.0)).filter(|_| is_defined)
}

/// 2 Σ (y^(2−q) / ((1−q)(2−q)) − y ŷ^(1−q) / (1−q) + ŷ^(2−q) / (2−q)) / n for a power q of 1 to below 2, where at 1 it
/// is Poisson's: `mean_tweedie_deviance`. `None` unless every answer is above 0 and no target below.
pub fn tweedie_deviance(observed: &[f64], predicted: &[f64], power: f64) -> Option<f64> {
    let (one, two) = (1.0 - power, 2.0 - power);
    if one >= 0.0 {
        return poisson_deviance(observed, predicted);
    }
    let of_row = |y: f64, p: f64| 2.0 * (y.powf(two) / (one * two) - y * p.powf(one) / one + p.powf(two) / two);
    let is_defined = observed.iter().all(|y| *y >= 0.0) && predicted.iter().all(|p| *p > 0.0);
    mean_of(observed, predicted, of_row).filter(|_| is_defined)
}

/// The mean of what rows add, where it is finite.
#[expect(clippy::cast_precision_loss, reason = "row counts stay far below 2^53")]
fn mean_of(observed: &[f64], predicted: &[f64], of_row: impl Fn(f64, f64) -> f64) -> Option<f64> {
    let sum: f64 = observed.iter().zip(predicted).map(|(y, p)| of_row(*y, *p)).sum();
    finite(sum / observed.len() as f64)
}

/// Accuracy and F1 of class positions, and with probabilities, row-major `[n_rows, n_classes]`, log-loss, ROC AUC,
/// average precision and Brier score.
pub fn classification(observed: &[u32], predicted: &[u32], probability: Option<&[f64]>, n_classes: usize) -> Figures {
    Figures {
        n: observed.len() as u64,
        accuracy: accuracy(observed, predicted),
        f1: macro_f1(&class_counts(observed, predicted, n_classes)),
        log_loss: probability.and_then(|p| log_loss(observed, p, n_classes)),
        roc_auc: probability.and_then(|p| roc_auc(observed, p, n_classes)),
        average_precision: probability.and_then(|p| average_precision(observed, p, n_classes)),
        brier: probability.and_then(|p| brier(observed, p, n_classes)),
        ..Figures::default()
    }
}

/// The share of rows whose class is right.
#[expect(clippy::cast_precision_loss, reason = "row counts stay far below 2^53")]
pub(crate) fn accuracy(observed: &[u32], predicted: &[u32]) -> Option<f64> {
    let right = observed.iter().zip(predicted).filter(|(y, p)| y == p).count();
    finite(right as f64 / observed.len() as f64)
}

/// Counts per class, in class order.
pub fn class_counts(observed: &[u32], predicted: &[u32], n_classes: usize) -> Vec<ClassCounts> {
    let mut counts = vec![ClassCounts::default(); n_classes];
    for (y, p) in observed.iter().zip(predicted) {
        counts[*y as usize].observed += 1;
        counts[*p as usize].predicted += 1;
        counts[*y as usize].hits += u64::from(y == p);
    }
    counts
}

impl ClassCounts {
    /// hits / predicted; 0 when no row was predicted to be of the class.
    pub fn precision(&self) -> f64 {
        ratio(self.hits, self.predicted)
    }

    /// hits / observed; 0 when no row is of the class.
    pub fn recall(&self) -> f64 {
        ratio(self.hits, self.observed)
    }

    /// 2·hits / (predicted + observed); 0 when that is 0 / 0.
    pub fn f1(&self) -> f64 {
        ratio(2 * self.hits, self.predicted + self.observed)
    }
}

/// The unweighted mean of F1 over the classes that were observed or predicted.
fn macro_f1(counts: &[ClassCounts]) -> Option<f64> {
    let present: Vec<f64> = counts.iter().filter(|c| c.observed + c.predicted > 0).map(ClassCounts::f1).collect();
    finite(mean(&present))
}

/// −Σ ln(p of the observed class, clipped to [2⁻⁵², 1 − 2⁻⁵²]) / n.
#[expect(clippy::cast_precision_loss, reason = "row counts stay far below 2^53")]
pub fn log_loss(observed: &[u32], probability: &[f64], n_classes: usize) -> Option<f64> {
    let rows = observed.iter().zip(probability.chunks_exact(n_classes));
    let sum: f64 = rows.map(|(y, p)| -p[*y as usize].clamp(CLIP, 1.0 - CLIP).ln()).sum();
    finite(sum / observed.len() as f64)
}

/// Area under the ROC curve: of the second class for two classes, else the unweighted mean over one-vs-rest. `None`
/// when a class has no row, or all.
pub fn roc_auc(observed: &[u32], probability: &[f64], n_classes: usize) -> Option<f64> {
    one_against_rest(observed, probability, n_classes, area)
}

/// Average precision, Σ (recall − recall before) · precision over the distinct scores downwards: of the second class
/// for two classes, else the unweighted mean over one-vs-rest. `None` when a class has no row, or all.
pub fn average_precision(observed: &[u32], probability: &[f64], n_classes: usize) -> Option<f64> {
    one_against_rest(observed, probability, n_classes, step_area)
}

/// Σ (p − y)² / n of the second of two classes, 0 to 1; of several classes the sum over them, 0 to 2.
#[expect(clippy::cast_precision_loss, reason = "row counts stay far below 2^53")]
pub fn brier(observed: &[u32], probability: &[f64], n_classes: usize) -> Option<f64> {
    let first = usize::from(n_classes == 2);
    let of_row = |(class, of_row): (&u32, &[f64])| -> f64 {
        let error = |(p, at): (&f64, usize)| p - f64::from(u8::from(*class as usize == at));
        of_row.iter().zip(0..).skip(first).map(error).map(|error| error * error).sum()
    };
    let sum: f64 = observed.iter().zip(probability.chunks_exact(n_classes)).map(of_row).sum();
    finite(sum / observed.len() as f64)
}

/// A figure of whether rows are of a class, and their scores for it: of the second class for two classes, else the
/// unweighted mean over the classes.
fn one_against_rest(
    observed: &[u32],
    probability: &[f64],
    n_classes: usize,
    figure: fn(&[bool], &[f64]) -> Option<f64>,
) -> Option<f64> {
    let of_class = |class: usize| {
        let scores: Vec<f64> = probability.iter().skip(class).step_by(n_classes).copied().collect();
        let positive: Vec<bool> = observed.iter().map(|y| *y as usize == class).collect();
        figure(&positive, &scores)
    };
    if n_classes == 2 {
        return of_class(1);
    }
    let figures: Option<Vec<f64>> = (0..n_classes).map(of_class).collect();
    figures.map(|figures| mean(&figures))
}

/// The share of (positive, negative) pairs that the scores order correctly, ties counting half: from midranks
/// (Mann and Whitney), which equals the area under the curve with its ties joined by straight lines.
#[expect(clippy::cast_precision_loss, reason = "row counts stay far below 2^53")]
fn area(positive: &[bool], scores: &[f64]) -> Option<f64> {
    let n_positive = positive.iter().filter(|p| **p).count() as f64;
    let n_negative = positive.len() as f64 - n_positive;
    if n_positive == 0.0 || n_negative == 0.0 {
        return None;
    }
    let mut order: Vec<usize> = (0..scores.len()).collect();
    order.sort_by(|a, b| scores[*a].total_cmp(&scores[*b]));
    let (mut before, mut rank_sum) = (0_usize, 0.0);
    // Sorted: not below the next means equal to it.
    for tied in order.chunk_by(|a, b| scores[*a] >= scores[*b]) {
        let midrank = before as f64 + f64::midpoint(tied.len() as f64, 1.0);
        rank_sum += midrank * tied.iter().filter(|row| positive[**row]).count() as f64;
        before += tied.len();
    }
    finite((rank_sum - n_positive * (n_positive + 1.0) / 2.0) / (n_positive * n_negative))
}

/// The area under precision by recall, in steps: each distinct score's precision, weighted by the recall that it adds.
#[expect(clippy::cast_precision_loss, reason = "row counts stay far below 2^53")]
fn step_area(positive: &[bool], scores: &[f64]) -> Option<f64> {
    let n_positive = positive.iter().filter(|p| **p).count();
    if n_positive == 0 || n_positive == positive.len() {
        return None;
    }
    let mut order: Vec<usize> = (0..scores.len()).collect();
    order.sort_by(|a, b| scores[*b].total_cmp(&scores[*a]));
    let (mut above, mut hits, mut sum) = (0, 0, 0.0);
    // Sorted downwards: not above the next means equal to it.
    for tied in order.chunk_by(|a, b| scores[*a] <= scores[*b]) {
        let found = tied.iter().filter(|row| positive[**row]).count();
        (above, hits) = (above + tied.len(), hits + found);
        sum += found as f64 / n_positive as f64 * (hits as f64 / above as f64);
    }
    finite(sum)
}

/// Mean and population standard deviation over folds, each fold with the same weight; `n` is the sum of the folds'
/// rows. A metric that one fold lacks is absent.
pub fn over_folds(folds: &[Figures]) -> (Figures, Figures) {
    (combined(folds, mean), combined(folds, |values| variance(values).sqrt()))
}

fn combined(folds: &[Figures], statistic: fn(&[f64]) -> f64) -> Figures {
    let of = |pick: fn(&Figures) -> Option<f64>| {
        let values: Option<Vec<f64>> = folds.iter().map(pick).collect();
        values.filter(|values| !values.is_empty()).map(|values| statistic(&values))
    };
    Figures {
        n: folds.iter().map(|f| f.n).sum(),
        rmse: of(|f| f.rmse),
        mae: of(|f| f.mae),
        r2: of(|f| f.r2),
        accuracy: of(|f| f.accuracy),
        f1: of(|f| f.f1),
        log_loss: of(|f| f.log_loss),
        roc_auc: of(|f| f.roc_auc),
        average_precision: of(|f| f.average_precision),
        brier: of(|f| f.brier),
        pinball_loss: of(|f| f.pinball_loss),
        poisson_deviance: of(|f| f.poisson_deviance),
        gamma_deviance: of(|f| f.gamma_deviance),
        tweedie_deviance: of(|f| f.tweedie_deviance),
    }
}

fn finite(value: f64) -> Option<f64> {
    value.is_finite().then_some(value)
}

#[expect(clippy::cast_precision_loss, reason = "row counts stay far below 2^53")]
pub(crate) fn ratio(part: u64, whole: u64) -> f64 {
    if whole == 0 { 0.0 } else { part as f64 / whole as f64 }
}
