//! One column of a body: how it is written, and what was read of it.

use crate::http::json::Value;

/// How the columns of a body are written: all of them the same way.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum ColumnForm {
    /// `{"RM": {"0": 6.575}}`.
    Labelled,
    /// `{"RM": [6.575]}`.
    Lists,
    /// `{"RM": 6.575}`.
    Record,
}

impl ColumnForm {
    pub(super) fn of(value: &Value<'_>) -> Self {
        match value {
            Value::Object => Self::Labelled,
            Value::Array => Self::Lists,
            _ => Self::Record,
        }
    }
}

/// The state of a feature's column.
#[derive(Debug, Clone)]
pub(super) enum ColumnState {
    /// Not seen yet.
    Absent,
    /// Not a column, or an incomplete one; an error was noted.
    Wrong,
    /// One cell: the column of a single row, which needs no list.
    One(f64),
    /// A cell a row.
    Read(Vec<f64>),
}

impl ColumnState {
    /// Its cells; none unless it was read.
    pub(super) fn cells(&self) -> &[f64] {
        match self {
            Self::Absent | Self::Wrong => &[],
            Self::One(cell) => std::slice::from_ref(cell),
            Self::Read(cells) => cells,
        }
    }

    /// Adds a cell to a column that is read.
    #[inline]
    pub(super) fn push(&mut self, cell: f64) {
        match self {
            Self::Read(cells) if cells.capacity() == 0 => *self = Self::One(cell),
            Self::Read(cells) => cells.push(cell),
            Self::One(first) => *self = Self::Read(vec![*first, cell]),
            Self::Absent | Self::Wrong => {}
        }
    }

    pub(super) fn into_cells(self) -> Vec<f64> {
        if let Self::Read(cells) = self { cells } else { self.cells().to_vec() }
    }
}
