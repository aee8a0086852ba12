//! Admission control: how much memory requests may hold and how many batches may be computed at once. A request waits
//! at most the admission wait, then it is refused.
//!
//! A short bounded wait serves more requests than an instant refusal, after which clients come back at once, and than
//! an endless queue, whose clients have left before they are answered. `memory` counts bytes, `compute` decides where
//! work runs, `pool` runs long batches in slices.

mod compute;
mod memory;
mod pool;
mod slice;

pub use compute::{Compute, INLINE_TEXT_BYTES, is_inline_text};
pub use memory::{CHUNKED_STEP, MemoryBudget, MemoryLease};
pub use slice::{SCRATCH_BYTES, SLICE};

pub(in crate::serve) use memory::Reservation;

use std::time::Duration;

use tokio::sync::AcquireError;

use super::error::Overloaded;

/// What `waiting` acquires within `wait`.
async fn wait_at_most<P>(
    wait: Duration,
    waiting: impl Future<Output = Result<P, AcquireError>>,
) -> Result<P, Overloaded> {
    // Boxed, so that the futures of requests that do not wait are small.
    match Box::pin(tokio::time::timeout(wait, waiting)).await {
        Ok(Ok(permits)) => Ok(permits),
        Ok(Err(_)) | Err(_) => Err(Overloaded),
    }
}
