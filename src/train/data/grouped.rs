//! Splits that keep the rows of a group together (`--group`): a group is in the training rows or among those set aside,
//! and in one fold. Seeded. Classes keep their shares as far as whole groups allow; the folds are dealt as scikit-learn's
//! `StratifiedGroupKFold` does, those of numbers balanced by their rows, as its `GroupKFold` does.

use crate::train::data::split::{FOLD_STREAM, HoldoutSplit, SPLIT_STREAM, ceil_share};
use crate::train::random::SplitMix64;

/// Folds whose classes are spread as evenly, but for rounding.
const AS_EVEN: f64 = 1e-6;

/// Sets groups aside, in a shuffled order each one that brings the number of rows nearer to `⌈share · n_rows⌉`; where
/// none does, the smallest, and never all. `groups` is the group of each row, from 0, shape `[n_rows]`.
///
/// With `classes` (each row's class position) each group that brings the classes nearer to their shares: the sum over the
/// classes of the squared distance from `share`, in shares of the class.
pub fn holdout(groups: &[u32], classes: Option<&[u32]>, share: f64, seed: u64) -> HoldoutSplit {
    let n_rows = groups.len();
    let wanted = ceil_share(n_rows, share);
    let counts = Counts::of(groups, classes);
    let order = shuffled(counts.n_groups(), &mut SplitMix64::new(seed, SPLIT_STREAM));
    #[expect(clippy::cast_precision_loss, reason = "row counts stay far below 2^53")]
    let wanted_of = |rows: &f64| if classes.is_none() { wanted as f64 } else { rows * share };
    let wanted_of_class: Vec<f64> = counts.rows_of_class.iter().map(wanted_of).collect();
    let mut aside = vec![false; counts.n_groups()];
    let (mut n_aside, mut aside_of_class) = (0, vec![0.0; counts.rows_of_class.len()]);
    for group in &order {
        let nearer = |(class, rows): &(usize, f64)| {
            let (from, all) = (aside_of_class[*class] - wanted_of_class[*class], counts.rows_of_class[*class]);
            ((from + rows) * (from + rows) - from * from) / (all * all)
        };
        let change: f64 = counts.of_group[*group].iter().map(nearer).sum();
        let more = n_aside + counts.size(*group);
        if more < n_rows && change < 0.0 {
            aside[*group] = true;
            n_aside = more;
            counts.of_group[*group].iter().for_each(|(class, rows)| aside_of_class[*class] += rows);
        }
    }
    let smallest = order.iter().filter(|group| counts.size(**group) > 0).min_by_key(|group| counts.size(**group));
    if let Some(group) = smallest.filter(|group| n_aside == 0 && wanted > 0 && counts.size(**group) < n_rows) {
        aside[*group] = true;
    }
    let (test, train) = (0..groups.len()).partition(|row| aside[groups[*row] as usize]);
    HoldoutSplit { train, test }
}

/// The fold, 0 to `k` − 1, that holds each row out, shape `[n_rows]`: the largest group first, each to the fold that
/// has fewest rows (ties: the first). With at least `k` groups no fold is empty.
///
/// With `classes` the group whose classes differ most in their rows first, each to the fold where it leaves the shares of
/// each class most even over the folds (ties: the one of fewest rows).
pub fn folds(groups: &[u32], classes: Option<&[u32]>, k: u32, seed: u64) -> Vec<u32> {
    let counts = Counts::of(groups, classes);
    let order = shuffled(counts.n_groups(), &mut SplitMix64::new(seed, FOLD_STREAM));
    let fold_of_group = if classes.is_some() { by_classes(&counts, order, k) } else { by_rows(&counts, order, k) };
    groups.iter().map(|group| fold_of_group[*group as usize]).collect()
}

/// How many groups some rows have.
pub fn count(groups: &[u32]) -> usize {
    let counts = Counts::of(groups, None);
    (0..counts.n_groups()).filter(|group| counts.size(*group) > 0).count()
}

fn by_rows(counts: &Counts, mut order: Vec<usize>, k: u32) -> Vec<u32> {
    order.sort_by_key(|group| std::cmp::Reverse(counts.size(*group)));
    let mut rows_of_fold = vec![0; k as usize];
    let mut fold_of_group = vec![0; order.len()];
    for group in order {
        let lightest = (0..k).min_by_key(|fold| rows_of_fold[*fold as usize]).unwrap_or(0);
        fold_of_group[group] = lightest;
        rows_of_fold[lightest as usize] += counts.size(group);
    }
    fold_of_group
}

