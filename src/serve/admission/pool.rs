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
use crate::serve::lifecycle::Lifecycle;
use crate::serve::registry::Snapshot;

use super::{ComputeError, MemoryLease, work};

/// What a job answers: the prediction and the time spent computing it.
pub(super) type Answer = Result<(Prediction, Duration), ComputeError>;

/// A batch being computed. Leaves the pool when it is answered, overdue, or nobody waits for it any more; whatever it
/// holds (its permits) is given back then.
pub(super) struct Job<P> {
    pub(super) snapshot: Snapshot,
    pub(super) batch: Batch,
    pub(super) deadline: Instant,
    pub(super) permits: P,
    /// The batch's share of the budget, which goes back with the answer: should nobody wait for that any more, the batch
    /// is here still.
    pub(super) share: Option<MemoryLease>,
    pub(super) reply: oneshot::Sender<(Answer, Option<MemoryLease>)>,
}

/// A job with what has been done of it.
struct Started<P> {
    job: Job<P>,
    answer: Option<Prediction>,
    next_row: usize,
    spent: Duration,
}

/// Something that is done in one turn.
pub(super) type Errand = Box<dyn FnOnce() + Send>;

/// What waits for a thread.
enum Turn<P> {
    Batch(Box<Started<P>>),
    Errand(Errand),
}

/// The threads' common queue. They end when the pool is dropped.
#[derive(Debug)]
pub(super) struct Pool<P> {
    shared: Arc<Shared<P>>,
}

struct Shared<P> {
    queue: Mutex<Queue<P>>,
    work_came: Condvar,
    lifecycle: Lifecycle,
}

struct Queue<P> {
    turns: VecDeque<Turn<P>>,
    closed: bool,
}

impl<P> std::fmt::Debug for Shared<P> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Shared").field("turns", &self.lock().turns.len()).finish_non_exhaustive()
    }
}

impl<P: Send + 'static> Pool<P> {
    /// Starts `threads` threads, as many of them as the system allows.
    pub(super) fn start(threads: usize, lifecycle: Lifecycle) -> Self {
        let queue = Mutex::new(Queue { turns: VecDeque::new(), closed: false });
        let shared = Arc::new(Shared { queue, work_came: Condvar::new(), lifecycle });
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
        self.queue(Turn::Batch(Box::new(started)));
    }

    /// Queues something short behind them: it should take little longer than a slice, and must not panic.
    pub(super) fn send(&self, errand: Errand) {
        self.queue(Turn::Errand(errand));
    }

    fn queue(&self, turn: Turn<P>) {
        self.shared.lock().turns.push_back(turn);
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
        let mut over = None;
        while let Some(turn) = self.next(over.take()) {
            match turn {
                Turn::Errand(errand) => errand(),
                Turn::Batch(mut started) => match started.slice(&self.lifecycle) {
                    None => over = Some(Turn::Batch(started)),
                    Some(answer) => started.finish(answer),
                },
            }
            // A thread that has just been woken to answer a small request would wait for its core until the end of the
            // kernel's own slice: 3 ms and more.
            std::thread::yield_now();
        }
    }

    /// Puts what is to go on after its turn back, and takes what has waited longest; none when the pool is closed.
    fn next(&self, over: Option<Turn<P>>) -> Option<Turn<P>> {
        let mut queue = self.lock();
        queue.turns.extend(over);
        loop {
            if queue.closed {
                return None;
            }
            if let Some(turn) = queue.turns.pop_front() {
                return Some(turn);
            }
            queue = self.work_came.wait(queue).unwrap_or_else(PoisonError::into_inner);
        }
    }
}

impl<P> Started<P> {
    /// Computes the next rows; an answer when it was the last turn.
    fn slice(&mut self, lifecycle: &Lifecycle) -> Option<Answer> {
        let Job { snapshot, batch, deadline, reply, .. } = &self.job;
        let start = Instant::now();
        if reply.is_closed() || start >= lifecycle.shrunk(*deadline) {
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
        let Job { batch, permits, share, reply, .. } = self.job;
        drop((batch, permits));
        // Nobody there: the client has left.
        let _ = reply.send((answer, share));
    }
}
