//! Nearest neighbours by an exact search, bit-identical to smartcore's kNN with linear search.
//!
//! Stands apart because its model is the training matrix itself. smartcore visits the training rows in order and keeps
//! the k nearest in a heap whose final layout decides the order of summation and which of equally distant rows stay; so
//! the rows are visited in that order here too, but only those that the `prefilter` does not rule out. That is exact, not
//! approximate: a row that is left out could not have entered the heap.

#![expect(clippy::inline_always, reason = "for `widest`")]

mod prefilter;

use std::cmp::Ordering;
use std::ops::Range;

use super::simd::widest;
use crate::model::smartcore::postcard::{Fault, Reader};
use crate::model::smartcore::trees::classes;
use prefilter::{LANES, Prefilter, Query};

/// Bytes of the prefilter that a block of queries passes over while they are in the first-level cache.
const BLOCK_BYTES: usize = 16 << 10;

/// Queries of a block at most.
const MAX_QUERIES: usize = 64;

/// Kept neighbours of a block at most (1 MiB), unless one query has more.
const MAX_NEAR: usize = 1 << 16;

/// A place among the k nearest.
#[derive(Debug, Clone, Copy)]
pub(super) struct Near {
    /// The root, not the square, is what smartcore compares: two sums of squares may have one root.
    distance: f64,
    /// The training row; `NOBODY` while there is none.
    row: u32,
}

const NOBODY: u32 = u32::MAX;
const FAR: Near = Near { distance: f64::INFINITY, row: NOBODY };

/// What one search works on, reused from call to call.
#[derive(Debug, Default)]
pub(super) struct Search {
    /// The nearest rows so far, k for each query of a block.
    near: Vec<Near>,
    /// The queries as the prefilter sees them.
    queries: Vec<Query>,
    /// And their cells, `[n_queries, n_columns]`.
    cells: Vec<f32>,
}

/// The training rows with their targets.
#[derive(Debug, Clone)]
pub(super) struct Neighbors {
    /// Row-major `[n_rows, n_columns]`.
    rows: Vec<f64>,
    prefilter: Prefilter,
    n_columns: usize,
    /// A row's value, or the position of its class.
    targets: Vec<f64>,
    k: usize,
}

impl Neighbors {
    /// smartcore's `KNNRegressor`.
    pub(super) fn decode_regressor(reader: &mut Reader<'_>, n_columns: usize) -> Result<Self, Fault> {
        reader.some("the list of targets")?;
        let targets = reader.finites("target")?;
        Self::decode(reader, n_columns, targets)
    }

    /// smartcore's `KNNClassifier`.
    pub(super) fn decode_classifier(
        reader: &mut Reader<'_>,
        n_columns: usize,
        n_classes: usize,
    ) -> Result<Self, Fault> {
        reader.some("the classes")?;
        classes(reader, n_classes)?;
        reader.some("the list of targets")?;
        let n = reader.length(1, "targets")?;
        let mut targets = Vec::with_capacity(n);
        for _ in 0..n {
            let class = reader.u32()?;
            if class as usize >= n_classes {
                return reader.fault(format_args!("a row has class {class} of {n_classes}"));
            }
            targets.push(f64::from(class));
        }
        Self::decode(reader, n_columns, targets)
    }

    /// What both have after their targets: the search, the weighting, k.
    fn decode(reader: &mut Reader<'_>, n_columns: usize, targets: Vec<f64>) -> Result<Self, Fault> {
        reader.some("the search")?;
        if reader.u32()? != 0 {
            return reader.fault("it does not search linearly");
        }
        let n = reader.length(8 * n_columns + 1, "rows")?;
        if n != targets.len() || n >= NOBODY as usize {
            return reader.fault(format_args!("{n} rows have {} targets", targets.len()));
        }
        let mut rows = Vec::with_capacity(n * n_columns);
        for row in 0..n {
            let cells = reader.u64()?;
            if cells != n_columns as u64 {
                return reader.fault(format_args!("row {row} has {cells} cells, expected {n_columns}"));
            }
            for _ in 0..n_columns {
                rows.push(reader.finite("cell of a row")?);
            }
        }
        reader.some("the weighting")?;
        if reader.u32()? != 0 {
            return reader.fault("its neighbours do not all weigh the same");
        }
        reader.some("the number of neighbours")?;
        let k = reader.u64()?;
        match usize::try_from(k) {
            Ok(k) if (1..=n).contains(&k) => {
                let prefilter = Prefilter::new(&rows, n_columns);
                Ok(Self { rows, prefilter, n_columns, targets, k })
            }
            _ => reader.fault(format_args!("{k} neighbours of {n} rows")),
        }
    }

