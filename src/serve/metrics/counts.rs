//! The counts of a column's values, a cell each.

use std::sync::atomic::{AtomicU64, Ordering::Relaxed};

use crate::model::drift::Cells;
use crate::model::statistics::MAX_BINS;

/// Values that are counted together, on the stack.
const TOGETHER: usize = 256;

/// Values below which each is looked up.
const FEW: usize = 16;

/// A column's cells and their counts.
#[derive(Debug)]
pub(super) struct Counts {
    pub(super) cells: Cells,
    seen: Vec<AtomicU64>,
}

impl Counts {
    /// Nothing counted yet.
    pub(super) fn new(cells: Cells) -> Self {
        Self { seen: (0..cells.len()).map(|_| AtomicU64::new(0)).collect(), cells }
    }

    /// Counts one value: there is no array of cells to clear and to scan.
    pub(super) fn add_one(&self, value: f64) {
        // In range: a loaded model has at most MAX_BINS bins, and `index` gives the cell of one of them.
        self.seen[self.cells.index(value)].fetch_add(1, Relaxed);
    }

    /// Counts values as a batch holds them; of those of a piece of them at a time, `each_piece` is told too. Whoever has
    /// one value counts it by [`Self::add_one`].
    pub(super) fn add(&self, mut values: impl ExactSizeIterator<Item = f64>, mut each_piece: impl FnMut(&[f64])) {
        // In range, as above.
        let mut seen = [0_u64; MAX_BINS];
        let mut piece = [0.0; TOGETHER];
        while values.len() > 0 {
            let n = values.len().min(TOGETHER);
            piece.iter_mut().zip(values.by_ref().take(n)).for_each(|(cell, value)| *cell = value);
            let piece = &piece[..n];
            if n < FEW {
                for value in piece {
                    seen[self.cells.index(*value)] += 1;
                }
            } else {
                self.cells.count(piece, &mut seen);
            }
            each_piece(piece);
        }
        for (cell, count) in seen.into_iter().enumerate().filter(|(_, count)| *count > 0) {
            self.seen[cell].fetch_add(count, Relaxed);
        }
    }

    /// The counts so far, a cell each.
    pub(super) fn seen(&self) -> impl Iterator<Item = u64> {
        self.seen.iter().map(|seen| seen.load(Relaxed))
    }

    /// Each series: its cell's label, its count, its share of the training rows.
    pub(super) fn series(&self) -> impl Iterator<Item = (&str, u64, f64)> {
        let labels = self.cells.labels().iter().map(String::as_str);
        labels.zip(self.seen()).zip(self.cells.expected()).map(|((label, seen), expected)| (label, seen, *expected))
    }
}
