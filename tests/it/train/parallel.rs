//! Jobs in parts on several threads.

use std::num::NonZeroUsize;
use std::sync::atomic::{AtomicUsize, Ordering};

use smartserve::train::evaluate::parallel::{ParallelJobs, run};

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
