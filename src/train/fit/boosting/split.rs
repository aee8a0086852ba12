//! The best split of a node, searched in its histogram.

use super::bins::{Cuts, MISSING};
use super::histogram::{Bin, Histogram};
use super::tree_task::TreeTask;
use crate::train::options::Monotone;

/// A split has to gain more than this, in squares of the scaled target: rounding errors of sums are below it.
const MIN_GAIN: f64 = 1e-9;
/// Least sum of hessians of a child.
const MIN_HESSIAN: f64 = 1e-3;
/// Added to each category's hessians when categories are ordered, which puts rare ones in the middle.
const CATEGORY_SMOOTHING: f64 = 10.0;
/// Extra L2 penalty for a split on a set of categories, because among many sets some fit by chance.
const CATEGORY_LAMBDA: f64 = 10.0;
/// The least number of rows between two possible splits of the ordered categories, and after the last: a set of small
/// categories often fits well by chance.
const CATEGORY_ROWS: f64 = 100.0;
/// Columns with at most this many categories get neither the extra penalty nor the minimum of rows.
const FEW_CATEGORIES: usize = 4;

/// Sums over the rows of a node.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub(super) struct Sums {
    pub(super) gradient: f64,
    pub(super) hessian: f64,
    /// Rows; whole.
    pub(super) n: f64,
}

/// The condition of a split.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) enum Rule {
    /// Bins up to this one go to the left.
    UpTo(u8),
    /// The bins of this set go to the left.
    In([u64; 4]),
}

/// A split.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Split {
    pub(super) gain: f64,
    pub(super) column: usize,
    pub(super) rule: Rule,
    pub(super) missing_left: bool,
    pub(super) left: Sums,
    pub(super) right: Sums,
}

/// The range of a leaf's value.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Bounds {
    pub(super) low: f64,
    pub(super) high: f64,
}

impl Bounds {
    /// No limits.
    pub(super) const NONE: Self = Self { low: f64::NEG_INFINITY, high: f64::INFINITY };
}

impl Sums {
    fn of<const K: usize>(bin: &Bin<K>) -> Self {
        Self { gradient: bin[0], hessian: bin[1], n: bin[K - 1] }
    }

    pub(super) fn plus(self, other: Self) -> Self {
        Self { gradient: self.gradient + other.gradient, hessian: self.hessian + other.hessian, n: self.n + other.n }
    }

    fn minus(self, other: Self) -> Self {
        Self { gradient: self.gradient - other.gradient, hessian: self.hessian - other.hessian, n: self.n - other.n }
    }

    /// The value with the smallest loss, within bounds.
    pub(super) fn value(&self, lambda: f64, bounds: Bounds) -> f64 {
        (-self.gradient / (self.hessian + lambda)).clamp(bounds.low, bounds.high)
    }

    /// Twice the amount by which that value reduces the loss.
    fn score(&self, lambda: f64, bounds: Bounds) -> f64 {
        let value = self.value(lambda, bounds);
        -(2.0 * self.gradient + (self.hessian + lambda) * value) * value
    }
}

impl Rule {
    /// True where a bin goes to the left.
    pub(super) fn leads_left(&self, bin: u8, missing_left: bool) -> bool {
        match self {
            _ if bin == MISSING => missing_left,
            Self::UpTo(last) => bin <= *last,
            Self::In(set) => set[usize::from(bin / 64)] >> (bin % 64) & 1 == 1,
        }
    }
}

/// The split of a node with the largest gain, the first on a tie; `None` if none gains or every child would be too
/// small.
pub(super) fn best<const K: usize>(
    task: &TreeTask<'_>,
    histogram: &Histogram<K>,
    total: Sums,
    bounds: Bounds,
) -> Option<Split> {
    let mut search = Search { task, total, bounds, best: None };
    for (column, bins) in task.data.columns.iter().enumerate() {
        let sums = histogram.column(column);
        let (own, missing) = (&sums[..bins.n_bins], Sums::of(&sums[usize::from(MISSING)]));
        match bins.cuts {
            Cuts::Thresholds(_) => search.numbers(column, own, missing),
            Cuts::Categories(_) => search.categories(column, own, missing),
        }
    }
    search.best
}

