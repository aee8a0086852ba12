//! The distinct thresholds of each column, and the rank of a cell among them.
//!
//! Comparing ranks is as exact as comparing the numbers: with `rank(x)` the count of thresholds that `x` does not lie
//! at or below, `x <= t` exactly when `rank(x) <= position(t)`. So a cell is searched once and then serves every node.
//! A *slot* stands for one threshold of one column; each column has one slot more, at its end, for the cells beyond all
//! of its thresholds. After these come the slots of category sets, one for each column and set.

use std::collections::BTreeMap;

use super::categories::CategoryColumn;
use super::grid::Grid;
use super::views::Source;
use crate::model::ir::{Node, Test, Width};

/// Columns searched together for one row: a step of a search waits some 13 cycles for its load and comparison, and the
/// positions of eight just fit the registers.
pub(super) const COLUMNS_TOGETHER: usize = 8;

/// Sorted distinct thresholds, column after column.
#[derive(Debug, Clone)]
pub(super) struct Thresholds {
    /// Each column's thresholds in ascending order, filled up with infinities to `2^steps − 1`.
    search: Vec<f64>,
    /// The intervals of the columns' grids, column after column.
    intervals: Vec<u16>,
    /// The columns that are split on; the longest first, so that those searched together are of a length.
    pub(super) columns: Vec<RankedColumn>,
    /// Columns that splits ask for sets of categories.
    pub(super) categories: Vec<CategoryColumn>,
    /// To what a cell is rounded before its category is looked up.
    pub(super) input: Width,
    /// Slots of all columns and sets.
    pub(super) n_slots: u16,
}

/// Where one column's thresholds are.
#[derive(Debug, Clone, Copy)]
pub(super) struct RankedColumn {
    pub(super) feature: u16,
    /// Its first slot; it has `len + 1`.
    pub(super) slot: u16,
    /// Distinct thresholds.
    len: u16,
    /// Halvings that a search takes, the same for all columns searched together.
    steps: u16,
    /// Where its thresholds begin in `search`.
    search: usize,
    /// For searches of blocks, where it pays.
    grid: Option<Grid>,
}

impl RankedColumn {
    /// Its slots.
    pub(super) fn slots(&self) -> std::ops::RangeInclusive<usize> {
        usize::from(self.slot)..=usize::from(self.slot + self.len)
    }
}

/// A split's threshold, and its place among all splits: tree after tree, in node order.
type Threshold = (f64, u32);

/// By `==`, so that −0 and 0 are one.
fn equal(a: &Threshold, b: &Threshold) -> bool {
    a.0.total_cmp(&b.0).is_eq() || (a.0 == 0.0 && b.0 == 0.0)
}

impl Thresholds {
    /// Collects what all splits ask, and the slot of each split: tree after tree, in node order. `None` when 16 bits
    /// are too few to count the slots.
    pub(super) fn collect(source: &Source<'_>) -> Option<(Self, Vec<u16>)> {
        let mut n_splits = 0_u32;
        let mut by_feature: Vec<Vec<Threshold>> = vec![Vec::new(); source.n_columns()];
        let mut by_set: BTreeMap<(u16, u32), Vec<u32>> = BTreeMap::new();
        for node in source.trees.trees.iter().flat_map(|tree| &tree.nodes) {
            let Node::Split(split) = node else { continue };
            let column = source.column(split);
            match split.test {
                Test::AtMost(bound) => by_feature[usize::from(column)].push((bound, n_splits)),
                Test::In(set) => by_set.entry((column, set)).or_default().push(n_splits),
            }
            n_splits += 1;
        }
        let mut columns = Vec::new();
        let mut n_slots = 0_u16;
        for (feature, splits) in by_feature.iter_mut().enumerate().filter(|(_, splits)| !splits.is_empty()) {
            let feature = u16::try_from(feature).ok()?;
            splits.sort_unstable_by(|a, b| a.0.total_cmp(&b.0));
            let len = u16::try_from(splits.chunk_by(equal).count()).ok()?;
            n_slots = n_slots.checked_add(len)?.checked_add(1)?;
            columns.push(RankedColumn { feature, slot: 0, len, steps: 0, search: 0, grid: None });
        }
        columns.sort_by_key(|column| std::cmp::Reverse(column.len));
        let first = n_slots;
        n_slots = n_slots.checked_add(u16::try_from(by_set.len()).ok()?)?;
        let input = source.trees.input;
        let mut new =
            Self { search: Vec::new(), intervals: Vec::new(), columns, categories: Vec::new(), input, n_slots };
        let mut slots = vec![0; n_splits as usize];
        new.lay_out(&by_feature, &mut slots);
        new.lay_out_sets(source, &by_set, first, &mut slots);
        Some((new, slots))
    }

