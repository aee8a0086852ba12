//! Sums of gradients by bin: what splits are searched in.

use std::num::NonZeroUsize;

use super::bins::{BLOCK, BinnedRows};

/// Sums over rows: gradients, hessians and, where hessians are not 1, the number of rows; `K` is 2 or 3.
pub(super) type Bin<const K: usize> = [f64; K];

/// The bins of a block's columns.
type BlockBins<const K: usize> = [[Bin<K>; 256]; BLOCK];

/// Histograms of all columns of a node.
#[derive(Debug, Clone)]
pub(super) struct Histogram<const K: usize>(Vec<BlockBins<K>>);

/// A gradient and a hessian a row.
pub(super) type Gradients = [[f32; 2]];

/// Rows times blocks from which a histogram is built on several threads: starting them takes some 50 µs.
const PARALLEL: usize = 1 << 18;

impl<const K: usize> Histogram<K> {
    /// The bins of a column.
    pub(super) fn column(&self, column: usize) -> &[Bin<K>; 256] {
        &self.0[column / BLOCK][column % BLOCK]
    }

    /// The sums of rows, in their order; `ordered` has their gradients in that order. Each block is added by one
    /// thread, so that the sums are the same whatever their number.
    pub(super) fn of(data: &BinnedRows, rows: &[u32], ordered: &Gradients, threads: NonZeroUsize) -> Self {
        let n_blocks = data.blocks.len();
        let mut all: Vec<BlockBins<K>> = vec![[[[0.0; K]; 256]; BLOCK]; n_blocks];
        if threads.get() == 1 || rows.len() * n_blocks < PARALLEL {
            all.iter_mut().zip(&data.blocks).for_each(|(sums, block)| add(sums, block, rows, ordered));
            return Self(all);
        }
        let share = n_blocks.div_ceil(threads.get());
        std::thread::scope(|scope| {
            for (sums, blocks) in all.chunks_mut(share).zip(data.blocks.chunks(share)) {
                scope.spawn(move || sums.iter_mut().zip(blocks).for_each(|(s, block)| add(s, block, rows, ordered)));
            }
        });
        Self(all)
    }

    /// Subtracts another histogram: a node's minus one child's is the other child's.
    pub(super) fn subtract(&mut self, other: &Self) {
        let pairs = self.0.as_flattened_mut().as_flattened_mut().iter_mut();
        for (own, other) in pairs.zip(other.0.as_flattened().as_flattened()) {
            for (own, other) in own.iter_mut().zip(other) {
                *own -= other;
            }
        }
    }
}

fn add<const K: usize>(sums: &mut BlockBins<K>, block: &[[u8; BLOCK]], rows: &[u32], ordered: &Gradients) {
    for (row, [gradient, hessian]) in rows.iter().zip(ordered) {
        let (gradient, hessian) = (f64::from(*gradient), f64::from(*hessian));
        for (column, bin) in sums.iter_mut().zip(block[*row as usize]) {
            let bin = &mut column[usize::from(bin)];
            bin[0] += gradient;
            bin[1] += hessian;
            if K == 3 {
                bin[2] += 1.0;
            }
        }
    }
}
