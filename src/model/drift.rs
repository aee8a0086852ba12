//! How far a column's values are from training: the population stability index (PSI) over the column's cells, and how
//! large it gets without drift.
//!
//! One definition for three readers: the server's gauges, the command `drift`, and the `PromQL` expression in
//! `docs/drift.md`, which adds up the counts of several pods.

use super::statistics::{Bins, MAX_BINS};

/// A share is raised by this within the logarithm, so that a cell without rows has a finite term.
pub const SHARE_OFFSET: f64 = 1e-4;

/// Rows of a window: the server compares this many with training at one time.
pub const WINDOW_ROWS: u64 = 1_000;

/// A PSI from which on a column has drifted. Below 0.1 is usually called stable, from 0.1 to 0.2 a small change.
pub const ALARM: f64 = 0.2;

/// The 99.9 % quantile of the standard normal distribution.
const NORMAL_999: f64 = 3.090_232_306_167_813;

/// Training rows of a cell below which its share is uncertain.
const RARE: f64 = 4.5;

/// The cells of a column that values are counted in, with training's share of each: its bins, where those with the
/// same label are one (a category may be called `other` or `missing`).
#[derive(Debug, Clone)]
pub struct Cells {
    bins: Bins,
    /// For each bin its cell.
    cell_of: [u8; MAX_BINS],
    labels: Vec<String>,
    expected: Vec<f64>,
    n_training: u64,
}

impl Cells {
    /// The cells of these bins, of which there are at most [`MAX_BINS`]; `categories` is the feature's list.
    pub fn new(bins: &Bins, categories: &[String]) -> Self {
        Self::labelled(bins, bins.labels(categories))
    }

    /// The same with a label for each bin.
    pub fn labelled(bins: &Bins, of_bins: Vec<String>) -> Self {
        let mut labels: Vec<String> = Vec::new();
        let mut expected: Vec<f64> = Vec::new();
        let mut cell_of = [0_u8; MAX_BINS];
        for ((label, ratio), cell) in of_bins.into_iter().zip(bins.expected_ratios()).zip(&mut cell_of) {
            let known = labels.iter().position(|known| *known == label);
            let at = known.unwrap_or_else(|| {
                labels.push(label);
                expected.push(0.0);
                labels.len() - 1
            });
            expected[at] += ratio;
            // There are at most MAX_BINS.
            *cell = u8::try_from(at).unwrap_or(u8::MAX);
        }
        Self { bins: bins.clone(), cell_of, labels, expected, n_training: bins.counts.iter().sum() }
    }

    /// How many there are.
    pub fn len(&self) -> usize {
        self.labels.len()
    }

    /// True when there are none: the column came without statistics.
    pub fn is_empty(&self) -> bool {
        self.labels.is_empty()
    }

    /// The cell of a value as a batch holds it: a number or a category's position, NaN when missing. There are cells.
    #[inline]
    pub fn index(&self, value: f64) -> usize {
        usize::from(self.cell_of[self.bins.index(value)])
    }

    /// Adds how many of `values`, as a batch holds them, are in each cell.
    pub fn count(&self, values: &[f64], counts: &mut [u64; MAX_BINS]) {
        let mut of_bins = [0; MAX_BINS];
        self.bins.count(values, &mut of_bins);
        for (cell, count) in self.cell_of.iter().zip(of_bins) {
            counts[usize::from(*cell)] += count;
        }
    }

    /// Each cell's label: a numeric one's upper edge (`+Inf` for the last) or a category, `other`, `missing`.
    pub fn labels(&self) -> &[String] {
        &self.labels
    }

    /// Each cell's share of the training rows; sums to 1.
    pub fn expected(&self) -> &[f64] {
        &self.expected
    }

    /// The cell of missing values; none where there are no cells.
    pub fn missing(&self) -> Option<usize> {
        let last = self.bins.len().checked_sub(1)?;
        Some(usize::from(self.cell_of[last]))
    }

    /// How many training rows were counted in them.
    pub fn n_training(&self) -> u64 {
        self.n_training
    }

