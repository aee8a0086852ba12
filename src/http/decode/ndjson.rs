//! NDJSON: one row a line, a record or a list of values, which may stand under `features`.
//!
//! A body is read in pieces that end at a line's end, so that a stream can be answered before its end; rows and lines
//! are counted across the pieces.

use crate::http::json::{JsonReader, Value};
use crate::http::problem::{Problem, ProblemKind};
use crate::model::batch::Batch;
use crate::model::schema::Schema;

use super::cells::CellBuffer;
use super::diagnostics::Diagnostics;
use super::options::{DecodeError, DecodeOptions};
use super::pointer::Step;
use super::rows::Rows;

/// The key of `SageMaker`'s lines, unless a feature is called so: `{"features": [6.5, 296]}`.
const FEATURES: &str = "features";

/// How far a body of lines was read.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct LinesRead {
    /// Rows so far.
    pub rows: usize,
    /// Lines so far, blank ones too.
    pub lines: usize,
}

/// Reads the whole lines of `piece`; none when all of them are blank. `options.max_rows` limits all pieces together.
///
/// # Errors
/// 400: a line is not JSON. 413: too many rows. 422: up to 20 errors of this piece, each with its line, and the pointer
/// that the row would have in an array.
pub fn read(piece: &[u8], options: &DecodeOptions<'_>, progress: &mut LinesRead) -> Result<Option<Batch>, Problem> {
    let mut rows = Rows::new(options, &[], None, piece.len()).starting_at(progress.rows);
    let mut diagnostics = Diagnostics::default();
    for line in piece.strip_suffix(b"\n").unwrap_or(piece).split(|b| *b == b'\n') {
        progress.lines += 1;
        diagnostics.set_line(progress.lines);
        if line.trim_ascii().is_empty() {
            continue;
        }
        let (schema, row) = (options.schema, progress.rows);
        read_line(line, schema, row, &mut rows, &mut diagnostics).map_err(|error| at_line(error, progress.lines))?;
        progress.rows += 1;
    }
    match rows.cells() {
        None if diagnostics.is_empty() => Ok(None),
        cells => Ok(cells.unwrap_or(CellBuffer::None).into_batch(options.schema, diagnostics).map(Some)?),
    }
}

fn read_line(
    line: &[u8],
    schema: &Schema,
    row: usize,
    rows: &mut Rows<'_>,
    diagnostics: &mut Diagnostics,
) -> Result<(), DecodeError> {
    let mut reader = JsonReader::new(line)?;
    rows.check_max_rows()?;
    match reader.next_value()? {
        value if diagnostics.is_full() => rows.pass(&mut reader, &value)?,
        Value::Object if schema.position(FEATURES).is_none() && take_features_key(&mut reader) => {
            rows.list(&mut reader, diagnostics)?;
            while let Some(key) = reader.next_key()? {
                let detail = || format!("{key} is not allowed next to {FEATURES}; remove it");
                diagnostics.add(&[Step::Index(row), Step::Key(&key)], detail);
                let value = reader.next_value()?;
                reader.skip_rest(&value)?;
            }
        }
        Value::Object => rows.record(&mut reader, diagnostics)?,
        Value::Array => rows.list(&mut reader, diagnostics)?,
        other => rows.wrong(&mut reader, &other, "a record or a list of values", diagnostics)?,
    }
    Ok(reader.finish()?)
}

/// Moves the reader past `"features":[` if an object begins with it, and returns whether it did.
fn take_features_key(reader: &mut JsonReader<'_>) -> bool {
    let mut ahead = reader.clone();
    let opens = ahead.next_key_is(FEATURES.as_bytes()) && ahead.next_value() == Ok(Value::Array);
    if opens {
        *reader = ahead;
    }
    opens
}

/// The error as a problem, with its line counted from the body's first.
fn at_line(error: DecodeError, line: usize) -> Problem {
    match error {
        DecodeError::Syntax(error) => {
            let (what, column) = (error.what(), error.column());
            Problem::new(ProblemKind::Syntax, format!("The body is not NDJSON: {what} at line {line}, column {column}"))
        }
        other => other.into(),
    }
}
