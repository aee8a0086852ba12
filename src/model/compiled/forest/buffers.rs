//! What the forest kernels of one worker work on, reused from call to call.

use super::cursors::Cursor;

/// Buffers of one worker.
#[derive(Debug, Default)]
pub(in crate::model::compiled) struct Buffers {
    /// Row masks by slot.
    pub(super) slots: Vec<u64>,
    /// Row masks by boundary between leaves.
    pub(super) sets: Vec<u64>,
    /// Row masks by category.
    pub(super) members: Vec<u64>,
    /// Low and high bytes of each row's leaf.
    pub(super) codes: Vec<u8>,
    /// Leaf values, of rows or of trees.
    pub(super) leaves: Vec<f64>,
    pub(super) cursors: Vec<Cursor>,
    /// The node that each cursor arrived at.
    pub(super) arrived: Vec<u32>,
    /// By slot, whether a row fails its test.
    pub(super) outcomes: Vec<bool>,
    /// The columns that kernels compare, where they are not the features' own.
    pub(super) shown: Vec<f64>,
}

impl Buffers {
    /// `n` cursors, and as many places for the nodes and values they arrive at.
    pub(super) fn cursors(&mut self, n: usize) -> (&mut [Cursor], &mut [u32], &mut [f64]) {
        if self.cursors.len() < n {
            self.cursors.resize(n, Cursor::default());
            self.arrived.resize(n, 0);
        }
        self.leaves.resize(self.leaves.len().max(n), 0.0);
        (&mut self.cursors[..n], &mut self.arrived[..n], &mut self.leaves[..n])
    }
}

/// `n` masks from a buffer, none of 64 bytes across a cache line's border.
pub(super) fn lines<const W: usize>(buffer: &mut Vec<u64>, n: usize) -> &mut [[u64; W]] {
    buffer.resize(buffer.len().max(n * W + 7), 0);
    let from = buffer.as_ptr().align_offset(64).min(7);
    buffer[from..from + n * W].as_chunks_mut().0
}
