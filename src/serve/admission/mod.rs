//! Who may hold body bytes and who may compute: bounded waits, then a refusal.
//!
//! Stands apart because overload is decided here and nowhere else: a short bounded wait keeps the goodput that an
//! instant refusal would burn on clients that come back at once, and that an endless queue would burn on clients that
//! have left. `body` counts bytes, `compute` places work, `pool` does the long pieces of it in turns.

mod compute;
mod memory;
mod pool;
mod work;

pub use compute::{Compute, ComputeError, TEXT_AT_ONCE};
pub use memory::{CHUNKED_STEP, MemoryBudget, MemoryLease};
pub use work::{SCRATCH_BYTES, SLICE};

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::{OwnedSemaphorePermit, Semaphore};

/// No room within the admission wait: 503.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the server is over capacity")]
pub struct Overloaded;

/// `n` permits, at once or within `wait`.
async fn acquire(permits: &Arc<Semaphore>, n: u32, wait: Duration) -> Result<OwnedSemaphorePermit, Overloaded> {
    if let Ok(permit) = Arc::clone(permits).try_acquire_many_owned(n) {
        return Ok(permit);
    }
    let waiting = Arc::clone(permits).acquire_many_owned(n);
    // Boxed, so that requests that need not wait have small futures.
    match Box::pin(tokio::time::timeout(wait, waiting)).await {
        Ok(Ok(permit)) => Ok(permit),
        Ok(Err(_)) | Err(_) => Err(Overloaded),
    }
}
