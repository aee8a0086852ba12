//! Where a batch is computed: short work on the spot, long work on the pool after a permit.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::time::{Duration, Instant};

use tokio::sync::{OwnedSemaphorePermit, Semaphore, oneshot};

use crate::config::Limits;
use crate::model::batch::Batch;
use crate::model::prediction::{PredictError, Prediction};
use crate::serve::lifecycle::Lifecycle;
use crate::serve::metrics::Metrics;
use crate::serve::registry::{ServedModel, Snapshot};

use super::pool::{Answer, Job, Pool};
use super::{MemoryLease, Overloaded, acquire, work};

/// Jobs that take turns on one compute thread at most. The last of 16 waits 8 ms for its first slice.
const JOBS_PER_THREAD: usize = 16;

/// Of these, how many may be long ones, so that long ones together never hold all the permits that short ones need.
const LONG_JOBS_PER_THREAD: usize = 4;

/// Pool work estimated above this is long.
const LONG: Duration = Duration::from_millis(50);

/// The longest text, in bytes, that is read or written where it is: about 100 µs of work. Longer ones are for the pool.
pub const TEXT_AT_ONCE: usize = 64 << 10;

/// Why a batch was not answered.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
pub enum ComputeError {
    /// No permit within the admission wait: 503.
    #[error("the server is over capacity")]
    Overloaded,
    /// The compute deadline passed: 504.
    #[error("the prediction took longer than the compute timeout")]
    Deadline,
    /// The model answered with something that is not a finite number: 500.
    #[error(transparent)]
    NotFinite(#[from] PredictError),
    /// The predictor panicked: 500.
    #[error("the predictor panicked")]
    Panicked,
}

impl From<Overloaded> for ComputeError {
    fn from(_: Overloaded) -> Self {
        Self::Overloaded
    }
}

/// Where batches are computed.
#[derive(Debug)]
pub struct Compute {
    pool: Pool<Permits>,
    jobs: Arc<Semaphore>,
    long_jobs: Arc<Semaphore>,
    readings: Arc<Semaphore>,
    wait: Duration,
    timeout: Duration,
    lifecycle: Lifecycle,
    metrics: Arc<Metrics>,
}

/// What a job on the pool holds.
#[derive(Debug)]
struct Permits {
    _job: OwnedSemaphorePermit,
    _long: Option<OwnedSemaphorePermit>,
}

impl Default for Compute {
    fn default() -> Self {
        Self::new(&Limits::default(), Arc::default(), Lifecycle::default())
    }
}

impl Compute {
    /// Starts the compute threads. `life` shrinks deadlines while draining.
    pub fn new(limits: &Limits, metrics: Arc<Metrics>, lifecycle: Lifecycle) -> Self {
        let threads = limits.compute_threads.max(1);
        Self {
            pool: Pool::start(threads, lifecycle.clone()),
            jobs: Arc::new(Semaphore::new(threads * JOBS_PER_THREAD)),
            long_jobs: Arc::new(Semaphore::new(threads * LONG_JOBS_PER_THREAD)),
            readings: Arc::new(Semaphore::new(threads * JOBS_PER_THREAD)),
            wait: limits.admission_wait,
            timeout: limits.compute_timeout,
            lifecycle,
            metrics,
        }
    }

    /// Answers a batch: computes on the spot when it is short work, else takes a permit and computes on the pool;
    /// counts rows, duration, feature values and panics. Gives the answer and the time it took to compute, waiting
    /// excluded. Cancelled when dropped. Refusals are for the caller to count.
    ///
    /// # Errors
    /// [`ComputeError`].
    pub async fn predict(&self, snapshot: &Snapshot, batch: Batch) -> Result<(Prediction, Duration), ComputeError> {
        self.answer(snapshot, batch, &mut None).await
    }

    /// The same for a batch with a share of the budget: that is kept for as long as the batch is, even when this is
    /// dropped, and given back with the answer.
    ///
    /// # Errors
    /// [`ComputeError`].
    ///
    /// # Panics
    /// Never: every answer comes with its share.
    pub async fn predict_within(
        &self,
        share: MemoryLease,
        snapshot: &Snapshot,
        batch: Batch,
    ) -> Result<(Prediction, Duration, MemoryLease), ComputeError> {
        let mut share = Some(share);
        let (prediction, took) = self.answer(snapshot, batch, &mut share).await?;
        let share = share.expect("an answer comes with the share that its batch was given");
        Ok((prediction, took, share))
    }

