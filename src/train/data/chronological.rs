//! Splits by time (`--time`): the latest rows are set aside, and each fold is fitted on the rows before those that it
//! holds out, as scikit-learn's `TimeSeriesSplit` does. Rows of one time are never parted.
//!
//! `times` is the rank of each row's time, from 0 without gaps, shape `[n_rows]`.

use crate::train::data::split::{HoldoutSplit, ceil_share};

/// Sets the latest rows aside, `⌈share · n_rows⌉` or, where that would part rows of one time, as near to it as can be
/// (ties: more). `None`: all rows are of one time.
pub fn holdout(times: &[u32], share: f64) -> Option<HoldoutSplit> {
    let (n_rows, wanted) = (times.len(), ceil_share(times.len(), share));
    if wanted == 0 {
        return Some(HoldoutSplit { train: (0..n_rows).collect(), test: Vec::new() });
    }
    let timeline = Timeline::of(times);
    let cut = timeline.cuts(&[n_rows - wanted])?[0];
    let (mut train, mut test) = (timeline.rows[..cut].to_vec(), timeline.rows[cut..].to_vec());
    train.sort_unstable();
    test.sort_unstable();
    Some(HoldoutSplit { train, test })
}

/// The fold, 0 to `k` − 1, that holds each row out, the earliest first, shape `[n_rows]`; no fold holds out the rows
/// before them (`None`), on which the first is fitted. A fold has `⌊n_rows / (k + 1)⌋` rows, or as near to it as rows
/// of one time allow. `None`: there are at most `k` times.
pub fn folds(times: &[u32], k: u32) -> Option<Vec<Option<u32>>> {
    let timeline = Timeline::of(times);
    let size = times.len() / (k as usize + 1);
    let wanted: Vec<usize> = (1..=k as usize).rev().map(|later| times.len() - later * size).collect();
    let cuts = timeline.cuts(&wanted)?;
    let mut fold = vec![None; times.len()];
    for (at, row) in timeline.rows.iter().enumerate() {
        let before = cuts.partition_point(|cut| *cut <= at);
        fold[*row] = before.checked_sub(1).and_then(|fold| u32::try_from(fold).ok());
    }
    Some(fold)
}

/// Rows in order of time.
struct Timeline {
    rows: Vec<usize>,
    /// The places in `rows` where a later time begins, ascending; not the first.
    steps: Vec<usize>,
}

impl Timeline {
    fn of(times: &[u32]) -> Self {
        let mut rows: Vec<usize> = (0..times.len()).collect();
        rows.sort_by_key(|row| times[*row]);
        let steps = (1..rows.len()).filter(|at| times[rows[at - 1]] < times[rows[*at]]).collect();
        Self { rows, steps }
    }

    /// For each place that is wanted, ascending, a step near it: each after the one before. `None`: there are fewer
    /// steps.
    fn cuts(&self, wanted: &[usize]) -> Option<Vec<usize>> {
        let mut from = 0;
        let mut cuts = Vec::with_capacity(wanted.len());
        for (done, place) in wanted.iter().enumerate() {
            let until = (self.steps.len() + 1 + done).checked_sub(wanted.len())?;
            let nearest = (from..until).min_by_key(|step| self.steps[*step].abs_diff(*place))?;
            cuts.push(self.steps[nearest]);
            from = nearest + 1;
        }
        Some(cuts)
    }
}
