//! Memory for loading model files: at most two files are loaded at once, and the reservation only grows.
//!
//! A reload reserves a file's length before it reads the file, and what loading its bytes may take before it loads
//! them.

use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};
use std::sync::{Condvar, Mutex, PoisonError};

/// The largest number of files loaded at once: one that the timer reads, and one that a client asks for.
pub(super) const AT_ONCE: usize = 2;

/// The reservation, and the permits to load a file.
#[derive(Debug, Default)]
pub(super) struct LoadMemory {
    n_loading: Mutex<usize>,
    permit_dropped: Condvar,
    /// Bytes reserved. They never become fewer, because the allocator may keep what the process once had.
    bytes: AtomicUsize,
}

impl LoadMemory {
    /// Waits until fewer than [`AT_ONCE`] files are being loaded.
    pub(super) fn permit(&self) -> LoadPermit<'_> {
        let n_loading = self.n_loading.lock().unwrap_or_else(PoisonError::into_inner);
        let full = |n: &mut usize| *n >= AT_ONCE;
        *self.permit_dropped.wait_while(n_loading, full).unwrap_or_else(PoisonError::into_inner) += 1;
        LoadPermit(self)
    }

    /// Bytes that all files loaded at once may take.
    pub(super) fn bytes(&self) -> usize {
        self.bytes.load(Relaxed)
    }

    /// Reserves at least `bytes`; true when fewer were reserved.
    pub(super) fn grow_to(&self, bytes: usize) -> bool {
        self.bytes.fetch_max(bytes, Relaxed) < bytes
    }
}

/// The permit to load one file.
#[derive(Debug)]
pub(super) struct LoadPermit<'r>(&'r LoadMemory);

impl Drop for LoadPermit<'_> {
    fn drop(&mut self) {
        *self.0.n_loading.lock().unwrap_or_else(PoisonError::into_inner) -= 1;
        self.0.permit_dropped.notify_one();
    }
}
