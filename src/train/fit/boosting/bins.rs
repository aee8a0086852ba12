//! Columns cut into bins, in f64: the thresholds of numbers, the commonest categories.
//!
//! Boosting sees a byte a cell, the number of its bin, whatever a column's unit or offset is: seconds since 1970,
//! identifiers of 64 bits. A split between two bins becomes the f64 in the middle of the two values beside it.

use super::cells::CellView;
use super::columns::BoostedColumns;
use crate::train::random::SplitMix64;

/// The largest number of bins of a column, without that of missing cells. Only categories may have more.
pub const MAX_BINS: usize = 255;
/// The same of a column of categories, whose bins have two bytes where they are more than [`MAX_BINS`].
const MAX_WIDE_BINS: usize = u16::MAX as usize;
/// Cuts are taken from at most this many rows, drawn evenly over the table: sorting a million rows takes twice as long
/// as the fit.
const MAX_SAMPLED: usize = 200_000;
/// The random stream of that sample.
const STREAM: u64 = 4;

/// What separates a column's bins.
#[derive(Debug, Clone)]
pub(super) enum Cuts {
    /// Ascending: bin b has the values above threshold b − 1 and up to threshold b.
    Thresholds(Vec<f64>),
    /// The bin of each category, by its position: the commonest have one each, all others share the last.
    Categories(Vec<u16>),
}

/// How one column is cut.
#[derive(Debug, Clone)]
pub(super) struct ColumnBins {
    pub(super) cuts: Cuts,
    /// Bins, that of missing cells apart; at least 1.
    pub(super) n_bins: usize,
    /// The bins of a column that has more than a byte tells apart, shape `[n_rows]`; else empty.
    pub(super) wide: Vec<u16>,
}

/// Rows as boosting sees them: four columns a block, so that one look-up gives four bins.
#[derive(Debug)]
pub(crate) struct BinnedRows {
    pub(super) columns: Vec<ColumnBins>,
    /// Each block has a row's bins of its columns; columns beyond the last, and those of wide bins, have 0.
    pub(super) blocks: Vec<Vec<[u8; BLOCK]>>,
    /// The same bins row by row, `[n_rows, n_blocks]`; empty where all blocks are in the caches.
    by_row: Vec<[u8; BLOCK]>,
    /// Where each column's bins begin in a histogram, padding columns included, and where the last end.
    starts: Vec<usize>,
    pub(super) n_rows: usize,
}

/// Columns of a block.
pub(super) const BLOCK: usize = 4;

/// Rows times blocks of 4 bytes below which the blocks alone are kept: 4 MiB are in the caches.
const CACHED: usize = 1 << 20;
/// A node is sparse when it has fewer than one of this many rows: then nearly each of its rows is in a line of memory
/// of its own, in each block.
const SPARSE: usize = 16;

impl BinnedRows {
    /// Cuts the columns of some rows and bins them.
    pub(crate) fn of(made: &BoostedColumns, cells: &CellView<'_>, seed: u64) -> Self {
        let n_rows = cells.n_rows();
        let sample = sample(n_rows, seed);
        let columns: Vec<ColumnBins> = (0..made.len())
            .map(|column| {
                let of_all = || cells.rows().map(|row| made.cell(column, row));
                let of_sample =
                    |sample: &Vec<usize>| thresholds(sample.iter().map(|at| made.cell(column, cells.row(*at))));
                let cuts = match (made.n_categories[column], &sample) {
                    (0, None) => Cuts::Thresholds(thresholds(of_all())),
                    (0, Some(sample)) => Cuts::Thresholds(of_sample(sample)),
                    (n_categories, _) => Cuts::Categories(categories(n_categories, of_all())),
                };
                ColumnBins::of(cuts, of_all())
            })
            .collect();
        let block = |columns: &[ColumnBins], first: usize| {
            let of_row = |row: &[f64]| {
                let mut bins = [0; BLOCK];
                bins.iter_mut()
                    .zip(columns.iter().zip(first..))
                    .for_each(|(bin, (column, number))| *bin = column.narrow_bin(made.cell(number, row)));
                bins
            };
            cells.rows().map(of_row).collect()
        };
        let blocks: Vec<Vec<[u8; BLOCK]>> =
            columns.chunks(BLOCK).zip((0..).step_by(BLOCK)).map(|(c, first)| block(c, first)).collect();
        let by_row = if n_rows * blocks.len() < CACHED { Vec::new() } else { interleave(&blocks) };
        let mut starts = vec![0];
        for column in 0..columns.len().next_multiple_of(BLOCK) {
            let n_slots = columns.get(column).map_or(1, ColumnBins::n_slots);
            starts.push(starts[column] + n_slots);
        }
        Self { columns, blocks, by_row, starts, n_rows }
    }