    pub(super) fn resident_bytes(&self) -> usize {
        (self.rows.len() + self.targets.len()) * 8 + self.prefilter.resident_bytes()
    }

    /// The mean of the nearest rows' values, one a row of `matrix`, appended to `out`; NaN where every distance
    /// overflows (smartcore answers 0 there). `search` is a buffer.
    pub(super) fn means(&self, matrix: &[f64], search: &mut Search, out: &mut Vec<f64>) {
        self.search(matrix, search, |near| {
            let found = near.iter().filter(|n| n.row != NOBODY);
            let share = 1.0 / f64::from(u32::try_from(found.clone().count()).expect("k is below 2^32"));
            let mean = |sum, n: &Near| sum + self.targets[n.row as usize] * share;
            out.push(if share.is_finite() { found.fold(0.0, mean) } else { f64::NAN });
        });
    }

    /// The shares of the classes among the nearest rows, row-major `[n_rows, n_classes]`, appended to `out`; all NaN
    /// where every distance overflows. `search` is a buffer.
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "targets are checked class positions")]
    pub(super) fn shares(&self, matrix: &[f64], n_classes: usize, search: &mut Search, out: &mut Vec<f64>) {
        self.search(matrix, search, |near| {
            let from = out.len();
            out.resize(from + n_classes, 0.0);
            let shares = &mut out[from..];
            let mut found = 0.0;
            for near in near.iter().filter(|n| n.row != NOBODY) {
                shares[self.targets[near.row as usize] as usize] += 1.0;
                found += 1.0;
            }
            // Of nobody: 0 · ∞, NaN.
            let share = 1.0 / found;
            for s in shares {
                *s *= share;
            }
        });
    }

    /// Calls `answer` with the k nearest of each row of `matrix`, in order.
    fn search(&self, matrix: &[f64], search: &mut Search, mut answer: impl FnMut(&[Near])) {
        let n_columns = self.n_columns;
        let n_queries = (MAX_NEAR / self.k).clamp(1, MAX_QUERIES);
        let n_tiles = self.targets.len().div_ceil(LANES);
        let tiles_together = (BLOCK_BYTES / (4 * LANES * n_columns)).max(1);
        for rows in matrix.chunks(n_queries * n_columns) {
            let Search { near, queries, cells } = &mut *search;
            cells.clear();
            queries.clear();
            queries.extend(rows.chunks_exact(n_columns).map(|row| self.prefilter.query(row, cells)));
            near.clear();
            near.resize(queries.len() * self.k, FAR);
            for first in (0..n_tiles).step_by(tiles_together) {
                let tiles = first..n_tiles.min(first + tiles_together);
                let rows = rows.chunks_exact(n_columns).zip(cells.chunks_exact(n_columns));
                for ((query, (row, cells)), near) in queries.iter().zip(rows).zip(near.chunks_exact_mut(self.k)) {
                    widest(
                        #[inline(always)]
                        || self.offer(tiles.clone(), query, row, cells, near),
                    );
                }
            }
            near.chunks_exact(self.k).for_each(&mut answer);
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
                if *sum < limit && at < self.targets.len() && self.take(at, row, near) {
                    limit = self.prefilter.limit(query, near[0].distance);
                }
            }
        }
    }

    /// Puts a training row into the heap if it is nearer than the farthest there.
    fn take(&self, at: usize, query: &[f64], near: &mut [Near]) -> bool {
        let mut square = 0.0;
        for (x, cell) in query.iter().zip(&self.rows[at * self.n_columns..][..self.n_columns]) {
            let difference = x - cell;
            square += difference * difference;
        }
        let distance = square.sqrt();
        if distance.partial_cmp(&near[0].distance) != Some(Ordering::Less) {
            return false;
        }
        near[0] = Near { distance, row: u32::try_from(at).expect("the decoder checked the number of rows") };
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
