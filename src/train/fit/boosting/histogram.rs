//! Sums of gradients by bin: what splits are searched in.

use std::num::NonZeroUsize;

use super::bins::{BLOCK, BinnedRows};

/// Sums over rows: gradients, hessians and, where hessians are not 1, the number of rows; `K` is 2 or 3.
pub(super) type Bin<const K: usize> = [f64; K];

/// Histograms of all columns of a node, one after another: each column's bins, then that of its missing cells.
#[derive(Debug, Clone)]
pub(super) struct Histogram<const K: usize>(Vec<Bin<K>>);

/// A gradient and a hessian a row.
pub(super) type Gradients = [[f32; 2]];

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
        &self.0[data.start(column)..data.start(column + 1)]
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
        if threads.get() == 1 || rows.len() * n_blocks < PARALLEL {
            for block in &mut blocks {
                block.add(rows, ordered);
            }
        } else {
            std::thread::scope(|scope| {
                for share in blocks.chunks_mut(n_blocks.div_ceil(threads.get())) {
                    scope.spawn(move || share.iter_mut().for_each(|block| block.add(rows, ordered)));
                }
            });
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

impl<const K: usize> BlockSums<'_, K> {
    fn add(&mut self, rows: &[u32], ordered: &Gradients) {
        for (row, [gradient, hessian]) in rows.iter().zip(ordered) {
            let (gradient, hessian) = (f64::from(*gradient), f64::from(*hessian));
            for (start, bin) in self.starts.iter().zip(self.block[*row as usize]) {
                let bin = &mut self.sums[start + usize::from(bin)];
                bin[0] += gradient;
                bin[1] += hessian;
                if K == 3 {
                    bin[2] += 1.0;
                }
            }
        }
    }
}