    /// Where a column's slots begin in a histogram: a byte of its block is added to.
    pub(super) fn start(&self, column: usize) -> usize {
        self.starts[column]
    }

    /// The slots of a column's bins in a histogram, the last that of missing cells. One of wide bins has another before
    /// them, to which the bytes of its block go.
    pub(super) fn slots(&self, column: usize) -> std::ops::Range<usize> {
        let end = self.starts[column + 1];
        self.columns.get(column).map_or(end, |bins| end - bins.n_bins - 1)..end
    }

    /// Bins of a histogram, those of missing cells included.
    pub(super) fn n_slots(&self) -> usize {
        self.starts[self.starts.len() - 1]
    }

    /// The bins row by row, where those of `n` rows are read faster so than block after block.
    pub(super) fn by_row(&self, n: usize) -> Option<RowBins<'_>> {
        let n_blocks = self.blocks.len();
        let is_faster = n_blocks > 1 && !self.by_row.is_empty() && n * SPARSE < self.n_rows;
        is_faster.then_some(RowBins { bins: &self.by_row, n_blocks })
    }

    /// The bin of a cell.
    pub(super) fn bin(&self, row: usize, column: usize) -> u16 {
        match self.columns[column].wide.get(row) {
            Some(bin) => *bin,
            None => u16::from(self.blocks[column / BLOCK][row][column % BLOCK]),
        }
    }

    /// True when no column has two values.
    pub(crate) fn are_constant(&self) -> bool {
        (0..self.columns.len()).all(|column| {
            let first = self.bin(0, column);
            (1..self.n_rows).all(|row| self.bin(row, column) == first)
        })
    }
}

/// Bins row by row.
#[derive(Debug, Clone, Copy)]
pub(super) struct RowBins<'a> {
    bins: &'a [[u8; BLOCK]],
    n_blocks: usize,
}

impl<'a> RowBins<'a> {
    /// The bins of a row, block by block.
    pub(super) fn of(self, row: u32) -> &'a [[u8; BLOCK]] {
        &self.bins[row as usize * self.n_blocks..][..self.n_blocks]
    }
}

/// The bins of blocks, row by row.
fn interleave(blocks: &[Vec<[u8; BLOCK]>]) -> Vec<[u8; BLOCK]> {
    let n_rows = blocks.first().map_or(0, Vec::len);
    (0..n_rows).flat_map(|row| blocks.iter().map(move |block| block[row])).collect()
}

impl Cuts {
    fn n_bins(&self) -> usize {
        match self {
            Self::Thresholds(thresholds) => thresholds.len() + 1,
            Self::Categories(bins) => bins.iter().max().map_or(1, |last| usize::from(*last) + 1),
        }
    }
}

impl ColumnBins {
    fn of(cuts: Cuts, cells: impl Iterator<Item = f64>) -> Self {
        let mut bins = Self { n_bins: cuts.n_bins(), cuts, wide: Vec::new() };
        if bins.is_wide() {
            bins.wide = cells.map(|cell| bins.bin(cell)).collect();
        }
        bins
    }

    /// True where a byte cannot tell the bins and that of missing cells apart.
    pub(super) fn is_wide(&self) -> bool {
        self.n_bins > MAX_BINS
    }

