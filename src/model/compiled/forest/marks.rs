//! Which rows of a block pass each test of a forest: a bit a row.

use super::buffers::lines;
use super::thresholds::Thresholds;
use super::views::Rows;

/// Makes the masks of the thresholds' slots: the rows whose rank is at most the slot's.
pub(super) fn mark<const W: usize>(thresholds: &Thresholds, rows: Rows<'_>, slots: &mut [[u64; W]]) {
    /// Divides 64, so that rows beyond the last still have a bit.
    const TOGETHER: usize = 8;
    slots.fill([0; W]);
    for column in &thresholds.columns {
        let slots = &mut slots[column.slots()];
        let (at, missing) = rows.column(column.feature);
        for (i, some) in rows.matrix.chunks(TOGETHER * rows.n_columns).enumerate() {
            let mut cells = [0.0; TOGETHER];
            for (cell, row) in cells.iter_mut().zip(some.chunks_exact(rows.n_columns)) {
                *cell = missing.seen(row[at]);
            }
            for (j, rank) in thresholds.ranks_in_column(column, &cells).into_iter().enumerate() {
                let (word, bit) = mask_bit::<W>(i * TOGETHER + j);
                slots[usize::from(rank)][word] |= 1 << bit;
            }
        }
        let mut below = [0; W];
        for slot in slots {
            below = std::array::from_fn(|w| below[w] | slot[w]);
            *slot = below;
        }
    }
}

/// Makes the masks of the category sets' slots.
pub(super) fn mark_sets<const W: usize>(
    thresholds: &Thresholds,
    rows: Rows<'_>,
    buffer: &mut Vec<u64>,
    slots: &mut [[u64; W]],
) {
    for column in &thresholds.categories {
        let (at, missing) = rows.column(column.column);
        let cells = rows.matrix.iter().skip(at).step_by(rows.n_columns).map(|cell| missing.seen(*cell));
        let masks = lines::<W>(buffer, column.n_masks());
        column.mark(cells.zip((0..).map(mask_bit::<W>)), thresholds.input, masks, slots);
    }
}

/// Where a row's bit is, so that `Encode` gives the codes in the order of the rows: the word and the bit in it.
fn mask_bit<const W: usize>(row: usize) -> (usize, usize) {
    let byte = row % (8 * W);
    (byte / 8, byte % 8 * 8 + row / (8 * W))
}
