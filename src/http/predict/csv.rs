//! Dialect 6: rows as CSV.
//!
//! Stands apart from the JSON dialects because `table` reads it, as it reads the files of `train` and `predict`; here
//! its errors become a request's.

use crate::config::ExtraFeatures;
use crate::http::problem::{FieldError, Kind, Problem};
use crate::model::batch::Batch;
use crate::table::{Extra, Head, RowReader, TableError, read_plain};

use super::dialect::{Refusal, Rules, pointer};

/// The body's name in errors: `body, line 2, column 1 (RM)`.
const NAME: &str = "body";

/// Reads a body; also tells whether it has a header line.
///
/// # Errors
/// 400: it is no CSV. 413: more rows than allowed. 422: it does not fit the schema; of wrong cells up to 20 at once,
/// each with its line and column, and the pointer that a record's cell would have.
pub(super) fn read(body: &[u8], head: Head, rules: &Rules<'_>) -> Result<(Batch, bool), Problem> {
    match read_plain(body, rules.schema, head, rules.max_rows) {
        Some(rows) => Ok(rows),
        None => read_any(body, head, rules),
    }
}

/// Reads a body that is not plain, or not right.
fn read_any(body: &[u8], head: Head, rules: &Rules<'_>) -> Result<(Batch, bool), Problem> {
    let extra = match rules.extra {
        ExtraFeatures::Reject => Extra::Reject,
        ExtraFeatures::Ignore => Extra::Ignore,
    };
    let mut reader = RowReader::new(body, NAME, rules.schema, head, extra).map_err(|e| refuse(&e))?;
    let batch = reader.next_chunk(rules.max_rows).map_err(|e| refuse(&e))?;
    // The reader gives rows or an error before it ends.
    let batch = batch.ok_or_else(|| Problem::new(Kind::Schema, "no rows"))?;
    if batch.n_rows() == rules.max_rows && !matches!(reader.next_chunk(1), Ok(None)) {
        return Err(Refusal::TooManyRows(rules.max_rows).into());
    }
    Ok((batch, reader.has_header()))
}

/// An error of the table as the client's.
fn refuse(error: &TableError) -> Problem {
    let one = || vec![FieldError { pointer: String::new(), detail: error.to_string() }];
    match error {
        TableError::Unreadable { .. }
        | TableError::Empty { .. }
        | TableError::NotUtf8(_)
        | TableError::OpenQuote(_) => Problem::new(Kind::Syntax, format!("The body is not CSV: {error}")),
        TableError::Cell(_) | TableError::Cells(_) => {
            let problems = error.problems();
            let errors = problems.iter().map(|problem| {
                let name = problem.place.column.as_ref().map_or("", |(_, name)| name);
                let row = usize::try_from(problem.row).unwrap_or(usize::MAX);
                FieldError { pointer: pointer::of_cell(row, name), detail: problem.to_string() }
            });
            Problem::schema(errors.collect(), problems.len() >= crate::table::MAX_PROBLEMS)
        }
        _ => Problem::schema(one(), false),
    }
}
