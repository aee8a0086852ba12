//! A few threads that compute long batches in slices, in turns: one queue of jobs, each slice puts its job back at the
//! end. A batch of 10,000 rows delays a batch of 100 by slices, not by its own length.
//!
//! Stands apart from tokio's blocking pool because that one has hundreds of threads, an endless queue, and no turns.

use std::collections::VecDeque;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use tokio::sync::oneshot;

use crate::model::batch::Batch;
use crate::model::prediction::Prediction;
use crate::serve::lifecycle::Life;
use crate::serve::registry::Snapshot;

use super::{ComputeError, work};

/// What a job answers: the prediction and the time spent computing it.
pub(super) type Answer = Result<(Prediction, Duration), ComputeError>;

/// A batch being computed. Leaves the pool when it is answered, overdue, or nobody waits for it any more; whatever it
/// holds (its permits) is given back then.
pub(super) struct Job<P> {
    pub(super) snapshot: Snapshot,
    pub(super) batch: Batch,
    pub(super) deadline: Instant,
    pub(super) permits: P,
    pub(super) reply: oneshot::Sender<Answer>,
}

/// A job with what has been done of it.
struct Started<P> {
    job: Job<P>,
    answer: Option<Prediction>,
    next_row: usize,
    spent: Duration,
}

/// The threads' common queue. They end when the pool is dropped.
#[derive(Debug)]
pub(super) struct Pool<P> {
    shared: Arc<Shared<P>>,
}

struct Shared<P> {
    queue: Mutex<Queue<P>>,
    work_came: Condvar,
    life: Life,
}

struct Queue<P> {
    jobs: VecDeque<Started<P>>,
    closed: bool,
}

impl<P> std::fmt::Debug for Shared<P> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Shared").field("jobs", &self.lock().jobs.len()).finish_non_exhaustive()
    }
}

impl<P: Send + 'static> Pool<P> {
    /// Starts `threads` threads, as many of them as the system allows.
    pub(super) fn start(threads: usize, life: Life) -> Self {
        let queue = Mutex::new(Queue { jobs: VecDeque::new(), closed: false });
        let shared = Arc::new(Shared { queue, work_came: Condvar::new(), life });
        for i in 0..threads {
            let shared = Arc::clone(&shared);
            let started = std::thread::Builder::new().name(format!("compute-{i}")).spawn(move || shared.work());
            if let Err(error) = started {
                tracing::error!(%error, threads = i, "cannot start all compute threads");
                break;
            }
        }
        Self { shared }
    }

    /// Queues a job behind the slices that wait already.
    pub(super) fn submit(&self, job: Job<P>) {
        let started = Started { job, answer: None, next_row: 0, spent: Duration::ZERO };
        self.shared.lock().jobs.push_back(started);
        self.shared.work_came.notify_one();
    }
}

impl<P> Drop for Pool<P> {
    fn drop(&mut self) {
        self.shared.lock().closed = true;
        self.shared.work_came.notify_all();
    }
}

impl<P> Shared<P> {
    fn lock(&self) -> MutexGuard<'_, Queue<P>> {
        self.queue.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// One thread's life.
    fn work(&self) {
        let mut turn = None;
        while let Some(mut started) = self.next(turn.take()) {
            match started.slice(&self.life) {
                None => turn = Some(started),
                Some(answer) => started.finish(answer),
            }
        }
    }

    /// Puts a job whose turn is over back, and takes the one that has waited longest; none when the pool is closed.
    fn next(&self, over: Option<Started<P>>) -> Option<Started<P>> {
        let mut queue = self.lock();
        queue.jobs.extend(over);
        loop {
            if queue.closed {
                return None;
            }
            if let Some(started) = queue.jobs.pop_front() {
                return Some(started);
            }
            queue = self.work_came.wait(queue).unwrap_or_else(PoisonError::into_inner);
        }
    }
}

impl<P> Started<P> {
    /// Computes the next rows; an answer when it was the last turn.
    fn slice(&mut self, life: &Life) -> Option<Answer> {
        let Job { snapshot, batch, deadline, reply, .. } = &self.job;
        let start = Instant::now();
        if reply.is_closed() || start >= life.shrunk(*deadline) {
            // Of the two, only the second is ever read.
            return Some(Err(ComputeError::Deadline));
        }
        let end = batch.n_rows().min(self.next_row + work::rows_per_slice(snapshot));
        let rows = match work::predict(snapshot, batch, self.next_row..end) {
            Ok(rows) => rows,
            Err(error) => return Some(Err(error)),
        };
        match &mut self.answer {
            Some(answer) => answer.append(rows),
            None => self.answer = Some(rows),
        }
        self.next_row = end;
        self.spent += start.elapsed();
        if end < batch.n_rows() {
            return None;
        }
        self.answer.take().map(|answer| Ok((answer, self.spent)))
    }

    /// Gives the permits back first, so that whoever reads the answer can be admitted again.
    fn finish(self, answer: Answer) {
        let Job { permits, reply, .. } = self.job;
        drop(permits);
        // Nobody there: the client has left.
        let _ = reply.send(answer);
    }
}