struct Search<'a> {
    task: &'a TreeTask<'a>,
    total: Sums,
    bounds: Bounds,
    best: Option<Split>,
}

impl Search<'_> {
    fn numbers<const K: usize>(&mut self, column: usize, bins: &[Bin<K>], missing: Sums) {
        let mut left = Sums::default();
        // With missing cells to one side, all others may go to the other.
        let n = if missing.n > 0.0 { bins.len() } else { bins.len() - 1 };
        for (bin, sums) in (0_u8..).zip(&bins[..n]) {
            if sums[K - 1] == 0.0 {
                continue;
            }
            left = left.plus(Sums::of(sums));
            let learned = (missing.n > 0.0).then_some(false);
            self.offer(column, Rule::UpTo(bin), learned, left, 0.0);
            if missing.n > 0.0 {
                self.offer(column, Rule::UpTo(bin), Some(true), left.plus(missing), 0.0);
            }
        }
    }

    /// Orders the categories by their best values, with missing cells as one of them, and tries each split between two.
    #[expect(clippy::cast_possible_truncation, reason = "a bin")]
    fn categories<const K: usize>(&mut self, column: usize, bins: &[Bin<K>], missing: Sums) {
        let lambda = if bins.len() <= FEW_CATEGORIES { 0.0 } else { CATEGORY_LAMBDA };
        let own = bins.iter().enumerate().map(|(bin, sums)| (bin as u8, Sums::of(sums)));
        let mut order: Vec<(u8, Sums)> = own.chain([(MISSING, missing)]).filter(|(_, sums)| sums.n > 0.0).collect();
        let key = |sums: &Sums| sums.gradient / (sums.hessian + CATEGORY_SMOOTHING);
        order.sort_by(|(a, x), (b, y)| key(x).total_cmp(&key(y)).then(a.cmp(b)));
        let least = if bins.len() <= FEW_CATEGORIES { 0.0 } else { CATEGORY_ROWS };
        let (mut left, mut set, mut missing_left) = (Sums::default(), [0_u64; 4], false);
        let mut n_since = 0.0;
        for (bin, sums) in order.iter().take(order.len().saturating_sub(1)) {
            left = left.plus(*sums);
            n_since += sums.n;
            if *bin == MISSING {
                missing_left = true;
            } else {
                set[usize::from(bin / 64)] |= 1 << (bin % 64);
            }
            if n_since < least || self.total.n - left.n < least {
                continue;
            }
            n_since = 0.0;
            let learned = (missing.n > 0.0).then_some(missing_left);
            self.offer(column, Rule::In(set), learned, left, lambda);
        }
    }

    /// Keeps a split if it gains more than the best so far. If no side was learned for missing cells, they go to the
    /// child with more rows.
    fn offer(&mut self, column: usize, rule: Rule, missing_left: Option<bool>, left: Sums, more_lambda: f64) {
        let right = self.total.minus(left);
        let least = self.task.min_rows;
        if left.n < least || right.n < least || left.hessian < MIN_HESSIAN || right.hessian < MIN_HESSIAN {
            return;
        }
        let lambda = self.task.lambda + more_lambda;
        let gain = left.score(lambda, self.bounds) + right.score(lambda, self.bounds)
            - self.total.score(self.task.lambda, self.bounds);
        let least = self.best.map_or(MIN_GAIN, |best| best.gain);
        if gain.is_nan() || gain <= least {
            return;
        }
        if let Some(Some(direction)) = self.task.monotone.get(column) {
            let (low, high) = (left.value(lambda, self.bounds), right.value(lambda, self.bounds));
            let fits = if *direction == Monotone::Rising { low <= high } else { low >= high };
            if !fits {
                return;
            }
        }
        let missing_left = missing_left.unwrap_or(left.n >= right.n);
        self.best = Some(Split { gain, column, rule, missing_left, left, right });
    }
}
