//! One slice of a prediction: some rows of a batch, short enough that nobody waits long for their turn, with panics
//! caught.

use std::cell::RefCell;
use std::ops::Range;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::time::Duration;

use crate::model::batch::Batch;
use crate::model::compiled::Scratch;
use crate::model::prediction::Prediction;
use crate::serve::registry::ServedModel;

use super::ComputeError;

/// Work estimated to take longer is cut into slices of this length, which take turns on the compute pool; shorter work
/// runs where it is. 500 µs: what a connection's task may hold its worker for.
pub const SLICE: Duration = Duration::from_micros(500);

/// Bytes of encoded columns that a thread keeps between slices at most: a slice has no more rows than fit.
pub const SCRATCH_BYTES: usize = 256 << 10;

thread_local! {
    /// Grows to the largest slice this thread has computed.
    static SCRATCH: RefCell<Scratch> = RefCell::default();
}

/// True when `n_rows` rows are short work.
pub(super) fn is_short(served: &ServedModel, n_rows: usize) -> bool {
    estimate(served, n_rows) <= SLICE
}

/// What `n_rows` rows are expected to take.
pub(super) fn estimate(served: &ServedModel, n_rows: usize) -> Duration {
    served.cost_per_row.saturating_mul(u32::try_from(n_rows).unwrap_or(u32::MAX))
}

/// How many rows make a slice: at least 1.
pub(super) fn rows_per_slice(served: &ServedModel) -> usize {
    let by_time = SLICE.as_nanos() / served.cost_per_row.as_nanos().max(1);
    let n_columns = served.model.header().preprocessing.n_columns().max(1);
    let by_room = SCRATCH_BYTES / (n_columns * size_of::<f64>());
    usize::try_from(by_time).unwrap_or(usize::MAX).min(by_room).max(1)
}

/// Predicts some rows and counts their feature values.
pub(super) fn predict(served: &ServedModel, batch: &Batch, rows: Range<usize>) -> Result<Prediction, ComputeError> {
    let slice = || {
        if let Some(drift) = served.drift() {
            drift.saw_rows(batch, rows.clone());
        }
        SCRATCH.with_borrow_mut(|scratch| served.model.predict_rows(batch, rows, scratch))
    };
    let Ok(answer) = catch_unwind(AssertUnwindSafe(slice)) else {
        // Not to be reused as the panic left it.
        SCRATCH.with_borrow_mut(|scratch| *scratch = Scratch::default());
        return Err(ComputeError::Panicked);
    };
    Ok(answer?)
}