    /// The population stability index of values with these counts per cell: Σ (a − e) · ln((a + 10⁻⁴) / (e + 10⁻⁴))
    /// over the cells, where a is a cell's share of the values and e its share of the training rows. (Karakoulas,
    /// *Empirical Validation of Retail Credit-Scoring Models*, 2004; the 10⁻⁴ is ours.) None without values.
    #[expect(clippy::cast_precision_loss, reason = "counts stay far below 2^53")]
    pub fn psi(&self, counts: &[u64]) -> Option<f64> {
        let total = counts.iter().sum::<u64>();
        if total == 0 {
            return None;
        }
        let term = |(count, expected): (&u64, &f64)| {
            let actual = *count as f64 / total as f64;
            (actual - expected) * ((actual + SHARE_OFFSET) / (expected + SHARE_OFFSET)).ln()
        };
        Some(counts.iter().zip(&self.expected).map(term).sum())
    }

    /// What the PSI of `n_rows` rows of training's own distribution stays below in some 999 of 1,000 cases.
    /// Infinite without rows.
    ///
    /// It is the 99.9 % quantile of χ² with (occupied cells − 1) degrees of freedom, times (1 / `n_rows` + 1 / training
    /// rows) (Yurdakul and Naranjo, *Statistical properties of the population stability index*, 2020; the quantile by
    /// Wilson and Hilferty, 1931, which is within 3 % here), and what rare cells add to that: those that few rows leave
    /// empty, by mean and 3.09 standard deviations, and those of at most four training rows, each by what a share of two
    /// training rows adds where it was expected to be 0.
    #[expect(clippy::cast_precision_loss, reason = "counts stay far below 2^53")]
    pub fn chance(&self, n_rows: u64) -> f64 {
        if n_rows == 0 || self.n_training == 0 {
            return f64::INFINITY;
        }
        let (n, n_training) = (n_rows as f64, self.n_training as f64);
        let occupied = || self.expected.iter().copied().filter(|share| *share > 0.0);
        let degrees = occupied().count() as f64 - 1.0;
        if degrees < 1.0 {
            return 0.0;
        }
        let spread = 2.0 / (9.0 * degrees);
        let quantile = degrees * (1.0 - spread + NORMAL_999 * spread.sqrt()).powi(3);
        let when_empty = |share: f64| share * ((share + SHARE_OFFSET) / SHARE_OFFSET).ln();
        let empty = |share: f64| ((1.0 - share).powf(n), when_empty(share));
        let mean: f64 = occupied().map(empty).map(|(p, psi)| p * psi).sum();
        let variance: f64 = occupied().map(empty).map(|(p, psi)| p * (1.0 - p) * psi * psi).sum();
        let rare = occupied().filter(|share| share * n_training < RARE).count() as f64;
        quantile * (1.0 / n + 1.0 / n_training)
            + mean
            + NORMAL_999 * variance.sqrt()
            + rare * when_empty(2.0 / n_training)
    }
}

/// What training saw of a feature, for values that it did not see.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Seen {
    /// The smallest and the largest value of a numeric feature.
    Range(f64, f64),
    /// How many categories a categorical feature lists.
    Categories(usize),
    /// Not known.
    Nothing,
}

impl Seen {
    /// True for a value that training did not see: outside of the range, or a category that is not listed.
    #[inline]
    #[expect(clippy::cast_precision_loss, reason = "there are at most 65,536 categories")]
    pub fn is_new(self, value: f64) -> bool {
        match self {
            Self::Range(min, max) => value < min || value > max,
            Self::Categories(n) => value >= n as f64,
            Self::Nothing => false,
        }
    }

    /// How many of `values` training did not see.
    pub fn n_new(self, values: &[f64]) -> u64 {
        match self {
            Self::Range(min, max) => values.iter().map(|value| u64::from(*value < min) + u64::from(*value > max)).sum(),
            Self::Categories(_) => values.iter().map(|value| u64::from(self.is_new(*value))).sum(),
            Self::Nothing => 0,
        }
    }
}
