//! Rows of a record batch against a schema.

use arrow_array::{Array, RecordBatch};

use super::plain::PlainColumn;
use super::value::{Value, as_f64, unsigned_as_f64, visit};
use crate::model::category::Digits;
use crate::model::cell::Cell;
use crate::model::schema::{Feature, FeatureKind, Schema};
use crate::table::cell::cell;
use crate::table::error::{CellProblem, MAX_PROBLEMS, Place, TableError, Unit};
use crate::text::number;
use crate::text::shorten::brief;

/// Rows whose cells are put together, column by column, while they are in the first cache.
const TOGETHER: usize = 256;

/// Which columns of a table are which features', and what errors call them.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Columns<'a> {
    /// What the rows must fit.
    pub(crate) schema: &'a Schema,
    /// The table's name.
    pub(crate) file: &'a str,
    /// The names of its columns.
    pub(crate) header: &'a [String],
    /// The column of each feature; none where it is missing in every row.
    pub(crate) of_features: &'a [Option<usize>],
}

impl Columns<'_> {
    /// Puts all rows of `batch`, of which the first is row `first_row` of the table, from 0, behind `values`, row-major.
    ///
    /// # Errors
    /// [`TableError::Cells`]: cells that do not fit, [`MAX_PROBLEMS`] at most, in row order.
    pub(crate) fn read(&self, batch: &RecordBatch, first_row: u64, values: &mut Vec<f64>) -> Result<(), TableError> {
        let (n_features, start) = (self.schema.n_features(), values.len());
        let columns = self.schema.features().iter().zip(self.of_features).enumerate();
        let plain: Vec<PlainColumn<'_>> =
            columns.filter_map(|(place, (of, column))| PlainColumn::of(place, of, batch, (*column)?)).collect();
        for from in (0..batch.num_rows()).step_by(TOGETHER) {
            let rows = from..batch.num_rows().min(from + TOGETHER);
            let at = values.len();
            values.resize(at + rows.len() * n_features, f64::NAN);
            for column in &plain {
                column.put(rows.clone(), &mut values[at + column.feature..], n_features);
            }
        }
        let mut problems = Vec::new();
        for (feature, (of, column)) in self.schema.features().iter().zip(self.of_features).enumerate() {
            let from = (start + feature).min(values.len());
            let cells = Cells { values: &mut values[from..], step: n_features };
            // The cells of a feature without a column stay missing, for which the model has a rule.
            if let Some(column) =
                column.filter(|_| plain.binary_search_by_key(&feature, |plain| plain.feature).is_err())
            {
                self.column(of, column, batch.column(column), first_row, cells, &mut problems);
            }
            if problems.len() >= MAX_PROBLEMS {
                break;
            }
        }
        if problems.is_empty() {
            return Ok(());
        }
        problems.sort_by_key(|problem| problem.row);
        Err(TableError::Cells(problems))
    }

    fn column(
        &self,
        feature: &Feature,
        column: usize,
        array: &dyn Array,
        first_row: u64,
        Cells { values, step }: Cells<'_>,
        problems: &mut Vec<CellProblem>,
    ) {
        let visited = visit(array, &mut |row, value| {
            // What is wrong with a cell that is not told may take long to find out.
            if problems.len() >= MAX_PROBLEMS {
                return;
            }
            match judge(feature, value) {
                Ok(value) => values[row * step] = value,
                Err(detail) => problems.push(self.problem(row, first_row, Some(column), detail)),
            }
        });
        if let Err((row, detail)) = visited {
            problems.push(self.problem(row, first_row, Some(column), detail));
        }
    }

    /// What is wrong with a cell of row `row` of a batch whose first row is `first_row`.
    pub(crate) fn problem(&self, row: usize, first_row: u64, column: Option<usize>, detail: String) -> CellProblem {
        let row = first_row + row as u64;
        let named = |i: usize| (i + 1, self.header.get(i).map_or_else(String::new, |name| brief(name).into_owned()));
        let place = Place { file: self.file.to_owned(), line: row + 1, unit: Unit::Row, column: column.map(named) };
        CellProblem { place, row, detail }
    }
}

/// The cells of one feature in a batch.
struct Cells<'a> {
    /// The batch's cells from the first of the feature.
    values: &'a mut [f64],
    /// Cells of a row.
    step: usize,
}

/// A cell as the feature has it.
fn judge(feature: &Feature, value: Value<'_>) -> Result<f64, String> {
    let is_numeric = feature.kind == FeatureKind::Numeric;
    match value {
        Value::Missing => feature.read(Cell::Missing),
        Value::Bool(truth) => feature.read(Cell::Bool(truth)),
        Value::Text(text) => feature.read(cell(feature, text)),
        Value::Float(value) if is_numeric => feature.read(Cell::Number(value)),
        // A float has its value alone.
        Value::Float(value) => {
            feature.read(Cell::Digits(Digits { value, text: &number::shortest(value), by_value: true }))
        }
        Value::Signed(value) => integer(feature, as_f64(value), value),
        Value::Unsigned(value) => integer(feature, unsigned_as_f64(value), value),
    }
}

fn integer(feature: &Feature, value: f64, digits: impl itoa::Integer) -> Result<f64, String> {
    if feature.kind == FeatureKind::Numeric {
        return feature.read(Cell::Number(value));
    }
    let mut text = itoa::Buffer::new();
    feature.read(Cell::Digits(Digits { value, text: text.format(digits), by_value: false }))
}
