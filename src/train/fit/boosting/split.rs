//! The best split of a node, searched in its histogram.

use super::bins::{Cuts, MISSING};
use super::growing::Growing;
use super::histogram::{Bin, Histogram};
use crate::train::options::Monotone;

/// A split has to gain more than this, in squares of the scaled target: rounding errors of sums are below it.
const MIN_GAIN: f64 = 1e-9;
/// Least sum of hessians of a child.
const MIN_HESSIAN: f64 = 1e-3;
/// What is added to a category's hessians where categories are put in order: rare ones go to the middle.
const CATEGORY_SMOOTHING: f64 = 10.0;
/// What pulls leaves towards 0 further where a set of categories is split off: there are many sets to choose from.
const CATEGORY_LAMBDA: f64 = 10.0;
/// Fewest rows between two places where the order of categories is split, and beyond the last: by chance alone a set of
/// small categories fits well.
const CATEGORY_ROWS: f64 = 100.0;
/// A column of up to so many categories is free of both.
const FEW_CATEGORIES: usize = 4;

/// Sums over the rows of a node.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub(super) struct Sums {
    pub(super) gradient: f64,
    pub(super) hessian: f64,
    /// Rows; whole.
    pub(super) n: f64,
}

/// What a split asks of a bin.
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

/// What a leaf's value may be.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Bounds {
    pub(super) low: f64,
    pub(super) high: f64,
}

impl Bounds {
    /// Anything.
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

    /// The value that makes the loss least, within bounds.
    pub(super) fn value(&self, lambda: f64, bounds: Bounds) -> f64 {
        (-self.gradient / (self.hessian + lambda)).clamp(bounds.low, bounds.high)
    }

    /// How much the loss falls with that value, twice.
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

/// The split of a node that gains most, of equal ones the first; `None` where none gains or all children were too small.
pub(super) fn best<const K: usize>(
    growing: &Growing<'_>,
    histogram: &Histogram<K>,
    total: Sums,
    bounds: Bounds,
) -> Option<Split> {
    let mut search = Search { growing, total, bounds, best: None };
    for (column, bins) in growing.data.columns.iter().enumerate() {
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
    growing: &'a Growing<'a>,
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

    /// Puts categories in the order of their best values, missing cells as one of them, and splits between two.
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

    /// Takes a split if it gains more than the best so far. Where no side of missing cells was learned, they go to the
    /// child of more rows.
    fn offer(&mut self, column: usize, rule: Rule, missing_left: Option<bool>, left: Sums, more_lambda: f64) {
        let right = self.total.minus(left);
        let least = self.growing.min_rows;
        if left.n < least || right.n < least || left.hessian < MIN_HESSIAN || right.hessian < MIN_HESSIAN {
            return;
        }
        let lambda = self.growing.lambda + more_lambda;
        let gain = left.score(lambda, self.bounds) + right.score(lambda, self.bounds)
            - self.total.score(self.growing.lambda, self.bounds);
        let least = self.best.map_or(MIN_GAIN, |best| best.gain);
        if gain.is_nan() || gain <= least {
            return;
        }
        if let Some(Some(direction)) = self.growing.monotone.get(column) {
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
