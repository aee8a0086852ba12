//! A few threads that compute long batches slice by slice: one queue of tasks, and an unfinished batch goes back to its
//! end after each slice. So a batch of 10,000 rows delays one of 100 by slices and not by its own length.
//!
//! tokio's blocking pool would not do: it has hundreds of threads, an unbounded queue, and runs each task to its end.

use std::collections::VecDeque;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use tokio::sync::oneshot;

use crate::model::batch::Batch;
use crate::model::prediction::Answer;
use crate::serve::error::ComputeError;
use crate::serve::lifecycle::Lifecycle;
use crate::serve::registry::Snapshot;

use super::{MemoryLease, slice};

/// A prediction and the time spent computing it, waiting excluded.
pub(super) type Computed = Result<(Answer, Duration), ComputeError>;

/// A batch to compute. It leaves the pool when it is answered, overdue, or its receiver is gone.
pub(super) struct Job<P> {
    pub(super) snapshot: Snapshot,
    pub(super) batch: Batch,
    pub(super) deadline: Instant,
    /// Given back before the reply is sent.
    pub(super) permits: P,
    /// The request's: its bytes stay reserved while the batch is here, even when its client has left.
    pub(super) memory: MemoryLease,
    pub(super) reply: oneshot::Sender<Computed>,
}

/// A job and what has been computed of it.
struct Running<P> {
    job: Job<P>,
    prediction: Option<Answer>,
    next_row: usize,
    spent: Duration,
}

/// A text to decode or encode, or a piece of a body to inflate. It does not panic. It runs to its end: at 100 µs for 64
/// KiB a body of 2 MiB takes 3 ms, six times as long as a slice.
pub(super) type Closure = Box<dyn FnOnce() + Send>;

/// What a thread runs at one time.
enum PoolTask<P> {
    Batch(Box<Running<P>>),
    Closure(Closure),
}

/// The threads' common queue. The threads end when the pool is dropped.
#[derive(Debug)]
pub(super) struct Pool<P> {
    shared: Arc<PoolState<P>>,
}

struct PoolState<P> {
    queue: Mutex<TaskQueue<P>>,
    task_queued: Condvar,
    lifecycle: Lifecycle,
}

struct TaskQueue<P> {
    tasks: VecDeque<PoolTask<P>>,
    closed: bool,
}

impl<P> std::fmt::Debug for PoolState<P> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("PoolState").field("tasks", &self.lock().tasks.len()).finish_non_exhaustive()
    }
}

impl<P: Send + 'static> Pool<P> {
    /// Starts `threads` threads, or as many as the system allows.
    pub(super) fn start(threads: usize, lifecycle: Lifecycle) -> Self {
        let queue = Mutex::new(TaskQueue { tasks: VecDeque::new(), closed: false });
        let shared = Arc::new(PoolState { queue, task_queued: Condvar::new(), lifecycle });
        for i in 0..threads {
            let shared = Arc::clone(&shared);
            let started = std::thread::Builder::new().name(format!("compute-{i}")).spawn(move || shared.run());
            if let Err(error) = started {
                tracing::error!(%error, threads = i, "cannot start all compute threads");
                break;
            }
        }
        Self { shared }
    }

    /// Queues a batch behind the tasks that wait already.
    pub(super) fn submit(&self, job: Job<P>) {
        let running = Running { job, prediction: None, next_row: 0, spent: Duration::ZERO };
        self.queue(PoolTask::Batch(Box::new(running)));
    }

    /// Queues a closure behind the tasks that wait already.
    pub(super) fn spawn(&self, closure: Closure) {
        self.queue(PoolTask::Closure(closure));
    }

    fn queue(&self, task: PoolTask<P>) {
        self.shared.lock().tasks.push_back(task);
        self.shared.task_queued.notify_one();
    }
}

impl<P> Drop for Pool<P> {
    fn drop(&mut self) {
        self.shared.lock().closed = true;
        self.shared.task_queued.notify_all();
    }
}

impl<P> PoolState<P> {
    fn lock(&self) -> MutexGuard<'_, TaskQueue<P>> {
        self.queue.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The loop of one thread.
    fn run(&self) {
        let mut unfinished = None;
        while let Some(task) = self.next(unfinished.take()) {
            match task {
                PoolTask::Closure(closure) => closure(),
                PoolTask::Batch(mut running) => match running.run_slice(&self.lifecycle) {
                    None => unfinished = Some(PoolTask::Batch(running)),
                    Some(computed) => running.finish(computed),
                },
            }
            // Otherwise a worker that was just woken for a small request may wait for its core until the end of the
            // kernel's time slice: 3 ms and more.
            std::thread::yield_now();
        }
    }

    /// Queues `unfinished` again and takes the first task; none when the pool is closed.
    fn next(&self, unfinished: Option<PoolTask<P>>) -> Option<PoolTask<P>> {
        let mut queue = self.lock();
        queue.tasks.extend(unfinished);
        loop {
            if queue.closed {
                return None;
            }
            if let Some(task) = queue.tasks.pop_front() {
                return Some(task);
            }
            queue = self.task_queued.wait(queue).unwrap_or_else(PoisonError::into_inner);
        }
    }
}

impl<P> Running<P> {
    /// Computes the next slice; the result after the last one.
    fn run_slice(&mut self, lifecycle: &Lifecycle) -> Option<Computed> {
        let Job { snapshot, batch, deadline, reply, .. } = &self.job;
        let start = Instant::now();
        let is_over = |now: Instant| reply.is_closed() || now >= lifecycle.capped_by_drain(*deadline);
        if is_over(start) {
            // A closed reply is not read, so one error serves both.
            return Some(Err(ComputeError::Deadline));
        }
        let end = batch.n_rows().min(self.next_row + slice::rows_per_slice(snapshot, batch));
        let rows = match slice::predict_slice(snapshot, batch, self.next_row..end, &|| is_over(Instant::now())) {
            Ok(rows) => rows,
            Err(error) => return Some(Err(error)),
        };
        match &mut self.prediction {
            Some(prediction) => prediction.append(rows),
            None => self.prediction = Some(rows),
        }
        self.next_row = end;
        self.spent += start.elapsed();
        if end < batch.n_rows() {
            return None;
        }
        self.prediction.take().map(|prediction| Ok((prediction, self.spent)))
    }

    /// Frees the batch and gives the permits back, then replies: a client that reads the answer can be admitted again.
    fn finish(self, computed: Computed) {
        let Job { batch, permits, memory, reply, .. } = self.job;
        drop((batch, permits, memory));
        // An error means that the client has left.
        let _ = reply.send(computed);
    }
}
