//! Runs independent jobs, each in parts, on several threads and returns their results in the jobs' order. The results
//! do not depend on the number of threads.
//!
//! One queue holds the parts of all jobs, so that a large forest at the end keeps all cores busy. At most as many jobs
//! are prepared at a time as there are threads.

use std::num::NonZeroUsize;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// The jobs, each named by its position.
pub(crate) trait ParallelJobs: Sync {
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
pub(crate) fn run<W: ParallelJobs>(threads: NonZeroUsize, n_jobs: usize, work: &W) -> Vec<W::Output> {
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
            one(work, *job, *part, &states[*job]);
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

fn one<W: ParallelJobs>(work: &W, job: usize, part: usize, state: &Mutex<JobState<W>>) {
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

#[cfg(test)]
mod tests {
    use super::*;

    /// Job n has n parts; a part gives its number, a job all of them and how often it was prepared.
    struct Count(Vec<AtomicUsize>);

    impl ParallelJobs for Count {
        type Context = usize;
        type Part = usize;
        type Output = (usize, Vec<usize>);

        fn n_parts(&self, job: usize) -> usize {
            job
        }
        fn prepare(&self, job: usize) -> usize {
            self.0[job].fetch_add(1, Ordering::SeqCst);
            job * 100
        }
        fn part(&self, _: usize, part: usize, context: &usize) -> usize {
            context + part
        }
        fn finish(&self, job: usize, _: &usize, parts: Vec<usize>) -> (usize, Vec<usize>) {
            (self.0[job].load(Ordering::SeqCst), parts)
        }
    }

    #[test]
    fn every_part_is_done_once_and_in_order_however_many_threads_there_are() {
        for threads in [1, 2, 7, 100] {
            let work = Count((0..20).map(|_| AtomicUsize::new(0)).collect());
            let done = run(NonZeroUsize::new(threads).unwrap_or(NonZeroUsize::MIN), 20, &work);
            assert_eq!(done.len(), 20);
            for (job, (prepared, parts)) in done.into_iter().enumerate() {
                assert_eq!(prepared, 1);
                let expected: Vec<usize> = (0..job.max(1)).map(|part| job * 100 + part).collect();
                assert_eq!(parts, expected);
            }
        }
    }

    #[test]
    fn no_jobs_are_no_outputs() {
        assert!(run(NonZeroUsize::MIN, 0, &Count(Vec::new())).is_empty());
    }
}
