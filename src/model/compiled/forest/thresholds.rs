//! The distinct thresholds of each column, and the rank of a cell among them.
//!
//! Comparing ranks is as exact as comparing the numbers: with `rank(x)` the count of thresholds that `x` does not lie
//! at or below, `x <= t` exactly when `rank(x) <= position(t)`. So a cell is searched once and then serves every node.
//! A *slot* stands for one threshold of one column; each column has one slot more, at its end, for the cells beyond all
//! of its thresholds.

use super::super::trees::Tree;

/// Columns searched together for one row: a search step waits some 13 cycles for its load and comparison, and the
/// positions of eight just fit the registers.
pub(super) const COLUMNS_TOGETHER: usize = 8;

/// Sorted distinct thresholds, column after column.
#[derive(Debug, Clone)]
pub(super) struct Thresholds {
    /// Each column's thresholds in ascending order, filled up with infinities to `2^steps − 1`.
    search: Vec<f64>,
    /// The columns that are split on; the longest first, so that those searched together are of a length.
    columns: Vec<Column>,
    n_slots: usize,
}

/// Where one column's thresholds are.
#[derive(Debug, Clone, Copy)]
pub(super) struct Column {
    pub(super) feature: u16,
    /// Distinct thresholds.
    pub(super) len: usize,
    /// Its first slot; it has `len + 1`.
    pub(super) slot: usize,
    /// Where its thresholds begin in `search`.
    search: usize,
    /// Halvings that a search takes, the same for all columns searched together.
    steps: u32,
}

impl Thresholds {
    /// Collects the thresholds of all splits, and the slot of each split: tree after tree, in node order. `None` when
    /// there are too many to count in 16 bits, the end included.
    pub(super) fn collect(trees: &[Tree], n_columns: usize) -> Option<(Self, Vec<u16>)> {
        let mut n_splits = 0_u32;
        let mut by_column = vec![Vec::new(); n_columns];
        for node in trees.iter().flatten().filter(|node| node.children.is_some()) {
            by_column[usize::from(node.feature)].push((node.threshold, n_splits));
            n_splits += 1;
        }
        let mut new = Self { search: Vec::new(), columns: Vec::new(), n_slots: 0 };
        for (feature, splits) in (0..).zip(&mut by_column).filter(|(_, splits)| !splits.is_empty()) {
            splits.sort_unstable_by(|a, b| a.0.total_cmp(&b.0));
            // By `==`, so that −0 and 0 are one.
            let len = splits.chunk_by(|a, b| a.0 == b.0).count();
            new.columns.push(Column { feature, len, slot: 0, search: 0, steps: 0 });
        }
        let n_slots: usize = new.columns.iter().map(|column| column.len + 1).sum();
        u16::try_from(n_slots).ok()?;
        new.columns.sort_by_key(|column| std::cmp::Reverse(column.len));
        let mut slots = vec![0; n_splits as usize];
        for columns in new.columns.chunks_mut(COLUMNS_TOGETHER) {
            let steps = columns.first().map_or(0, |longest| usize::BITS - longest.len.leading_zeros());
            for column in columns {
                (column.slot, column.search, column.steps) = (new.n_slots, new.search.len(), steps);
                new.n_slots += column.len + 1;
                let equals = by_column[usize::from(column.feature)].chunk_by(|a, b| a.0 == b.0);
                for (slot, equal) in (column.slot as u16..).zip(equals) {
                    new.search.push(equal[0].0);
                    equal.iter().for_each(|(_, split)| slots[*split as usize] = slot);
                }
                new.search.resize(column.search + (1 << steps) - 1, f64::INFINITY);
            }
        }
        Some((new, slots))
    }

    pub(super) fn columns(&self) -> &[Column] {
        &self.columns
    }

    /// A slot of no column.
    pub(super) fn never(&self) -> u16 {
        self.n_slots as u16
    }

    /// Slots of all columns.
    pub(super) fn n_slots(&self) -> usize {
        self.n_slots
    }

    pub(super) fn resident_bytes(&self) -> usize {
        self.search.len() * 8 + self.columns.len() * size_of::<Column>()
    }

    /// The ranks of cells of one column.
    #[inline(always)]
    pub(super) fn ranks_in_column<const N: usize>(&self, column: &Column, cells: [f64; N]) -> [usize; N] {
        let ranks = self.search([column.search; N], cells, column.steps);
        ranks.map(|rank| rank.min(column.len))
    }

    /// The ranks of a row's cells in up to [`COLUMNS_TOGETHER`] columns.
    #[inline(always)]
    pub(super) fn ranks_in_row(&self, columns: &[Column], row: &[f64]) -> [usize; COLUMNS_TOGETHER] {
        let mut from = [0; COLUMNS_TOGETHER];
        let mut cells = [f64::NEG_INFINITY; COLUMNS_TOGETHER];
        for ((from, cell), column) in from.iter_mut().zip(&mut cells).zip(columns) {
            (*from, *cell) = (column.search, row[usize::from(column.feature)]);
        }
        let mut ranks = self.search(from, cells, columns.first().map_or(0, |column| column.steps));
        for (rank, column) in ranks.iter_mut().zip(columns) {
            *rank = (*rank).min(column.len);
        }
        ranks
    }

    /// Searches all cells together, by halving, without a branch that depends on a cell.
    #[inline(always)]
    fn search<const N: usize>(&self, from: [usize; N], cells: [f64; N], steps: u32) -> [usize; N] {
        let mut at = from;
        for step in (0..steps).rev() {
            let last = (1 << step) - 1;
            for (at, cell) in at.iter_mut().zip(&cells) {
                // Not `cell > threshold`: a NaN lies at or below nothing.
                let beyond = !(*cell <= self.search[*at + last]);
                *at += usize::from(beyond) << step;
            }
        }
        std::array::from_fn(|i| at[i] - from[i])
    }
}
