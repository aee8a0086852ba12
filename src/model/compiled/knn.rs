//! Nearest neighbours by an exact search, bit-identical to smartcore's kNN with linear search.
//!
//! Stands apart because its model is the training matrix itself, kept once and in tiles. smartcore visits the training
//! rows in order and keeps the k nearest in a heap whose final layout decides the order of summation and which of
//! equally distant rows stay; so the rows are visited in that order here too. A tile whose partial sums of squares have
//! all reached the k-th nearest distance is left early: squares only add up (rounding is monotonic), so no row of it
//! could be taken any more. That is exact, not approximate.

use super::tiles::{LANES, Tiles};
use super::trees::classes;
use super::wire::{Fault, Wire};

/// Columns summed between two looks at whether a tile can be left.
const COLUMNS_TOGETHER: usize = 4;

/// Bytes of training rows that a block of queries passes over while they are in the first-level cache.
const BLOCK_BYTES: usize = 24 << 10;

/// Queries of a block at most.
const MAX_QUERIES: usize = 64;

/// Kept neighbours of a block at most (1 MiB and a half), unless one query has more.
const MAX_NEAR: usize = 1 << 16;

/// A place among the k nearest.
#[derive(Debug, Clone, Copy)]
pub(super) struct Near {
    /// √`square`, which is what smartcore compares: two sums of squares may have one root.
    distance: f64,
    square: f64,
    /// The training row; `NOBODY` while there is none.
    row: u32,
}

const NOBODY: u32 = u32::MAX;
const FAR: Near = Near { distance: f64::INFINITY, square: f64::INFINITY, row: NOBODY };

/// The training rows with their targets.
#[derive(Debug, Clone)]
pub(super) struct Neighbors {
    rows: Tiles,
    /// A row's value, or the position of its class.
    targets: Vec<f64>,
    k: usize,
}

impl Neighbors {
    /// smartcore's `KNNRegressor`.
    pub(super) fn decode_regressor(wire: &mut Wire<'_>, n_columns: usize) -> Result<Self, Fault> {
        wire.some("the list of targets")?;
        let targets = wire.finites("target")?;
        Self::decode(wire, n_columns, targets)
    }

    /// smartcore's `KNNClassifier`.
    pub(super) fn decode_classifier(wire: &mut Wire<'_>, n_columns: usize, n_classes: usize) -> Result<Self, Fault> {
        wire.some("the classes")?;
        classes(wire, n_classes)?;
        wire.some("the list of targets")?;
        let n = wire.length(1, "targets")?;
        let mut targets = Vec::with_capacity(n);
        for _ in 0..n {
            let class = wire.u32()?;
            if class as usize >= n_classes {
                return wire.fault(format_args!("a row has class {class} of {n_classes}"));
            }
            targets.push(f64::from(class));
        }
        Self::decode(wire, n_columns, targets)
    }

    /// What both have after their targets: the search, the weighting, k.
    fn decode(wire: &mut Wire<'_>, n_columns: usize, targets: Vec<f64>) -> Result<Self, Fault> {
        wire.some("the search")?;
        if wire.u32()? != 0 {
            return wire.fault("it does not search linearly");
        }
        let n = wire.length(8 * n_columns + 1, "rows")?;
        if n != targets.len() || n >= NOBODY as usize {
            return wire.fault(format_args!("{n} rows have {} targets", targets.len()));
        }
        let mut rows = Tiles::new(n_columns);
        for row in 0..n {
            let cells = wire.u64()?;
            if cells != n_columns as u64 {
                return wire.fault(format_args!("row {row} has {cells} cells, expected {n_columns}"));
            }
            rows.read_row(wire, "cell of a row")?;
        }
        wire.some("the weighting")?;
        if wire.u32()? != 0 {
            return wire.fault("its neighbours do not all weigh the same");
        }
        wire.some("the number of neighbours")?;
        let k = wire.u64()?;
        match usize::try_from(k) {
            Ok(k) if (1..=n).contains(&k) => Ok(Self { rows, targets, k }),
            _ => wire.fault(format_args!("{k} neighbours of {n} rows")),
        }
    }

    pub(super) fn resident_bytes(&self) -> usize {
        self.rows.resident_bytes() + self.targets.len() * 8
    }

    /// The mean of the nearest rows' values, one a row of `matrix`, appended to `out`; NaN where every distance
    /// overflows (smartcore answers 0 there). `near` is a buffer.
    pub(super) fn means(&self, matrix: &[f64], near: &mut Vec<Near>, out: &mut Vec<f64>) {
        self.search(matrix, near, |near| {
            let found = near.iter().filter(|n| n.row != NOBODY);
            let share = 1.0 / f64::from(u32::try_from(found.clone().count()).expect("k is below 2^32"));
            let mean = |sum, n: &Near| sum + self.targets[n.row as usize] * share;
            out.push(if share.is_finite() { found.fold(0.0, mean) } else { f64::NAN });
        });
    }

    /// The shares of the classes among the nearest rows, row-major `[n_rows, n_classes]`, appended to `out`; all NaN
    /// where every distance overflows. `near` is a buffer.
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "targets are checked class positions")]
    pub(super) fn shares(&self, matrix: &[f64], n_classes: usize, near: &mut Vec<Near>, out: &mut Vec<f64>) {
        self.search(matrix, near, |near| {
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
    fn search(&self, matrix: &[f64], near: &mut Vec<Near>, mut answer: impl FnMut(&[Near])) {
        let n_columns = self.rows.n_columns();
        let n_queries = (MAX_NEAR / self.k).clamp(1, MAX_QUERIES);
        let tiles_together = (BLOCK_BYTES / (8 * LANES * n_columns)).max(1);
        for queries in matrix.chunks(n_queries * n_columns) {
            near.clear();
            near.resize(queries.len() / n_columns * self.k, FAR);
            let mut first = 0;
            let mut tiles = self.rows.iter();
            while tiles.len() > 0 {
                let block = tiles.clone().take(tiles_together);
                for (query, near) in queries.chunks_exact(n_columns).zip(near.chunks_exact_mut(self.k)) {
                    for (tile, cells) in block.clone().enumerate() {
                        self.offer(query, cells, first + tile * LANES, near);
                    }
                }
                first += tiles_together * LANES;
                tiles.nth(tiles_together - 1);
            }
            near.chunks_exact(self.k).for_each(&mut answer);
        }
    }

    /// Offers the rows of one tile, `first` being the number of its first, to a query's k nearest.
    #[inline]
    fn offer(&self, query: &[f64], tile: &[f64], first: usize, near: &mut [Near]) {
        let mut squares = [0.0; LANES];
        let bound = near[0].square;
        for (xs, columns) in query.chunks(COLUMNS_TOGETHER).zip(tile.chunks(COLUMNS_TOGETHER * LANES)) {
            for (x, cells) in xs.iter().zip(columns.as_chunks::<LANES>().0) {
                for (square, cell) in squares.iter_mut().zip(cells) {
                    let difference = x - cell;
                    *square += difference * difference;
                }
            }
            if squares.iter().all(|s| *s >= bound) {
                return;
            }
        }
        for (lane, square) in squares.into_iter().enumerate().take(self.rows.n_rows() - first) {
            // No root is below the k-th distance unless its square is.
            if square < near[0].square {
                let distance = square.sqrt();
                if distance < near[0].distance {
                    let row = u32::try_from(first + lane).expect("the decoder checked the number of rows");
                    near[0] = Near { distance, square, row };
                    sift_down(near);
                }
            }
        }
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
