//! The best split of a node, searched in its histogram.

use super::bins::{Cuts, MAX_BINS};
use super::histogram::{Bin, Histogram};
use super::tree_task::TreeTask;
use super::wide_set::{MAX_SET, WideSet};
use crate::train::options::Monotone;

/// A split has to gain more than this, in squares of the scaled target: rounding errors of sums are below it.
const MIN_GAIN: f64 = 1e-9;
/// Least sum of hessians of a child.
const MIN_HESSIAN: f64 = 1e-3;
/// Added to each category's hessians when categories are ordered, which puts rare ones in the middle.
const CATEGORY_SMOOTHING: f64 = 10.0;
/// Extra L2 penalty for a split on a set of categories and for its leaves, because among many sets some fit by chance.
const CATEGORY_LAMBDA: f64 = 10.0;
/// The least number of rows between two possible splits of the ordered categories, and after the last: a set of small
/// categories often fits well by chance.
const CATEGORY_ROWS: f64 = 100.0;
/// Categories with fewer rows than this in a node are not ordered and go to the right. Without this, two columns of 50
/// categories in 5,000 rows cost 0.02 of R².
const RARE: f64 = 10.0;
/// Columns with at most this many categories get none of that.
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
    /// The bins of this set, of a column that has more than a byte tells apart.
    InWide(WideSet),
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
    /// L2 penalty of the children's values.
    pub(super) lambda: f64,
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
        if bounds == Bounds::NONE {
            return self.gradient * self.gradient / (self.hessian + lambda);
        }
        let value = self.value(lambda, bounds);
        -(2.0 * self.gradient + (self.hessian + lambda) * value) * value
    }
}

impl Split {
    /// True where a bin of its column goes to the left, given that of missing cells.
    pub(super) fn leads_left(&self, bin: u16, missing: u16) -> bool {
        if bin == missing { self.missing_left } else { self.rule.leads_left(bin) }
    }
}

impl Rule {
    /// True where a bin goes to the left.
    pub(super) fn leads_left(&self, bin: u16) -> bool {
        match self {
            Self::UpTo(last) => bin <= u16::from(*last),
            Self::In(set) => set[usize::from(bin / 64)] >> (bin % 64) & 1 == 1,
            Self::InWide(set) => set.holds(bin),
        }
    }

    /// A set of nothing, for a column with so many bins.
    fn none(n_bins: usize) -> Self {
        if n_bins > MAX_BINS { Self::InWide(WideSet::default()) } else { Self::In([0; 4]) }
    }

