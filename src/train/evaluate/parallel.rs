//! Runs independent jobs, each in parts, on several threads and returns their results in the jobs' order. The results
//! do not depend on the number of threads.
//!
//! One queue holds the parts of all jobs, so that a large forest at the end keeps all cores busy. At most as many jobs
//! are prepared at a time as there are threads.

use std::num::NonZeroUsize;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// The jobs, each named by its position.
pub trait ParallelJobs: Sync {
    /// What a job's parts share.
    type Context: Send + Sync;
    /// The result of a part.
    type Part: Send;
    /// The result of a job.
    type Output: Send;

    /// How many parts a job has; 0 counts as 1.
    fn n_parts(&self, job: usize) -> usize;
    /// Called once a job, before its parts.
    fn prepare(&self, job: usize) -> Self::Context;
    /// Called once a part, in any order, on any thread.
    fn part(&self, job: usize, part: usize, context: &Self::Context) -> Self::Part;
    /// Called once a job, with the results of its parts in order.
    fn finish(&self, job: usize, context: &Self::Context, parts: Vec<Self::Part>) -> Self::Output;
}

/// A job between its first part and its last.
struct JobState<W: ParallelJobs> {
    context: Option<Arc<W::Context>>,
    parts: Vec<Option<W::Part>>,
    left: usize,
    output: Option<W::Output>,
}

/// Runs `n_jobs` jobs and returns their results in order.
pub fn run<W: ParallelJobs>(threads: NonZeroUsize, n_jobs: usize, work: &W) -> Vec<W::Output> {
    let n_parts: Vec<usize> = (0..n_jobs).map(|job| work.n_parts(job).max(1)).collect();
    let queue: Vec<(usize, usize)> =
        n_parts.iter().enumerate().flat_map(|(job, n)| (0..*n).map(move |part| (job, part))).collect();
    let states: Vec<Mutex<JobState<W>>> = n_parts
        .iter()
        .map(|n| Mutex::new(JobState { context: None, parts: (0..*n).map(|_| None).collect(), left: *n, output: None }))
        .collect();
    let next = AtomicUsize::new(0);
    let take = || {
        while let Some((job, part)) = queue.get(next.fetch_add(1, Ordering::Relaxed)) {
            run_part(work, *job, *part, &states[*job]);
        }
    };
    std::thread::scope(|scope| {
        for _ in 1..threads.get().min(queue.len()) {
            scope.spawn(take);
        }
        take();
    });
    states.into_iter().filter_map(|s| s.into_inner().unwrap_or_else(PoisonError::into_inner).output).collect()
}

fn run_part<W: ParallelJobs>(work: &W, job: usize, part: usize, state: &Mutex<JobState<W>>) {
    // Other threads wait here until the job is prepared.
    let context = Arc::clone(lock(state).context.get_or_insert_with(|| Arc::new(work.prepare(job))));
    let done = work.part(job, part, &context);
    let parts = {
        let mut state = lock(state);
        state.parts[part] = Some(done);
        state.left -= 1;
        if state.left > 0 {
            return;
        }
        // Frees the context as soon as the last part of the job is finished.
        state.context = None;
        std::mem::take(&mut state.parts).into_iter().flatten().collect()
    };
    let output = work.finish(job, &context, parts);
    lock(state).output = Some(output);
}

fn lock<W: ParallelJobs>(state: &Mutex<JobState<W>>) -> MutexGuard<'_, JobState<W>> {
    state.lock().unwrap_or_else(PoisonError::into_inner)
}