    /// Slots of a histogram.
    fn n_slots(&self) -> usize {
        self.n_bins + 1 + usize::from(self.is_wide())
    }

    /// The bin of missing cells, after the others.
    #[expect(clippy::cast_possible_truncation, reason = "at most 65,535")]
    pub(super) fn missing(&self) -> u16 {
        self.n_bins as u16
    }

    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "at most 255; a category's position")]
    fn bin(&self, cell: f64) -> u16 {
        match &self.cuts {
            _ if cell.is_nan() => self.missing(),
            Cuts::Thresholds(thresholds) => thresholds.partition_point(|t| *t < cell) as u16,
            Cuts::Categories(bins) => bins.get(cell as usize).copied().unwrap_or_else(|| self.missing()),
        }
    }

    /// The byte of a cell in its block.
    #[expect(clippy::cast_possible_truncation, reason = "at most 255 where the column is not wide")]
    fn narrow_bin(&self, cell: f64) -> u8 {
        if self.is_wide() { 0 } else { self.bin(cell) as u8 }
    }
}

/// Row numbers, one from each of this many equal spans; `None` if all rows are taken.
#[expect(clippy::cast_possible_truncation, reason = "below a row count")]
fn sample(n_rows: usize, seed: u64) -> Option<Vec<usize>> {
    if n_rows <= MAX_SAMPLED {
        return None;
    }
    let mut random = SplitMix64::new(seed, STREAM);
    let start = |i: usize| i * n_rows / MAX_SAMPLED;
    Some((0..MAX_SAMPLED).map(|i| start(i) + random.below((start(i + 1) - start(i)) as u64) as usize).collect())
}

/// The bin of each category: by its rows, the commonest first; ties: the first in byte order.
#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a category's position; below 65,535")]
fn categories(n_categories: usize, cells: impl Iterator<Item = f64>) -> Vec<u16> {
    let mut counts = vec![0_usize; n_categories];
    for cell in cells.filter(|cell| !cell.is_nan()) {
        counts[cell as usize] += 1;
    }
    let mut order: Vec<usize> = (0..n_categories).collect();
    order.sort_by_key(|category| std::cmp::Reverse(counts[*category]));
    let mut bins = vec![0; n_categories];
    for (rank, category) in order.into_iter().enumerate() {
        bins[category] = rank.min(MAX_WIDE_BINS - 1) as u16;
    }
    bins
}

/// The thresholds between the bins of some values, with about equal numbers of rows and no value in two bins. In a
/// column with no more distinct values than bins, each value has its own bin.
pub fn thresholds(values: impl Iterator<Item = f64>) -> Vec<f64> {
    let mut sorted: Vec<f64> = values.filter(|value| !value.is_nan()).collect();
    sorted.sort_unstable_by(f64::total_cmp);
    let mut distinct: Vec<(f64, usize)> = Vec::new();
    for value in &sorted {
        match distinct.last_mut() {
            Some((last, n)) if *last == *value => *n += 1,
            _ => distinct.push((*value, 1)),
        }
    }
    let between = |pair: &[(f64, usize)]| middle(pair[0].0, pair[1].0);
    if distinct.len() <= MAX_BINS {
        return distinct.windows(2).map(between).collect();
    }
    let (mut rows_left, mut bins_left, mut in_bin) = (sorted.len(), MAX_BINS, 0);
    let mut cuts = Vec::with_capacity(MAX_BINS - 1);
    for pair in distinct.windows(2) {
        in_bin += pair[0].1;
        // The bin has its share of what is left, or the next value alone has.
        let is_full = in_bin * bins_left >= rows_left || pair[1].1 * bins_left >= rows_left;
        if is_full && bins_left > 1 {
            cuts.push(between(pair));
            (rows_left, bins_left, in_bin) = (rows_left - in_bin, bins_left - 1, 0);
        }
    }
    cuts
}

/// A number from `low` on and below `high`, in the middle where f64 has one.
fn middle(low: f64, high: f64) -> f64 {
    let middle = low + (high - low) / 2.0;
    if middle < high { middle } else { low }
}
