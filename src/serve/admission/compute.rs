//! Where work runs: work of up to 500 µs inline, longer work on the pool after a permit.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::time::{Duration, Instant};

use tokio::sync::{OwnedSemaphorePermit, Semaphore, oneshot};

use crate::config::Limits;
use crate::model::batch::Batch;
use crate::model::prediction::Answer;
use crate::serve::error::{ComputeError, Overloaded};
use crate::serve::lifecycle::Lifecycle;
use crate::serve::metrics::Metrics;
use crate::serve::registry::{ServedModel, Snapshot};

use super::pool::{Computed, Job, Pool};
use super::{MemoryLease, slice, wait_at_most};

/// The largest number of batches on one compute thread. The last of 16 waits 8 ms for its first slice, or longer if
/// bodies or answers over 64 KiB are decoded or encoded before it.
const JOBS_PER_THREAD: usize = 16;

/// The largest number of heavy ones among them, so that heavy batches never hold all the permits that others need.
const HEAVY_JOBS_PER_THREAD: usize = 4;

/// A batch on the pool is heavy when it is estimated to take more than this.
const HEAVY: Duration = Duration::from_millis(50);

/// The longest text, in bytes, that is decoded or encoded inline: about 100 µs of work.
pub const INLINE_TEXT_BYTES: usize = 64 << 10;

/// True when a text of `bytes` bytes is read or written inline, false when it is work for the pool: there a small
/// request does not wait behind a large one's text.
pub fn is_inline_text(bytes: usize) -> bool {
    bytes <= INLINE_TEXT_BYTES
}

/// The compute threads and the permits to use them.
#[derive(Debug)]
pub struct Compute {
    pool: Pool<Permits>,
    jobs: Arc<Semaphore>,
    heavy_jobs: Arc<Semaphore>,
    decode_permits: Arc<Semaphore>,
    wait: Duration,
    timeout: Duration,
    lifecycle: Lifecycle,
    metrics: Arc<Metrics>,
}

/// What a batch on the pool holds.
#[derive(Debug)]
struct Permits {
    _job: OwnedSemaphorePermit,
    _heavy: Option<OwnedSemaphorePermit>,
}

impl Compute {
    /// Starts the compute threads. A drain of `lifecycle` shortens the deadlines.
    pub fn new(limits: &Limits, metrics: Arc<Metrics>, lifecycle: Lifecycle) -> Self {
        let threads = limits.compute_threads.max(1);
        Self {
            pool: Pool::start(threads, lifecycle.clone()),
            jobs: Arc::new(Semaphore::new(threads * JOBS_PER_THREAD)),
            heavy_jobs: Arc::new(Semaphore::new(threads * HEAVY_JOBS_PER_THREAD)),
            decode_permits: Arc::new(Semaphore::new(threads * JOBS_PER_THREAD)),
            wait: limits.admission_wait,
            timeout: limits.compute_timeout,
            lifecycle,
            metrics,
        }
    }

    /// Computes a batch, inline when it is short, else on the pool, and counts rows, duration, values and panics. Gives
    /// the prediction and the time spent computing it, waiting excluded. Dropping the future cancels it; the pool keeps
    /// a handle of `memory` for as long as it has the batch.
    ///
    /// # Errors
    /// [`ComputeError`]. Refusals are for the caller to count.
    pub async fn compute(
        &self,
        memory: &MemoryLease,
        snapshot: &Snapshot,
        batch: Batch,
    ) -> Result<(Answer, Duration), ComputeError> {
        let computed = if slice::runs_inline(snapshot, &batch) {
            inline(snapshot, &batch)
        } else {
            Box::pin(self.on_pool(memory, snapshot, batch)).await
        };
        match &computed {
            Ok((predicted, took)) => {
                if let Some(drift) = snapshot.drift() {
                    drift.answered(&predicted.prediction, *took);
                }
            }
            Err(ComputeError::Panicked) => self.metrics.panicked(),
            Err(_) => {}
        }
        computed
    }

