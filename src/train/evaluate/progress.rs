//! What a run tells of itself while it works, and the clock by which it is timed.

use std::time::Instant;

/// Receives the progress of a run, for a person, and gives the time. Called from several threads.
pub trait Progress: Sync {
    /// What is to be known before the first fit: of the data, or that the fits will take long.
    fn warn(&self, _warning: &str) {}
    /// A fit on some of the rows is timed: `random-forest, 500 of 80000 rows`.
    fn timing(&self, _fit: &str) {}
    /// So many fits are to be done; a run that searches in steps begins each anew.
    fn begin(&self, fits: usize);
    /// A fit begins: `random-forest, fold 3 of 10`.
    fn began(&self, _fit: &str) {}
    /// One fit is done, or skipped.
    fn fitted(&self);
    /// A search dropped candidates: this many fits will not be done.
    fn given_up(&self, _fits: usize) {}
    /// The clock by which fits are timed.
    fn now(&self) -> Instant {
        Instant::now()
    }
}

/// No progress is shown.
impl Progress for () {
    fn begin(&self, _: usize) {}
    fn fitted(&self) {}
}
