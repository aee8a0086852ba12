//! Memory for loading model files: at most two files are loaded at once, and the reservation only grows.
//!
//! A reload reserves a file's length before it reads the file, and what loading its bytes may take before it loads
//! them.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};

use tokio::sync::{Mutex, OwnedMutexGuard};

/// The largest number of files loaded at once: one that the timer reads, and one that a client asks for; two that
/// clients ask for while the timer reads none.
pub(super) const AT_ONCE: usize = 2;

/// The reservation, and the permits to load a file.
#[derive(Debug, Default)]
pub(super) struct LoadMemory {
    /// Each is held by whoever loads a file. The timer waits for the first one alone.
    permits: [Arc<Mutex<()>>; AT_ONCE],
    /// Bytes reserved. They never become fewer, because the allocator may keep what the process once had.
    bytes: AtomicUsize,
}

/// The permit to load one file.
pub(super) type LoadPermit = OwnedMutexGuard<()>;

impl LoadMemory {
    /// Blocks until a file may be loaded.
    pub(super) fn blocking_permit(&self) -> LoadPermit {
        blocking_lock(&self.permits[0])
    }

    /// Waits until a file may be loaded, in the order of those who ask.
    pub(super) async fn permit(&self) -> LoadPermit {
        let [first, second] = self.permits.each_ref().map(Arc::clone);
        tokio::select! {
            biased;
            permit = second.lock_owned() => permit,
            permit = first.lock_owned() => permit,
        }
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

/// Locks on a thread that may block; on any thread a mutex that is free.
pub(super) fn blocking_lock<T>(mutex: &Arc<Mutex<T>>) -> OwnedMutexGuard<T> {
    Arc::clone(mutex).try_lock_owned().unwrap_or_else(|_| Arc::clone(mutex).blocking_lock_owned())
}
