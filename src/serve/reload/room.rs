//! The memory that judging files takes: made room for before a file is read, and for no more files than are judged at once.

use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};
use std::sync::{Condvar, Mutex, PoisonError};

/// Files judged at once at most: one that the interval looks at, and one that a client asks for beside it.
pub(super) const AT_ONCE: usize = 2;

/// The room for files that are judged.
#[derive(Debug, Default)]
pub(super) struct JudgingRoom {
    n_judged: Mutex<usize>,
    left: Condvar,
    /// Bytes; never less than they were, because the process may have had them.
    bytes: AtomicUsize,
}

impl JudgingRoom {
    /// Waits until fewer than [`AT_ONCE`] files are judged; one more is, until the place is dropped.
    pub(super) fn enter(&self) -> Place<'_> {
        let n_judged = self.n_judged.lock().unwrap_or_else(PoisonError::into_inner);
        let full = |n: &mut usize| *n >= AT_ONCE;
        *self.left.wait_while(n_judged, full).unwrap_or_else(PoisonError::into_inner) += 1;
        Place(self)
    }

    /// Bytes that all files which are judged at once may take.
    pub(super) fn bytes(&self) -> usize {
        self.bytes.load(Relaxed)
    }

    /// Makes room for `bytes`; true when there was less.
    pub(super) fn make(&self, bytes: usize) -> bool {
        self.bytes.fetch_max(bytes, Relaxed) < bytes
    }
}

/// The place of a file that is judged.
#[derive(Debug)]
pub(super) struct Place<'r>(&'r JudgingRoom);

impl Drop for Place<'_> {
    fn drop(&mut self) {
        *self.0.n_judged.lock().unwrap_or_else(PoisonError::into_inner) -= 1;
        self.0.left.notify_one();
    }
}
