//! Support vectors in tiles of eight rows, column by column within a tile.
//!
//! Eight rows are summed side by side, each in its own lane and from the
//! first column to the last, so that every lane adds in smartcore's order and the compiler may still use vector
//! instructions.

/// Rows of a tile: four 128-bit sums of two lanes, enough to hide the latency of an addition.
pub(super) const LANES: usize = 8;

/// A matrix of finite values, `[n_tiles, n_columns, LANES]`; the last tile is filled up with zeros.
#[derive(Debug, Clone)]
pub(super) struct RowTiles {
    cells: Vec<f64>,
    n_columns: usize,
}

impl RowTiles {
    /// Lays out row-major `rows` of `n_columns` cells.
    pub(super) fn new(rows: &[f64], n_columns: usize) -> Self {
        let n_tiles = (rows.len() / n_columns).div_ceil(LANES);
        let mut cells = vec![0.0; n_tiles * n_columns * LANES];
        for (r, row) in rows.chunks_exact(n_columns).enumerate() {
            let tile = &mut cells[r / LANES * n_columns * LANES..];
            for (column, cell) in row.iter().enumerate() {
                tile[column * LANES + r % LANES] = *cell;
            }
        }
        Self { cells, n_columns }
    }

    pub(super) fn n_columns(&self) -> usize {
        self.n_columns
    }

    pub(super) fn resident_bytes(&self) -> usize {
        self.cells.len() * 8
    }

    /// The tiles, in order: each `[n_columns, LANES]`.
    pub(super) fn iter(&self) -> std::slice::ChunksExact<'_, f64> {
        self.cells.chunks_exact(self.n_columns * LANES)
    }
}