    async fn answer(&self, snapshot: &Snapshot, batch: Batch, share: &mut Option<MemoryLease>) -> Answer {
        let answer = if work::is_short(snapshot, batch.n_rows()) {
            at_once(snapshot, &batch)
        } else {
            Box::pin(self.on_pool(snapshot, batch, share)).await
        };
        match &answer {
            Ok((prediction, took)) => {
                if let Some(drift) = snapshot.drift() {
                    drift.answered(prediction, *took);
                }
            }
            Err(ComputeError::Panicked) => self.metrics.panicked(),
            Err(_) => {}
        }
        answer
    }

    /// Makes something of a body of so many bytes: on the spot when it is short, else on the pool, in turns with batches,
    /// so that nobody's small request waits behind a large one's text. Not begun when nobody waits for it any more.
    ///
    /// # Errors
    /// [`ComputeError::Overloaded`]: as many large bodies are being read as may be, for longer than the admission wait.
    /// [`ComputeError::Panicked`], counted.
    ///
    /// # Panics
    /// When `read` does, on the spot.
    pub async fn read<T: Send + 'static>(
        &self,
        bytes: usize,
        read: impl FnOnce() -> T + Send + 'static,
    ) -> Result<T, ComputeError> {
        if bytes <= TEXT_AT_ONCE {
            return Ok(read());
        }
        let permit = acquire(&self.readings, 1, self.wait).await?;
        let read = move || {
            let done = read();
            drop(permit);
            done
        };
        self.errand(read).await
    }

    /// Writes an answer of about so many bytes: as [`read`](Self::read), but refused by nobody any more.
    ///
    /// # Errors
    /// [`ComputeError::Panicked`], counted.
    ///
    /// # Panics
    /// When `write` does, on the spot.
    pub async fn write<T: Send + 'static>(
        &self,
        bytes: usize,
        write: impl FnOnce() -> T + Send + 'static,
    ) -> Result<T, ComputeError> {
        if bytes <= TEXT_AT_ONCE { Ok(write()) } else { Box::pin(self.errand(write)).await }
    }

    async fn errand<T: Send + 'static>(&self, errand: impl FnOnce() -> T + Send + 'static) -> Result<T, ComputeError> {
        let (reply, done) = oneshot::channel();
        self.pool.send(Box::new(move || {
            if reply.is_closed() {
                return;
            }
            // Nobody there: the client has left.
            let _ = reply.send(catch_unwind(AssertUnwindSafe(errand)));
        }));
        match done.await {
            Ok(Ok(done)) => Ok(done),
            Ok(Err(_)) => {
                self.metrics.panicked();
                Err(ComputeError::Panicked)
            }
            // A pool that drops an errand has no threads.
            Err(_) => Err(ComputeError::Overloaded),
        }
    }

    async fn on_pool(&self, snapshot: &Snapshot, batch: Batch, share: &mut Option<MemoryLease>) -> Answer {
        let permits = self.permits(snapshot, batch.n_rows()).await?;
        let deadline = Instant::now() + self.timeout;
        let (reply, answer) = oneshot::channel();
        let snapshot = Arc::clone(snapshot);
        self.pool.submit(Job { snapshot, batch, deadline, permits, share: share.take(), reply });
        tokio::select! {
            answered = answer => {
                // A pool that drops a job unanswered has no threads.
                let (answer, given_back) = answered.unwrap_or((Err(ComputeError::Overloaded), None));
                *share = given_back;
                answer
            }
            () = self.lifecycle.passed(deadline) => Err(ComputeError::Deadline),
        }
    }

    async fn permits(&self, snapshot: &Snapshot, n_rows: usize) -> Result<Permits, Overloaded> {
        let start = Instant::now();
        let long = if work::estimate(snapshot, n_rows) > LONG {
            Some(acquire(&self.long_jobs, 1, self.wait).await?)
        } else {
            None
        };
        let wait = self.wait.saturating_sub(start.elapsed());
        Ok(Permits { _job: acquire(&self.jobs, 1, wait).await?, _long: long })
    }
}

/// Computes where it is called, in slices that fit the thread's scratch.
fn at_once(served: &ServedModel, batch: &Batch) -> Answer {
    let start = Instant::now();
    let step = work::rows_per_slice(served);
    let first = step.min(batch.n_rows());
    let mut answer = work::predict(served, batch, 0..first)?;
    for from in (first..batch.n_rows()).step_by(step) {
        answer.append(work::predict(served, batch, from..batch.n_rows().min(from + step))?);
    }
    Ok((answer, start.elapsed()))
}
