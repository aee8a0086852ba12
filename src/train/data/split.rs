//! Splits rows into training and test rows, and training rows into folds: by seeded shuffles, stratified by class.

use crate::train::random::SplitMix64;

/// The random stream of the holdout split.
pub(super) const SPLIT_STREAM: u64 = 1;
/// The random stream of the folds.
pub(super) const FOLD_STREAM: u64 = 2;

/// Rows of every class that stay for training, so that each fold's fit sees the class.
const KEPT_PER_CLASS: usize = 2;

/// Row numbers of a table, each part ascending.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HoldoutSplit {
    /// Rows to train on.
    pub train: Vec<usize>,
    /// Rows set aside.
    pub test: Vec<usize>,
}

/// Draws `⌈share · n_rows⌉` test rows at random.
///
/// With `classes` (each row's class position) every class gives its share, rounded by largest remainder (ties: the
/// first class), and keeps two rows for training if it has them.
pub fn holdout(n_rows: usize, classes: Option<&[u32]>, share: f64, seed: u64) -> HoldoutSplit {
    let mut random = SplitMix64::new(seed, SPLIT_STREAM);
    let mut groups = shuffled_groups(n_rows, classes, &mut random);
    let wanted = ceil_share(n_rows, share);
    let quotas = if classes.is_some() { stratified_quotas(&groups, wanted, share) } else { vec![wanted] };
    let (mut train, mut test) = (Vec::new(), Vec::new());
    for (group, quota) in groups.iter_mut().zip(quotas) {
        test.extend(group.drain(..quota));
        train.append(group);
    }
    train.sort_unstable();
    test.sort_unstable();
    HoldoutSplit { train, test }
}

/// The fold, 0 to `k` − 1, that holds each of `n_rows` out, shape `[n_rows]`; sizes differ by one at most.
///
/// With `classes` the members of a class are dealt to the folds in turn, so that a class of `k` or fewer rows has them
/// in different folds.
pub fn folds(n_rows: usize, classes: Option<&[u32]>, k: u32, seed: u64) -> Vec<u32> {
    let mut random = SplitMix64::new(seed, FOLD_STREAM);
    let mut fold = vec![0; n_rows];
    let dealt = shuffled_groups(n_rows, classes, &mut random).into_iter().flatten();
    for (row, f) in dealt.zip((0..k).cycle()) {
        fold[row] = f;
    }
    fold
}

/// Rows by class, each group shuffled; one group without classes.
fn shuffled_groups(n_rows: usize, classes: Option<&[u32]>, random: &mut SplitMix64) -> Vec<Vec<usize>> {
    let mut groups = match classes {
        None => vec![(0..n_rows).collect()],
        Some(classes) => {
            let n_classes = classes.iter().max().map_or(0, |c| *c as usize + 1);
            let mut groups = vec![Vec::new(); n_classes];
            for (row, class) in classes.iter().enumerate() {
                groups[*class as usize].push(row);
            }
            groups
        }
    };
    for group in &mut groups {
        random.shuffle(group);
    }
    groups
}

#[expect(
    clippy::cast_precision_loss,
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "a share of a row count"
)]
pub(super) fn ceil_share(n_rows: usize, share: f64) -> usize {
    // 0.2 × 505 is 101.00000000000001 in f64: what is within rounding of a whole number is that number.
    let exact = n_rows as f64 * share;
    let near = exact.round();
    let whole = if (exact - near).abs() < 1e-9 * near.max(1.0) { near } else { exact.ceil() };
    (whole as usize).min(n_rows)
}

#[expect(
    clippy::cast_precision_loss,
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "shares of row counts"
)]
fn stratified_quotas(groups: &[Vec<usize>], wanted: usize, share: f64) -> Vec<usize> {
    let most = |g: &Vec<usize>| g.len().saturating_sub(KEPT_PER_CLASS);
    let exact = |g: &Vec<usize>| g.len() as f64 * share;
    let mut quotas: Vec<usize> = groups.iter().map(|g| (exact(g) as usize).min(most(g))).collect();
    let mut by_remainder: Vec<usize> = (0..groups.len()).collect();
    by_remainder.sort_by(|a, b| exact(&groups[*b]).fract().total_cmp(&exact(&groups[*a]).fract()).then(a.cmp(b)));
    let mut left = wanted.saturating_sub(quotas.iter().sum());
    while left > 0 {
        let before = left;
        for class in &by_remainder {
            if left > 0 && quotas[*class] < most(&groups[*class]) {
                quotas[*class] += 1;
                left -= 1;
            }
        }
        if left == before {
            break;
        }
    }
    quotas
}
