//! CSV bodies. `table` reads them; its errors are mapped to problems here.

use crate::config::ExtraFeatures;
use crate::http::problem::{FieldError, Problem, ProblemKind};
use crate::model::batch::Batch;
use crate::table::{Head, RowReader, TableError, read_plain};

use super::absent::most_rows;
use super::options::{DecodeError, DecodeOptions};
use super::pointer;

/// The body's name in errors: `body, line 2, column 1 (RM)`.
const NAME: &str = "body";

/// Reads a body; also returns whether it has a header line.
///
/// # Errors
/// 400: it is no CSV. 413: more rows than allowed. 422: it does not fit the schema; of wrong cells up to 20 at once,
/// each with its line and column, and the pointer that a record's cell would have.
pub(in crate::http) fn read(body: &[u8], head: Head, options: &DecodeOptions<'_>) -> Result<(Batch, bool), Problem> {
    match read_plain(body, options.schema, head, options.max_rows) {
        Some(rows) => Ok(rows),
        None => read_quoted_or_broken(body, head, options),
    }
}

/// Reads a body that is not plain, or has errors.
fn read_quoted_or_broken(body: &[u8], head: Head, options: &DecodeOptions<'_>) -> Result<(Batch, bool), Problem> {
    let reader = RowReader::new(body, NAME, options.schema, head).map_err(|e| of_table(&e))?;
    let mut reader = match options.extra {
        ExtraFeatures::Reject => reader.reject_unknown().map_err(|e| of_table(&e))?,
        ExtraFeatures::Ignore => reader,
    };
    let room = if reader.is_sparse() { most_rows(body.len(), options.schema.n_features()) } else { usize::MAX };
    let most = options.max_rows.min(room);
    let batch = reader.next_chunk(most).map_err(|e| of_table(&e))?;
    // The reader gives rows or an error before its end.
    let batch = batch.ok_or_else(|| Problem::new(ProblemKind::Schema, "no rows"))?;
    if batch.n_rows() == most && !matches!(reader.next_chunk(1), Ok(None)) {
        let is_sparse = room < options.max_rows;
        return Err(if is_sparse { DecodeError::TooSparse(most) } else { DecodeError::TooManyRows(most) }.into());
    }
    Ok((batch, reader.has_header()))
}

/// An error of the table as a problem of the request.
pub(super) fn of_table(error: &TableError) -> Problem {
    match error {
        TableError::Unreadable(_) | TableError::Syntax(_) => {
            Problem::new(ProblemKind::Syntax, format!("The body is not CSV: {error}"))
        }
        TableError::Cells(problems) => {
            let errors = problems.iter().map(|problem| {
                let name = problem.place.column.as_ref().map_or("", |(_, name)| name);
                let row = usize::try_from(problem.row).unwrap_or(usize::MAX);
                FieldError::new(pointer::of_cell(row, name), problem.to_string())
            });
            Problem::schema(errors.collect(), problems.len() >= crate::table::MAX_PROBLEMS)
        }
        TableError::Shape(detail) => Problem::schema(vec![FieldError::new(String::new(), detail.clone())], false),
    }
}