fn by_classes(counts: &Counts, mut order: Vec<usize>, k: u32) -> Vec<u32> {
    order.sort_by(|a, b| counts.unevenness(*b).total_cmp(&counts.unevenness(*a)));
    let n_classes = counts.rows_of_class.len();
    let mut shares = Shares { of_fold: vec![vec![0.0; n_classes]; k as usize], sums: vec![(0.0, 0.0); n_classes] };
    let mut rows_of_fold = vec![0; k as usize];
    let mut fold_of_group = vec![0; order.len()];
    for group in order {
        let own: Vec<(usize, f64)> =
            counts.of_group[group].iter().map(|(class, rows)| (*class, rows / counts.rows_of_class[*class])).collect();
        let (mut best, mut least) = (0, f64::INFINITY);
        for fold in 0..k {
            let spread = shares.spread_with(fold as usize, &own);
            let is_lighter = rows_of_fold[fold as usize] < rows_of_fold[best as usize];
            if spread < least - AS_EVEN || spread <= least + AS_EVEN && is_lighter {
                (best, least) = (fold, spread);
            }
        }
        shares.add(best as usize, &own);
        rows_of_fold[best as usize] += counts.size(group);
        fold_of_group[group] = best;
    }
    fold_of_group
}

/// Rows by group and class; without classes all are of one.
struct Counts {
    /// Of each group its classes and how many rows it has of each, by class.
    of_group: Vec<Vec<(usize, f64)>>,
    rows_of_class: Vec<f64>,
    sizes: Vec<usize>,
}

impl Counts {
    fn of(groups: &[u32], classes: Option<&[u32]>) -> Self {
        let n_groups = groups.iter().max().map_or(0, |last| *last as usize + 1);
        let class = |row: usize| classes.map_or(0, |classes| classes[row] as usize);
        let mut pairs: Vec<(usize, usize)> =
            groups.iter().enumerate().map(|(row, group)| (*group as usize, class(row))).collect();
        pairs.sort_unstable();
        let n_classes = pairs.iter().map(|(_, class)| class + 1).max().unwrap_or(0);
        let mut counts = Self {
            of_group: vec![Vec::new(); n_groups],
            rows_of_class: vec![0.0; n_classes],
            sizes: vec![0; n_groups],
        };
        for same in pairs.chunk_by(|a, b| a == b) {
            let (group, class) = same[0];
            #[expect(clippy::cast_precision_loss, reason = "row counts stay far below 2^53")]
            let rows = same.len() as f64;
            counts.of_group[group].push((class, rows));
            counts.rows_of_class[class] += rows;
            counts.sizes[group] += same.len();
        }
        counts
    }

    fn n_groups(&self) -> usize {
        self.sizes.len()
    }

    fn size(&self, group: usize) -> usize {
        self.sizes[group]
    }

    /// The variance of a group's rows over the classes.
    #[expect(clippy::cast_precision_loss, reason = "row counts stay far below 2^53")]
    fn unevenness(&self, group: usize) -> f64 {
        let n_classes = self.rows_of_class.len() as f64;
        let mean = self.size(group) as f64 / n_classes;
        let squares: f64 = self.of_group[group].iter().map(|(_, rows)| rows * rows).sum();
        squares / n_classes - mean * mean
    }
}

/// What share of each class's rows is in each fold.
struct Shares {
    /// By fold and class.
    of_fold: Vec<Vec<f64>>,
    /// Of each class the sum over the folds, and that of the squares.
    sums: Vec<(f64, f64)>,
}

impl Shares {
    /// By how much a group in a fold makes the classes more uneven: the sum over its classes of the change of the
    /// standard deviation over the folds. Those of other classes do not change.
    #[expect(clippy::cast_precision_loss, reason = "folds are few")]
    fn spread_with(&self, fold: usize, own: &[(usize, f64)]) -> f64 {
        let k = self.of_fold.len() as f64;
        let deviation = |(sum, squares): (f64, f64)| (squares / k - (sum / k) * (sum / k)).max(0.0).sqrt();
        let change = |(class, share): &(usize, f64)| {
            let ((sum, squares), there) = (self.sums[*class], self.of_fold[fold][*class]);
            deviation((sum + share, squares + share * (2.0 * there + share))) - deviation((sum, squares))
        };
        own.iter().map(change).sum()
    }

    fn add(&mut self, fold: usize, own: &[(usize, f64)]) {
        for (class, share) in own {
            let there = &mut self.of_fold[fold][*class];
            let (sum, squares) = &mut self.sums[*class];
            (*sum, *squares) = (*sum + share, *squares + share * (2.0 * *there + share));
            *there += share;
        }
    }
}

fn shuffled(n: usize, random: &mut SplitMix64) -> Vec<usize> {
    let mut order: Vec<usize> = (0..n).collect();
    random.shuffle(&mut order);
    order
}
