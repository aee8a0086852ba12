//! One slice of a prediction: rows that take at most 500 µs to compute, with panics caught.

use std::cell::RefCell;
use std::ops::Range;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::time::Duration;

use crate::model::batch::Batch;
use crate::model::compiled::Scratch;
use crate::model::prediction::Answer;
use crate::serve::error::ComputeError;
use crate::serve::registry::{MANY_ROWS, ServedModel};

/// Work estimated above this is computed on the pool in slices of this length; shorter work is computed inline. 500 µs
/// is how long a connection's task may block its worker.
pub const SLICE: Duration = Duration::from_micros(500);

/// The most bytes of encoded columns that a thread keeps between slices. A slice has no more rows than fit.
pub const SCRATCH_BYTES: usize = 256 << 10;

thread_local! {
    /// As large as the largest slice that this thread has computed.
    static SCRATCH: RefCell<Scratch> = RefCell::default();
}

/// True when a batch is computed inline.
pub(super) fn runs_inline(served: &ServedModel, batch: &Batch) -> bool {
    estimate(served, batch) <= SLICE
}

/// The estimated CPU time of a batch.
pub(super) fn estimate(served: &ServedModel, batch: &Batch) -> Duration {
    served.cost_of_row(batch.question()).saturating_mul(u32::try_from(batch.n_rows()).unwrap_or(u32::MAX))
}

/// The number of a batch's rows in a slice, at least 1.
pub(super) fn rows_per_slice(served: &ServedModel, batch: &Batch) -> usize {
    let is_many = batch.n_rows() >= MANY_ROWS;
    let question = batch.question();
    let cost = if is_many { served.cost_among_many(question) } else { served.cost_of_row(question) };
    let by_time = SLICE.as_nanos() / cost.as_nanos().max(1);
    let n_columns = served.model.n_columns().max(1);
    let by_memory = SCRATCH_BYTES / (n_columns * size_of::<f64>());
    let rows = usize::try_from(by_time).unwrap_or(usize::MAX).min(by_memory).max(1);
    // A rest would take as much as a whole block.
    if rows > MANY_ROWS { rows - rows % MANY_ROWS } else { rows }
}

/// Predicts `rows` of a batch, with what it asks for beside, and counts their feature values. `is_cancelled` is asked
/// now and then where rows are explained: one that says so ends it with [`ComputeError::Deadline`].
pub(super) fn predict_slice(
    served: &ServedModel,
    batch: &Batch,
    rows: Range<usize>,
    is_cancelled: &dyn Fn() -> bool,
) -> Result<Answer, ComputeError> {
    let slice = || -> Result<Answer, ComputeError> {
        if let Some(drift) = served.drift() {
            drift.saw_rows(batch, rows.clone());
        }
        SCRATCH.with_borrow_mut(|scratch| {
            let mut answer = served.model.answer(batch, rows.clone(), scratch)?;
            if batch.question().explain {
                let contributions = served.model.contributions(batch, rows, scratch, is_cancelled)?;
                answer.contributions = Some(contributions.ok_or(ComputeError::Deadline)?);
            }
            Ok(answer)
        })
    };
    let Ok(predicted) = catch_unwind(AssertUnwindSafe(slice)) else {
        // The panic may have left it half written.
        SCRATCH.with_borrow_mut(|scratch| *scratch = Scratch::default());
        return Err(ComputeError::Panicked);
    };
    predicted
}
