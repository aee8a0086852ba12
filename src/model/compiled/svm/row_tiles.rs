//! Rows in tiles of eight, column by column within a tile: what support vectors are kept in.
//!
//! Stands apart from what is computed on it. Eight rows are summed side by side, each in its own lane and from the
//! first column to the last, so that every lane adds in smartcore's order and the compiler may still use vector
//! instructions.

use crate::model::smartcore::postcard::{Fault, Reader};

/// Rows of a tile: four 128-bit sums of two lanes, enough to hide the latency of an addition.
pub(super) const LANES: usize = 8;

/// A matrix of finite values, `[n_tiles, n_columns, LANES]`; the last tile is filled up with zeros.
#[derive(Debug, Clone)]
pub(super) struct Tiles {
    cells: Vec<f64>,
    n_rows: usize,
    n_columns: usize,
}

impl Tiles {
    /// No rows yet.
    pub(super) fn new(n_columns: usize) -> Self {
        Self { cells: Vec::new(), n_rows: 0, n_columns }
    }

    /// Reads one row of `n_columns` finite values.
    pub(super) fn read_row(&mut self, reader: &mut Reader<'_>, what: &str) -> Result<(), Fault> {
        let lane = self.n_rows % LANES;
        if lane == 0 {
            self.cells.resize(self.cells.len() + self.n_columns * LANES, 0.0);
        }
        let tile = self.cells.len() - self.n_columns * LANES;
        for column in 0..self.n_columns {
            self.cells[tile + column * LANES + lane] = reader.finite(what)?;
        }
        self.n_rows += 1;
        Ok(())
    }

    pub(super) fn n_rows(&self) -> usize {
        self.n_rows
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
