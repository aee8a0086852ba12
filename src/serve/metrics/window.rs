//! Windows of rows, and the PSI of the last full one: what has changed shows within 1,000 rows, however many there were
//! before.

use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::sync::{Mutex, PoisonError};

use crate::model::drift::{ALARM, WINDOW_ROWS};

use super::counts::Counts;

/// The current window of a model version, and what was counted in the last full one.
#[derive(Debug)]
pub(super) struct Window {
    /// How many rows of the model have been answered when the current one is full.
    ends_at: AtomicU64,
    counted: Mutex<Counted>,
}

#[derive(Debug, Default)]
struct Counted {
    /// The counts of all columns when the current window began, one column's cells after the other's; empty before the
    /// first has ended, which began at 0.
    before: Vec<u64>,
    /// The counts of the last full window, in the same order; empty before there is one.
    last: Vec<u64>,
}

impl Window {
    /// The first window, after `rows` rows of the model.
    pub(super) fn new(rows: u64) -> Self {
        Self { ends_at: AtomicU64::new(rows + WINDOW_ROWS), counted: Mutex::default() }
    }

    /// True when the window is full after `rows` rows.
    #[inline]
    pub(super) fn is_over(&self, rows: u64) -> bool {
        rows >= self.ends_at.load(Relaxed)
    }

    /// Ends the window with the counts so far, after `rows` rows, and begins the next. Never waits: where another
    /// thread ends it, or the metrics are read just now, a later request does.
    pub(super) fn end(&self, rows: u64, columns: &[&Counts]) {
        let Ok(mut counted) = self.counted.try_lock() else { return };
        let now: Vec<u64> = columns.iter().flat_map(|column| column.seen()).collect();
        let Counted { before, last } = &mut *counted;
        before.resize(now.len(), 0);
        // Counts only grow.
        let window: Vec<u64> = now.iter().zip(&*before).map(|(now, before)| now - before).collect();
        let n_rows: u64 = columns.first().map_or(0, |column| window[..column.cells.len()].iter().sum());
        // Rows of another version of the model count too.
        if n_rows < WINDOW_ROWS {
            self.ends_at.store(rows + WINDOW_ROWS - n_rows, Relaxed);
            return;
        }
        (*before, *last) = (now, window);
        self.ends_at.store(rows + WINDOW_ROWS, Relaxed);
    }

    /// The PSI of each column in the last full window; none before there is one, or where chance alone may give
    /// [`ALARM`].
    pub(super) fn psi(&self, columns: &[&Counts]) -> Vec<Option<f64>> {
        let counted = self.counted.lock().unwrap_or_else(PoisonError::into_inner);
        let mut rest = counted.last.as_slice();
        let psi = |column: &&Counts| {
            let (counts, behind) = rest.split_at_checked(column.cells.len())?;
            rest = behind;
            let n_rows = counts.iter().sum();
            column.cells.psi(counts).filter(|_| column.cells.chance(n_rows) <= ALARM)
        };
        columns.iter().map(psi).collect()
    }
}
