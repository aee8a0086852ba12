//! What training saw of a column: moments, quantiles, a histogram for pictures and bins for drift.

use serde::{Deserialize, Serialize};

pub use super::bins::{Bins, MAX_BINS};

/// The levels of [`Stats::quantiles`]: 0 %, 5 %, … 100 %.
pub const QUANTILE_LEVELS: usize = 21;

/// Equal-width cells of a [`Histogram`].
pub const HISTOGRAM_CELLS: usize = 20;

/// Statistics of one column over the training rows.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Stats {
    /// Cells that held a value.
    pub count: u64,
    /// Cells that were empty.
    pub missing: u64,
    /// Arithmetic mean; numeric columns only, as the next five.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub mean: Option<f64>,
    /// Population standard deviation (divided by n, as scikit-learn's `StandardScaler` does).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sd: Option<f64>,
    /// Smallest value.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub min: Option<f64>,
    /// Largest value.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub max: Option<f64>,
    /// [`QUANTILE_LEVELS`] values from 0 % to 100 %, linearly interpolated (Hyndman and Fan's type 7).
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub quantiles: Vec<f64>,
    /// Equal-width cells between `min` and `max`, for pictures.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub histogram: Option<Histogram>,
    /// The cells that drift is counted in.
    pub bins: Bins,
}

/// Equal-width cells: `counts[i]` values lie in `[edges[i], edges[i + 1])`, the last cell is closed.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Histogram {
    /// Ascending; one more than `counts`.
    pub edges: Vec<f64>,
    /// Values per cell.
    pub counts: Vec<u64>,
}

impl Stats {
    /// The position of the median among the quantiles.
    pub const MEDIAN: usize = QUANTILE_LEVELS / 2;

    /// The median of a column of numbers or dates.
    pub fn median(&self) -> Option<f64> {
        self.quantiles.get(Self::MEDIAN).copied()
    }

    /// Of a column that was not seen.
    pub(in crate::model) const fn nothing() -> Self {
        let bins = Bins { edges: Vec::new(), categories: Vec::new(), counts: Vec::new() };
        Self {
            count: 0,
            missing: 0,
            mean: None,
            sd: None,
            min: None,
            max: None,
            quantiles: Vec::new(),
            histogram: None,
            bins,
        }
    }
}

impl Stats {
    /// Statistics of a numeric column; NaN is a missing cell. Order of `values` does not matter.
    #[expect(clippy::cast_precision_loss, reason = "row counts stay far below 2^53")]
    pub fn numeric(values: &[f64]) -> Self {
        let mut present: Vec<f64> = values.iter().copied().filter(|v| !v.is_nan()).collect();
        present.sort_unstable_by(f64::total_cmp);
        let missing = (values.len() - present.len()) as u64;
        let mut edges: Vec<f64> = Vec::new();
        if present.is_empty() {
            let bins = Bins { counts: vec![0, missing], ..Bins::default() };
            return Self { missing, bins, ..Self::default() };
        }
        for decile in 1..10 {
            let edge = quantile(&present, f64::from(decile) / 10.0);
            if edge < present[present.len() - 1] && edges.last().is_none_or(|last| *last < edge) {
                edges.push(edge);
            }
        }
        let mut bins = Bins { counts: vec![0; edges.len() + 2], edges, categories: Vec::new() };
        for v in values {
            let i = bins.index(*v);
            bins.counts[i] += 1;
        }
        let n = present.len() as f64;
        let mean = present.iter().sum::<f64>() / n;
        let sd = (present.iter().map(|v| (v - mean) * (v - mean)).sum::<f64>() / n).sqrt();
        let mut highest = f64::NEG_INFINITY;
        // Levels within one rounding error of each other may come out of order.
        let level = |i: usize| {
            highest = highest.max(quantile(&present, i as f64 / (QUANTILE_LEVELS - 1) as f64));
            highest
        };
        Self {
            count: present.len() as u64,
            missing,
            mean: Some(mean).filter(|m| m.is_finite()),
            sd: Some(sd).filter(|s| s.is_finite()),
            min: present.first().copied(),
            max: present.last().copied(),
            quantiles: (0..QUANTILE_LEVELS).map(level).collect(),
            histogram: histogram(&present),
            bins,
        }
    }

