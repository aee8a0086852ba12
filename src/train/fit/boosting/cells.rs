//! The rows to fit on as a view of the training rows' cells: a fold holds row numbers, not cells.

use crate::model::batch::Batch;

/// Some rows of a batch, or all.
#[derive(Debug, Clone, Copy)]
pub(crate) struct CellView<'a> {
    batch: &'a Batch,
    /// The rows' numbers; `None`: all, in order.
    rows: Option<&'a [usize]>,
}

impl<'a> CellView<'a> {
    /// The rows of a batch with these numbers, in that order; all without `rows`.
    pub(crate) fn of(batch: &'a Batch, rows: Option<&'a [usize]>) -> Self {
        Self { batch, rows }
    }

    /// How many there are.
    pub(super) fn n_rows(&self) -> usize {
        self.rows.map_or(self.batch.n_rows(), <[usize]>::len)
    }

    /// The cells of the row at a place of the view, in schema order.
    pub(super) fn row(&self, at: usize) -> &'a [f64] {
        self.batch.row(self.rows.map_or(at, |rows| rows[at]))
    }

    /// The cells of each row, in order.
    pub(super) fn rows(&self) -> impl Iterator<Item = &'a [f64]> + use<'a> {
        let view = *self;
        (0..view.n_rows()).map(move |at| view.row(at))
    }
}
