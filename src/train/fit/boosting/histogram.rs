//! Sums of gradients by bin: what splits are searched in.

use std::num::NonZeroUsize;

use super::bins::{BLOCK, BinnedRows, RowBins};

/// Sums over rows: gradients, hessians and, where hessians are not 1, the number of rows; `K` is 2 or 3.
pub(super) type Bin<const K: usize> = [f64; K];

/// Histograms of all columns of a node, one after another: each column's bins, then that of its missing cells.
#[derive(Debug, Clone)]
pub(super) struct Histogram<const K: usize>(Vec<Bin<K>>);

/// A gradient and a hessian a row.
pub(super) type Gradients = [[f32; 2]];

/// Rows whose bins are copied block by block before they are added: with 5 blocks 10 KiB, in the first cache.
const CHUNK: usize = 512;

/// Rows times blocks from which a histogram is built on several threads: starting them takes some 50 µs.
const PARALLEL: usize = 1 << 18;

/// The sums of one block's columns, to be added up.
struct BlockSums<'a, const K: usize> {
    sums: &'a mut [Bin<K>],
    /// Where each column begins in `sums`.
    starts: [usize; BLOCK],
    block: &'a [[u8; BLOCK]],
}

impl<const K: usize> Histogram<K> {
    /// The bins of a column, the last that of missing cells.
    pub(super) fn column(&self, data: &BinnedRows, column: usize) -> &[Bin<K>] {
        &self.0[data.slots(column)]
    }

    /// The sums of rows, in their order; `ordered` has their gradients in that order. Each block is added by one
    /// thread, so that the sums are the same whatever their number.
    pub(super) fn of(data: &BinnedRows, rows: &[u32], ordered: &Gradients, threads: NonZeroUsize) -> Self {
        let n_blocks = data.blocks.len();
        let mut all = vec![[0.0; K]; data.n_slots()];
        let mut blocks = Vec::with_capacity(n_blocks);
        let mut rest = all.as_mut_slice();
        for (number, block) in data.blocks.iter().enumerate() {
            let first = data.start(number * BLOCK);
            let (sums, after) = rest.split_at_mut(data.start((number + 1) * BLOCK) - first);
            let starts = std::array::from_fn(|i| data.start(number * BLOCK + i) - first);
            blocks.push(BlockSums { sums, starts, block });
            rest = after;
        }
        let by_row = data.by_row(rows.len());
        let add = |first: usize, share: &mut [BlockSums<'_, K>]| match by_row {
            None => share.iter_mut().for_each(|block| block.add_rows(rows, ordered)),
            Some(by_row) => add_sparse(share, first, by_row, rows, ordered),
        };
        if threads.get() == 1 || rows.len() * n_blocks < PARALLEL {
            add(0, &mut blocks);
        } else {
            let n_each = n_blocks.div_ceil(threads.get());
            std::thread::scope(|scope| {
                for (share, first) in blocks.chunks_mut(n_each).zip((0..).step_by(n_each)) {
                    scope.spawn(move || add(first, share));
                }
            });
        }
        for (column, bins) in data.columns.iter().enumerate().filter(|(_, bins)| bins.is_wide()) {
            let sums = &mut all[data.slots(column)];
            for (row, gradients) in rows.iter().zip(ordered) {
                add_row(&mut sums[usize::from(bins.wide[*row as usize])], *gradients);
            }
        }
        Self(all)
    }

    /// Subtracts another histogram: a node's minus one child's is the other child's.
    pub(super) fn subtract(&mut self, other: &Self) {
        for (own, other) in self.0.as_flattened_mut().iter_mut().zip(other.0.as_flattened()) {
            *own -= other;
        }
    }
}

/// Adds rows to neighbouring blocks, of which `first` is the number of the first. The bins are copied before: a loop
/// that does nothing else has a dozen of its cache misses under way at a time.
fn add_sparse<const K: usize>(
    blocks: &mut [BlockSums<'_, K>],
    first: usize,
    by_row: RowBins<'_>,
    rows: &[u32],
    ordered: &Gradients,
) {
    let mut cells = vec![[0; BLOCK]; CHUNK * blocks.len()];
    for (rows, ordered) in rows.chunks(CHUNK).zip(ordered.chunks(CHUNK)) {
        for (i, row) in rows.iter().enumerate() {
            for (block, bins) in by_row.of(*row)[first..][..blocks.len()].iter().enumerate() {
                cells[block * CHUNK + i] = *bins;
            }
        }
        for (block, cells) in blocks.iter_mut().zip(cells.chunks(CHUNK)) {
            block.add(cells[..rows.len()].iter().copied(), ordered);
        }
    }
}

impl<const K: usize> BlockSums<'_, K> {
    fn add_rows(&mut self, rows: &[u32], ordered: &Gradients) {
        let block = self.block;
        self.add(rows.iter().map(|row| block[*row as usize]), ordered);
    }

    fn add(&mut self, cells: impl Iterator<Item = [u8; BLOCK]>, ordered: &Gradients) {
        for (cells, gradients) in cells.zip(ordered) {
            for (start, bin) in self.starts.iter().zip(cells) {
                add_row(&mut self.sums[start + usize::from(bin)], *gradients);
            }
        }
    }
}

/// Adds a row to a bin.
#[inline]
fn add_row<const K: usize>(bin: &mut Bin<K>, [gradient, hessian]: [f32; 2]) {
    bin[0] += f64::from(gradient);
    bin[1] += f64::from(hessian);
    if K == 3 {
        bin[2] += 1.0;
    }
}
