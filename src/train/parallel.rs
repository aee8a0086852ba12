//! Independent jobs on some threads, results in the jobs' order: what comes out does not depend on the thread count.

use std::num::NonZeroUsize;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Mutex, PoisonError};

/// Runs `job(0)` to `job(n − 1)`, each once, and gives their results in that order.
pub(super) fn run<T: Send>(threads: NonZeroUsize, n: usize, job: impl Fn(usize) -> T + Sync) -> Vec<T> {
    let next = AtomicUsize::new(0);
    let done = Mutex::new(Vec::with_capacity(n));
    let work = || loop {
        let i = next.fetch_add(1, Ordering::Relaxed);
        if i >= n {
            break;
        }
        let result = job(i);
        done.lock().unwrap_or_else(PoisonError::into_inner).push((i, result));
    };
    std::thread::scope(|scope| {
        for _ in 1..threads.get().min(n) {
            scope.spawn(work);
        }
        work();
    });
    let mut done = done.into_inner().unwrap_or_else(PoisonError::into_inner);
    done.sort_by_key(|(i, _)| *i);
    done.into_iter().map(|(_, result)| result).collect()
}
