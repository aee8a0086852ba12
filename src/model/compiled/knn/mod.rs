//! Nearest neighbours by an exact search, bit-identical to smartcore's kNN with linear search.
//!
//! smartcore visits the training rows in order and keeps the k nearest in a heap whose final layout decides the order
//! of summation and which of equally distant rows stay. So the rows are visited in that order here too, but only those
//! that the `prefilter` does not rule out. The answer is exact: a row that is left out could not have entered the heap.

#![expect(clippy::inline_always, reason = "for `widest`")]

mod prefilter;

use std::cmp::Ordering;
use std::ops::Range;
use std::sync::Arc;

use super::simd::widest;
use crate::model::ir::Neighbors;
use prefilter::{LANES, Prefilter, Query};

/// Bytes of the prefilter that a block of queries passes over while they are in the first-level cache.
const BLOCK_BYTES: usize = 16 << 10;

/// The largest number of queries in a block.
const MAX_QUERIES: usize = 64;

/// Kept neighbours of a block at most (1 MiB), unless one query has more.
const MAX_NEAR: usize = 1 << 16;

/// A place among the k nearest.
#[derive(Debug, Clone, Copy)]
pub(super) struct Near {
    /// The root, not the square, is what smartcore compares: two sums of squares may have one root.
    distance: f64,
    /// The training row; [`NO_ROW`] while there is none.
    row: u32,
}

const NO_ROW: u32 = u32::MAX;
const FAR: Near = Near { distance: f64::INFINITY, row: NO_ROW };

/// What one search works on, reused from call to call.
#[derive(Debug, Default)]
pub(super) struct SearchBuffers {
    /// The nearest rows so far, k for each query of a block.
    near: Vec<Near>,
    /// The queries as the prefilter sees them.
    queries: Vec<Query>,
    /// And their cells, `[n_queries, n_columns]`.
    cells: Vec<f32>,
}

/// The training rows with their targets.
#[derive(Debug, Clone)]
pub(super) struct NearestRows {
    form: Arc<Neighbors>,
    prefilter: Prefilter,
}

impl NearestRows {
    /// Training rows.
    pub(super) fn n_rows(&self) -> usize {
        self.form.targets.len()
    }

    pub(super) fn new(form: Arc<Neighbors>) -> Self {
        let prefilter = Prefilter::new(&form.rows, form.n_columns);
        Self { form, prefilter }
    }

    /// The mean of the nearest rows' values, one per row of `matrix`, appended to `out`; NaN where every distance
    /// overflows (smartcore answers 0 there). `search` is a buffer.
    pub(super) fn means(&self, matrix: &[f64], search: &mut SearchBuffers, out: &mut Vec<f64>) {
        self.search(matrix, search, |near| {
            let found = near.iter().filter(|n| n.row != NO_ROW);
            let share = 1.0 / f64::from(u32::try_from(found.clone().count()).expect("k is below 2^32"));
            let mean = |sum, n: &Near| sum + self.form.targets[n.row as usize] * share;
            out.push(if share.is_finite() { found.fold(0.0, mean) } else { f64::NAN });
        });
    }

    /// The shares of the classes among the nearest rows, row-major `[n_rows, n_classes]`, appended to `out`; all NaN
    /// where every distance overflows. `search` is a buffer.
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "targets are checked class positions")]
    pub(super) fn shares(&self, matrix: &[f64], n_classes: usize, search: &mut SearchBuffers, out: &mut Vec<f64>) {
        self.search(matrix, search, |near| {
            let from = out.len();
            out.resize(from + n_classes, 0.0);
            let shares = &mut out[from..];
            let mut found = 0.0;
            for near in near.iter().filter(|n| n.row != NO_ROW) {
                shares[self.form.targets[near.row as usize] as usize] += 1.0;
                found += 1.0;
            }
            // With no row found: 0 · ∞, which is NaN.
            let share = 1.0 / found;
            for s in shares {
                *s *= share;
            }
        });
    }

    /// Calls `answer` with the k nearest of each row of `matrix`, in order.
    fn search(&self, matrix: &[f64], search: &mut SearchBuffers, mut answer: impl FnMut(&[Near])) {
        let n_columns = self.form.n_columns;
        let n_queries = (MAX_NEAR / self.form.k).clamp(1, MAX_QUERIES);
        let n_tiles = self.form.targets.len().div_ceil(LANES);
        let tiles_together = (BLOCK_BYTES / (4 * LANES * n_columns)).max(1);
        for rows in matrix.chunks(n_queries * n_columns) {
            let SearchBuffers { near, queries, cells } = &mut *search;
            cells.clear();
            queries.clear();
            queries.extend(rows.chunks_exact(n_columns).map(|row| self.prefilter.query(row, cells)));
            near.clear();
            near.resize(queries.len() * self.form.k, FAR);
            for first in (0..n_tiles).step_by(tiles_together) {
                let tiles = first..n_tiles.min(first + tiles_together);
                let rows = rows.chunks_exact(n_columns).zip(cells.chunks_exact(n_columns));
                for ((query, (row, cells)), near) in queries.iter().zip(rows).zip(near.chunks_exact_mut(self.form.k)) {
                    widest(
                        #[inline(always)]
                        || self.offer(tiles.clone(), query, row, cells, near),
                    );
                }
            }
            near.chunks_exact(self.form.k).for_each(&mut answer);
        }
    }

    /// Offers the rows of some tiles to a query's k nearest.
    #[inline(always)]
    fn offer(&self, tiles: Range<usize>, query: &Query, row: &[f64], cells: &[f32], near: &mut [Near]) {
        let mut limit = self.prefilter.limit(query, near[0].distance);
        for tile in tiles {
            let sums = self.prefilter.sums(tile, cells);
            if sums.iter().all(|sum| *sum >= limit) {
                continue;
            }
            for (lane, sum) in sums.iter().enumerate() {
                let at = tile * LANES + lane;
                if *sum < limit && at < self.form.targets.len() && self.take(at, row, near) {
                    limit = self.prefilter.limit(query, near[0].distance);
                }
            }
        }
    }

    /// Puts a training row into the heap if it is nearer than the farthest there.
    fn take(&self, at: usize, query: &[f64], near: &mut [Near]) -> bool {
        let mut square = 0.0;
        for (x, cell) in query.iter().zip(&self.form.rows[at * self.form.n_columns..][..self.form.n_columns]) {
            let difference = x - cell;
            square += difference * difference;
        }
        let distance = square.sqrt();
        if distance.partial_cmp(&near[0].distance) != Some(Ordering::Less) {
            return false;
        }
        near[0] = Near { distance, row: u32::try_from(at).expect("the ir checked the number of rows") };
        sift_down(near);
        true
    }
}

/// Restores smartcore's heap (`HeapSelection`: the farthest at 0, the children of i at 2i and 2i + 1) after its first
/// place changed. smartcore sifts every inner place, from the last to the first; below the first they are in order
/// already, and sifting them changes nothing.
fn sift_down(heap: &mut [Near]) {
    let last = heap.len() - 1;
    let mut at = 0;
    while 2 * at <= last {
        let mut child = 2 * at;
        if child < last && heap[child].distance < heap[child + 1].distance {
            child += 1;
        }
        if heap[at].distance >= heap[child].distance {
            break;
        }
        heap.swap(at, child);
        at = child;
    }
}
