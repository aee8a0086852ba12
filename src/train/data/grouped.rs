//! Splits that keep the rows of a group together (`--group`): a group is in the training rows or among those set aside,
//! and in one fold. Seeded; the folds are balanced by their rows, as scikit-learn's `GroupKFold` does.

use crate::train::data::split::{FOLD_STREAM, HoldoutSplit, SPLIT_STREAM, ceil_share};
use crate::train::random::SplitMix64;

/// Sets groups aside, in a shuffled order each one that brings the number of rows nearer to `⌈share · n_rows⌉`; where
/// none does, the smallest, and never all. `groups` is the group of each row, from 0, shape `[n_rows]`.
pub fn holdout(groups: &[u32], share: f64, seed: u64) -> HoldoutSplit {
    let wanted = ceil_share(groups.len(), share);
    let sizes = sizes(groups);
    let order = shuffled(sizes.len(), &mut SplitMix64::new(seed, SPLIT_STREAM));
    let mut aside = vec![false; sizes.len()];
    let (mut n_aside, n_rows) = (0, groups.len());
    for group in &order {
        let more = n_aside + sizes[*group];
        if more < n_rows && more.abs_diff(wanted) < wanted.abs_diff(n_aside) {
            aside[*group] = true;
            n_aside = more;
        }
    }
    let smallest = order.iter().filter(|group| sizes[**group] > 0).min_by_key(|group| sizes[**group]);
    if let Some(group) = smallest.filter(|group| n_aside == 0 && wanted > 0 && sizes[**group] < n_rows) {
        aside[*group] = true;
    }
    let (test, train) = (0..groups.len()).partition(|row| aside[groups[*row] as usize]);
    HoldoutSplit { train, test }
}

/// The fold, 0 to `k` − 1, that holds each row out, shape `[n_rows]`: the largest group first, each to the fold that
/// has fewest rows (ties: the first). With at least `k` groups no fold is empty.
pub fn folds(groups: &[u32], k: u32, seed: u64) -> Vec<u32> {
    let sizes = sizes(groups);
    let mut order = shuffled(sizes.len(), &mut SplitMix64::new(seed, FOLD_STREAM));
    order.sort_by_key(|group| std::cmp::Reverse(sizes[*group]));
    let mut rows_of_fold = vec![0; k as usize];
    let mut fold_of_group = vec![0; sizes.len()];
    for group in order {
        let lightest = (0..k).min_by_key(|fold| rows_of_fold[*fold as usize]).unwrap_or(0);
        fold_of_group[group] = lightest;
        rows_of_fold[lightest as usize] += sizes[group];
    }
    groups.iter().map(|group| fold_of_group[*group as usize]).collect()
}

/// How many groups some rows have.
pub fn count(groups: &[u32]) -> usize {
    sizes(groups).into_iter().filter(|size| *size > 0).count()
}

/// Rows of each group.
fn sizes(groups: &[u32]) -> Vec<usize> {
    let mut sizes = vec![0; groups.iter().max().map_or(0, |last| *last as usize + 1)];
    for group in groups {
        sizes[*group as usize] += 1;
    }
    sizes
}

fn shuffled(n: usize, random: &mut SplitMix64) -> Vec<usize> {
    let mut order: Vec<usize> = (0..n).collect();
    random.shuffle(&mut order);
    order
}