    /// The set with one bin more; a wide one has at most [`MAX_SET`].
    fn with(self, bin: u16) -> Self {
        match self {
            Self::In(mut set) => {
                set[usize::from(bin / 64)] |= 1 << (bin % 64);
                Self::In(set)
            }
            Self::InWide(set) => Self::InWide(set.with(bin)),
            Self::UpTo(_) => self,
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
    let unsplit = total.score(task.lambda, bounds);
    let is_unbounded = bounds == Bounds::NONE;
    let mut search = Search { task, total, bounds, is_unbounded, unsplit, least: unsplit + MIN_GAIN, best: None };
    for (column, bins) in task.data.columns.iter().enumerate() {
        let (own, missing) = histogram.column(task.data, column).split_at(bins.n_bins);
        let missing = Sums::of(&missing[0]);
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
    is_unbounded: bool,
    /// The score of the node as it is.
    unsplit: f64,
    /// What the children's scores have to be above: that, and the gain of the best split so far.
    least: f64,
    best: Option<Split>,
}

impl Search<'_> {
    fn numbers<const K: usize>(&mut self, column: usize, bins: &[Bin<K>], missing: Sums) {
        let mut left = Sums::default();
        // With missing cells to one side, all others may go to the other.
        let n = if missing.n > 0.0 { bins.len() } else { bins.len() - 1 };
        for (bin, sums) in (0..=u8::MAX).zip(&bins[..n]) {
            if sums[K - 1] == 0.0 {
                continue;
            }
            left = left.plus(Sums::of(sums));
            if self.total.n - left.n < self.task.min_rows {
                break;
            }
            let learned = (missing.n > 0.0).then_some(false);
            self.offer(column, Rule::UpTo(bin), learned, left, 0.0);
            if missing.n > 0.0 {
                self.offer(column, Rule::UpTo(bin), Some(true), left.plus(missing), 0.0);
            }
        }
    }

    /// Orders the categories by their best values, with missing cells as one of them, and tries sets from either end.
    #[expect(clippy::cast_possible_truncation, reason = "a bin")]
    fn categories<const K: usize>(&mut self, column: usize, bins: &[Bin<K>], missing: Sums) {
        let are_few = bins.len() <= FEW_CATEGORIES;
        let sums_of = |bin: Option<u16>| bin.map_or(missing, |bin| Sums::of(&bins[usize::from(bin)]));
        let fewest = if are_few { 1.0 } else { RARE };
        let mut order: Vec<(f64, Option<u16>)> = Vec::with_capacity(bins.len() + 1);
        for bin in [None].into_iter().chain((0..bins.len()).map(|bin| Some(bin as u16))) {
            let sums = sums_of(bin);
            if sums.n >= fewest {
                // The divisions are done here: in each comparison they took a third of the fit, with two columns of 50.
                order.push((sums.gradient / (sums.hessian + CATEGORY_SMOOTHING), bin));
            }
        }
        order.sort_unstable_by(|(x, a), (y, b)| x.total_cmp(y).then(a.cmp(b)));
        let ordered = order.iter().map(|(_, bin)| (*bin, sums_of(*bin)));
        if are_few {
            let n_sets = order.len().saturating_sub(1);
            self.prefixes((column, bins.len()), ordered.take(n_sets), missing, 0.0, 0.0);
            return;
        }
        let n_sets = order.len().div_ceil(2).min(MAX_SET);
        let of = (column, bins.len());
        self.prefixes(of, ordered.clone().take(n_sets), missing, CATEGORY_ROWS, CATEGORY_LAMBDA);
        self.prefixes(of, ordered.rev().take(n_sets), missing, CATEGORY_ROWS, CATEGORY_LAMBDA);
    }

    /// Offers the sets that begin an order of categories, at least `least` rows apart. `None` stands for missing cells.
    fn prefixes(
        &mut self,
        (column, n_bins): (usize, usize),
        order: impl Iterator<Item = (Option<u16>, Sums)>,
        missing: Sums,
        least: f64,
        more_lambda: f64,
    ) {
        let (mut left, mut set, mut missing_left) = (Sums::default(), Rule::none(n_bins), false);
        let mut n_since = 0.0;
        for (bin, sums) in order {
            left = left.plus(sums);
            n_since += sums.n;
            match bin {
                None => missing_left = true,
                Some(bin) => set = set.with(bin),
            }
            if self.total.n - left.n < least {
                break;
            }
            if n_since < least || left.n < self.task.min_rows {
                continue;
            }
            n_since = 0.0;
            let learned = (missing.n > 0.0).then_some(missing_left);
            self.offer(column, set, learned, left, more_lambda);
        }
    }

    /// Keeps a split if it gains more than the best so far. If no side was learned for missing cells, they go to the
    /// child with more rows.
    #[inline(always)]
    #[expect(clippy::inline_always, reason = "called for each bin; as a call it took a third of a fit")]
    fn offer(&mut self, column: usize, rule: Rule, missing_left: Option<bool>, left: Sums, more_lambda: f64) {
        let right = self.total.minus(left);
        let least = self.task.min_rows;
        if left.n < least || right.n < least || left.hessian < MIN_HESSIAN || right.hessian < MIN_HESSIAN {
            return;
        }
        let lambda = self.task.lambda + more_lambda;
        if self.is_unbounded {
            // Both scores against the least, multiplied out: two divisions a bin would take longer than all else.
            let (of_left, of_right) = (left.hessian + lambda, right.hessian + lambda);
            let scores = left.gradient * left.gradient * of_right + right.gradient * right.gradient * of_left;
            if scores <= self.least * (of_left * of_right) {
                return;
            }
        }
        self.keep(column, rule, missing_left, (left, right), lambda);
    }

    /// Keeps a split whose children may well score more than the least.
    fn keep(
        &mut self,
        column: usize,
        rule: Rule,
        missing_left: Option<bool>,
        (left, right): (Sums, Sums),
        lambda: f64,
    ) {
        let scores = left.score(lambda, self.bounds) + right.score(lambda, self.bounds);
        if scores.is_nan() || scores <= self.least {
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
        self.least = scores;
        let gain = scores - self.unsplit;
        self.best = Some(Split { gain, column, rule, missing_left, left, right, lambda });
    }
}
