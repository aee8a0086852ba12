//! What a model's answers for new rows are expected to be, for the bins that drift of predictions is measured in.
//!
//! A model that fits its training rows closely spreads its own answers for them wider than those for new rows: the
//! out-of-fold answers are like the latter. But where a model has few different answers, as one of few categories or a
//! small tree has, each fold's model has others near them: bins cut between these hold none of the answers that are
//! served, or all. Of rows that share such an answer the model's own is what is expected.

use std::borrow::Cow;
use std::collections::HashMap;

use crate::model::prediction::Prediction;

/// An answer is shared where at least one in so many rows has it,
const SHARED: usize = 50;

/// and at least this many.
const MIN_SHARED: usize = 5;

/// The answers out of fold, but of rows whose own answer many share and the folds' models do not give: that one. Both
/// are of the same rows, in the same order.
pub(crate) fn expected<'a>(own: &'a Prediction, out_of_fold: Option<&'a Prediction>) -> Cow<'a, Prediction> {
    let Some(out_of_fold) = out_of_fold else { return Cow::Borrowed(own) };
    let (
        Prediction::Regression { values: own, n_outputs: 1 },
        Prediction::Regression { values: held_out, n_outputs: 1 },
    ) = (own, out_of_fold)
    else {
        return Cow::Borrowed(out_of_fold);
    };
    if own.len() != held_out.len() {
        return Cow::Borrowed(out_of_fold);
    }
    let (in_own, in_held_out) = (counts(own), counts(held_out));
    let least = MIN_SHARED.max(own.len().div_ceil(SHARED));
    let is_own_alone = |value: &f64| {
        let n = in_own.get(&value.to_bits()).copied().unwrap_or_default();
        n >= least && 2 * in_held_out.get(&value.to_bits()).copied().unwrap_or_default() < n
    };
    let values = own.iter().zip(held_out).map(|(own, held_out)| if is_own_alone(own) { *own } else { *held_out });
    Cow::Owned(Prediction::Regression { values: values.collect(), n_outputs: 1 })
}

/// How many rows have each answer, by its bits.
fn counts(values: &[f64]) -> HashMap<u64, usize> {
    let mut counts = HashMap::with_capacity(values.len());
    for value in values {
        *counts.entry(value.to_bits()).or_default() += 1;
    }
    counts
}