    /// Statistics of a categorical column with `n_categories` categories; values are positions, NaN is missing.
    /// A position beyond the list is a category that is not in it, and counts as `other`.
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "values are valid positions")]
    pub fn categorical(values: &[f64], n_categories: usize) -> Self {
        let mut per_category = vec![0_u64; n_categories];
        let mut unlisted = 0;
        for v in values.iter().filter(|v| !v.is_nan()) {
            *per_category.get_mut(*v as usize).unwrap_or(&mut unlisted) += 1;
        }
        let mut order: Vec<u32> = (0..n_categories as u32).collect();
        order.sort_by_key(|c| (std::cmp::Reverse(per_category[*c as usize]), *c));
        order.truncate(MAX_BINS - 2);
        order.sort_unstable();
        let count: u64 = per_category.iter().sum::<u64>() + unlisted;
        let missing = values.len() as u64 - count;
        let mut counts: Vec<u64> = order.iter().map(|c| per_category[*c as usize]).collect();
        counts.push(count - counts.iter().sum::<u64>());
        counts.push(missing);
        Self { count, bins: Bins { edges: Vec::new(), categories: order, counts }, missing, ..Self::default() }
    }

    /// Checks the shape that readers rely on. `n_categories` is 0 for a numeric column.
    ///
    /// # Errors
    /// One sentence: bins, counts, bounds, quantiles or histogram do not agree.
    pub fn check(&self, n_categories: usize) -> Result<(), String> {
        self.bins.check(n_categories)?;
        let counted = self.bins.counts.iter().try_fold(0_u64, |sum, n| sum.checked_add(*n));
        if counted != self.count.checked_add(self.missing) {
            return Err("bins do not count every row".to_owned());
        }
        if !matches!(self.quantiles.len(), 0 | QUANTILE_LEVELS) || self.quantiles.windows(2).any(|w| w[0] > w[1]) {
            return Err(format!("quantiles are not {QUANTILE_LEVELS} ascending values"));
        }
        match (self.min, self.max) {
            (Some(min), Some(max)) if min > max => {
                return Err(format!("the smallest value {min} is above the largest, {max}"));
            }
            (Some(min), Some(max)) if self.quantiles.iter().any(|level| *level < min || *level > max) => {
                return Err("a quantile is outside of the smallest and the largest value".to_owned());
            }
            (Some(_), Some(_)) | (None, None) => {}
            _ => return Err("of the smallest and the largest value one is absent".to_owned()),
        }
        if let Some(sd) = self.sd.filter(|sd| *sd < 0.0) {
            return Err(format!("a standard deviation is {sd}"));
        }
        match &self.histogram {
            Some(h) if h.edges.windows(2).any(|w| w[0] > w[1]) => {
                Err("the histogram's edges are not ascending".to_owned())
            }
            Some(h) if h.counts.len() != HISTOGRAM_CELLS || h.edges.len() != HISTOGRAM_CELLS + 1 => {
                Err(format!("the histogram has not {HISTOGRAM_CELLS} cells"))
            }
            _ => Ok(()),
        }
    }
}

/// The quantile at `level` (0 to 1) of ascending `sorted`, linearly interpolated (type 7). Not empty.
#[expect(
    clippy::cast_precision_loss,
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "positions are non-negative and far below 2^53"
)]
pub fn quantile(sorted: &[f64], level: f64) -> f64 {
    let last = sorted.len() - 1;
    let at = level * last as f64;
    let below = (at.floor() as usize).min(last);
    let above = (below + 1).min(last);
    let weight = at - below as f64;
    // Halves first: the difference of two finite values may overflow, the weighted sum of them may not.
    if weight == 0.0 {
        return sorted[below];
    }
    // Rounding may lead outside the two: 3.2 · 0.45 + 3.2 · 0.55 is below 3.2.
    (sorted[below] * (1.0 - weight) + sorted[above] * weight).clamp(sorted[below], sorted[above])
}

#[expect(
    clippy::cast_precision_loss,
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "cell numbers are small and non-negative"
)]
fn histogram(sorted: &[f64]) -> Option<Histogram> {
    let (min, max) = (sorted[0], sorted[sorted.len() - 1]);
    let width = (max - min) / HISTOGRAM_CELLS as f64;
    if !width.is_finite() || width <= 0.0 {
        return None;
    }
    let edges = (0..=HISTOGRAM_CELLS).map(|i| if i == HISTOGRAM_CELLS { max } else { min + width * i as f64 });
    let mut counts = vec![0_u64; HISTOGRAM_CELLS];
    for v in sorted {
        counts[(((v - min) / width) as usize).min(HISTOGRAM_CELLS - 1)] += 1;
    }
    Some(Histogram { edges: edges.collect(), counts })
}