    /// Decodes a long body with `decode` on the pool, which keeps a handle of `memory` meanwhile. Does not begin if the
    /// request is gone.
    ///
    /// # Errors
    /// [`ComputeError::Overloaded`]: the permits to decode long bodies were taken for the whole admission wait.
    /// [`ComputeError::Panicked`], counted.
    pub async fn decode_on_pool<T: Send + 'static>(
        &self,
        memory: &MemoryLease,
        decode: impl FnOnce() -> T + Send + 'static,
    ) -> Result<T, ComputeError> {
        let permit = self.permit(&self.decode_permits, self.wait).await?;
        self.closure_on_pool((memory.clone(), permit), decode).await
    }

    /// Encodes a long answer with `encode`, as [`decode_on_pool`](Self::decode_on_pool) but without a permit: what has
    /// been computed is not refused.
    ///
    /// # Errors
    /// [`ComputeError::Panicked`], counted.
    pub async fn encode_on_pool<T: Send + 'static>(
        &self,
        memory: &MemoryLease,
        encode: impl FnOnce() -> T + Send + 'static,
    ) -> Result<T, ComputeError> {
        self.closure_on_pool(memory.clone(), encode).await
    }

    /// Runs `closure` on the pool; `held` is dropped after it.
    async fn closure_on_pool<T: Send + 'static>(
        &self,
        held: impl Send + 'static,
        closure: impl FnOnce() -> T + Send + 'static,
    ) -> Result<T, ComputeError> {
        let (reply, done) = oneshot::channel();
        self.pool.spawn(Box::new(move || {
            if reply.is_closed() {
                return;
            }
            let result = catch_unwind(AssertUnwindSafe(closure));
            drop(held);
            // An error means that the client has left.
            let _ = reply.send(result);
        }));
        match done.await {
            Ok(Ok(result)) => Ok(result),
            Ok(Err(_)) => {
                self.metrics.panicked();
                Err(ComputeError::Panicked)
            }
            // Only a pool without threads drops a closure.
            Err(_) => Err(ComputeError::Overloaded),
        }
    }

    async fn on_pool(&self, memory: &MemoryLease, snapshot: &Snapshot, batch: Batch) -> Computed {
        let permits = self.permits(snapshot, &batch).await?;
        let deadline = Instant::now() + self.timeout;
        let (reply, computed) = oneshot::channel();
        let (snapshot, memory) = (Arc::clone(snapshot), memory.clone());
        self.pool.submit(Job { snapshot, batch, deadline, permits, memory, reply });
        tokio::select! {
            // Only a pool without threads drops a job without a reply.
            computed = computed => computed.unwrap_or(Err(ComputeError::Overloaded)),
            () = self.lifecycle.wait_until(deadline) => Err(ComputeError::Deadline),
        }
    }

    async fn permits(&self, snapshot: &Snapshot, batch: &Batch) -> Result<Permits, Overloaded> {
        let start = Instant::now();
        let is_heavy = slice::estimate(snapshot, batch) > HEAVY;
        let heavy = if is_heavy { Some(self.permit(&self.heavy_jobs, self.wait).await?) } else { None };
        let wait = self.wait.saturating_sub(start.elapsed());
        Ok(Permits { _job: self.permit(&self.jobs, wait).await?, _heavy: heavy })
    }

    async fn permit(&self, permits: &Arc<Semaphore>, wait: Duration) -> Result<OwnedSemaphorePermit, Overloaded> {
        match Arc::clone(permits).try_acquire_owned() {
            Ok(permit) => Ok(permit),
            Err(_) => wait_at_most(wait, Arc::clone(permits).acquire_owned()).await,
        }
    }
}

/// Computes here, in slices that fit the thread's scratch.
fn inline(served: &ServedModel, batch: &Batch) -> Computed {
    let start = Instant::now();
    let step = slice::rows_per_slice(served, batch);
    let first = step.min(batch.n_rows());
    let mut prediction = slice::predict_slice(served, batch, 0..first, &|| false)?;
    for from in (first..batch.n_rows()).step_by(step) {
        let rows = from..batch.n_rows().min(from + step);
        prediction.append(slice::predict_slice(served, batch, rows, &|| false)?);
    }
    Ok((prediction, start.elapsed()))
}