    /// Gives each column and set the slots from `first` on.
    fn lay_out_sets(
        &mut self,
        source: &Source<'_>,
        by_set: &BTreeMap<(u16, u32), Vec<u32>>,
        first: u16,
        slots: &mut [u16],
    ) {
        let sets: Vec<_> = (first..).zip(by_set).collect();
        for (slot, (_, splits)) in &sets {
            for split in *splits {
                slots[*split as usize] = *slot;
            }
        }
        for of_column in sets.chunk_by(|a, b| a.1.0.0 == b.1.0.0) {
            let with_slots: Vec<_> =
                of_column.iter().map(|(slot, ((_, set), _))| (*slot, &source.trees.sets[*set as usize])).collect();
            self.categories.push(CategoryColumn::new(of_column[0].1.0.0, &with_slots));
        }
    }

    /// Gives each column its slots and its place in `search`.
    fn lay_out(&mut self, by_feature: &[Vec<Threshold>], slots: &mut [u16]) {
        let mut slot = 0;
        for columns in self.columns.chunks_mut(COLUMNS_TOGETHER) {
            let steps = columns.first().map_or(0, |longest| 16 - longest.len.leading_zeros());
            for column in columns {
                (column.slot, column.search) = (slot, self.search.len());
                column.steps = u16::try_from(steps).unwrap_or_default();
                for splits in by_feature[usize::from(column.feature)].chunk_by(equal) {
                    self.search.push(splits[0].0);
                    for (_, split) in splits {
                        slots[*split as usize] = slot;
                    }
                    slot += 1;
                }
                slot += 1;
                column.grid = Grid::new(&self.search[column.search..], column.steps, &mut self.intervals);
                let reach = column.grid.map_or(0, |grid| usize::from(column.len) + grid.reach());
                self.search.resize(column.search + reach.max((1 << steps) - 1), f64::INFINITY);
            }
        }
    }

    pub(super) fn resident_bytes(&self) -> usize {
        let of_sets: usize = self.categories.iter().map(CategoryColumn::resident_bytes).sum();
        self.search.len() * 8 + self.intervals.len() * 2 + self.columns.len() * size_of::<RankedColumn>() + of_sets
    }

    /// The ranks of `N` cells of one column.
    #[inline]
    pub(super) fn ranks_in_column<const N: usize>(&self, column: &RankedColumn, cells: &[f64; N]) -> [u16; N] {
        let from = [column.search; N];
        let Some(grid) = &column.grid else {
            return self.search(from, &from, cells, column.steps).map(|rank| rank.min(column.len));
        };
        let after = cells.map(|cell| column.search + grid.before(cell, &self.intervals));
        let ranks = self.search(after, &from, cells, grid.steps);
        // A NaN is beyond all thresholds.
        std::array::from_fn(|i| if cells[i].is_nan() { column.len } else { ranks[i].min(column.len) })
    }

    /// The ranks of a row's cells in up to [`COLUMNS_TOGETHER`] columns.
    #[inline]
    pub(super) fn ranks_in_row(&self, columns: &[RankedColumn], row: &[f64]) -> [u16; COLUMNS_TOGETHER] {
        let mut from = [0; COLUMNS_TOGETHER];
        let mut cells = [f64::NEG_INFINITY; COLUMNS_TOGETHER];
        for ((from, cell), column) in from.iter_mut().zip(&mut cells).zip(columns) {
            (*from, *cell) = (column.search, row[usize::from(column.feature)]);
        }
        let mut ranks = self.search(from, &from, &cells, columns.first().map_or(0, |column| column.steps));
        for (rank, column) in ranks.iter_mut().zip(columns) {
            *rank = (*rank).min(column.len);
        }
        ranks
    }

    /// Searches all cells together, each from its place `at` on, by halving, without a branch that depends on a cell. Gives
    /// where each arrived, counted from `from`.
    #[inline]
    fn search<const N: usize>(&self, mut at: [usize; N], from: &[usize; N], cells: &[f64; N], steps: u16) -> [u16; N] {
        for step in (0..steps).rev() {
            let last = (1 << step) - 1;
            for (at, cell) in at.iter_mut().zip(cells) {
                *at += usize::from(beyond(*cell, self.search[*at + last])) << step;
            }
        }
        std::array::from_fn(|i| u16::try_from(at[i] - from[i]).unwrap_or(u16::MAX))
    }
}

/// True where `cell <= threshold` does not hold. Not `cell > threshold`: a NaN lies at or below nothing.
#[inline]
#[expect(clippy::neg_cmp_op_on_partial_ord, reason = "NaN")]
pub(super) fn beyond(cell: f64, threshold: f64) -> bool {
    !(cell <= threshold)
}
