//! The files of a run as one table: the rows of `--data` and, behind them, those of `--test-data`.

use crate::model::schema::FeatureKind;
use crate::table::{CellProblem, Cells, Scan, TableError};
use crate::train::data::lookup::position;
use crate::train::error::TrainError;

/// The scans of both files. Columns are called by their position in the first.
#[derive(Clone, Copy)]
pub(super) struct Sources<'a> {
    pub(super) data: &'a Scan<'a>,
    pub(super) test: Option<&'a Scan<'a>>,
}

/// Reads the `wanted` columns (position and kind) of both files, in that order.
pub(super) fn read(
    data: &mut Scan<'_>,
    test: Option<&mut Scan<'_>>,
    wanted: &[(usize, FeatureKind)],
) -> Result<Vec<Cells>, TrainError> {
    let mut columns = data.read(wanted)?;
    let Some(test) = test else { return Ok(columns) };
    let there = |(column, kind): &(usize, FeatureKind)| {
        position(test, &data.called(*column), "--test-data").map(|column| (column, *kind))
    };
    let there = wanted.iter().map(there).collect::<Result<Vec<_>, _>>()?;
    let are_numeric: Vec<bool> = wanted.iter().map(|(column, _)| data.columns[*column].is_numeric()).collect();
    let more = test.read_like(&are_numeric, &there)?;
    columns.iter_mut().zip(more).for_each(|(column, more)| column.append(more));
    Ok(columns)
}

impl Sources<'_> {
    /// Each row's line in its file.
    pub(super) fn lines(&self) -> Vec<u64> {
        self.data.lines.iter().chain(self.test.iter().flat_map(|test| &test.lines)).copied().collect()
    }

    /// What is wrong with a row's cell.
    pub(super) fn problem(&self, column: usize, row: usize, detail: impl Into<String>) -> TrainError {
        let (scan, column, row) = match self.test {
            Some(test) if row >= self.data.n_rows() => {
                (test, test.position(&self.data.called(column)).unwrap_or(column), row - self.data.n_rows())
            }
            _ => (self.data, column, row),
        };
        let place = scan.place(row, column);
        TrainError::Table(TableError::Cells(vec![CellProblem { place, row: row as u64, detail: detail.into() }]))
    }
}
