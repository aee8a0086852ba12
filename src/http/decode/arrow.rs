//! Arrow bodies: IPC streams. `table` reads them; its errors are mapped to problems here.

use axum::body::Bytes;

use crate::config::ExtraFeatures;
use crate::http::problem::{Problem, ProblemKind};
use crate::model::batch::Batch;
use crate::table::{ArrowError, ArrowLimits, TableError, max_arrow_bytes, read_arrow};

use super::absent::most_rows;
use super::csv::of_table;
use super::options::{DecodeError, DecodeOptions};

/// The body's name in errors: `body, row 2, column 1 (RM)`.
const NAME: &str = "body";

/// Reads a body.
///
/// # Errors
/// 400: it is no Arrow IPC stream. 413: more rows than allowed. 415: it holds a type, or a form, that is not read. 422: it
/// does not fit the schema; of wrong cells up to 20 at once, each with its row and column, and the pointer that a
/// record's cell would have.
pub(in crate::http) fn read(body: &Bytes, options: &DecodeOptions<'_>) -> Result<Batch, Problem> {
    read_arrow(body.clone(), NAME, options.schema, limits(body, options)).map_err(|error| match error {
        ArrowError::Unread(what) => {
            Problem::unsupported_media(format!("The body is Arrow that is not read here: {what}"))
        }
        ArrowError::TooManyRows { max_rows, is_sparse: true } => DecodeError::TooSparse(max_rows).into(),
        ArrowError::TooManyRows { max_rows, is_sparse: false } => DecodeError::TooManyRows(max_rows).into(),
        ArrowError::Broken(why) | ArrowError::Table(TableError::Syntax(why) | TableError::Unreadable(why)) => {
            Problem::new(ProblemKind::Syntax, format!("The body is not an Arrow IPC stream: {why}"))
        }
        ArrowError::Table(error) => of_table(&error),
    })
}

/// The most bytes that reading a body takes, the batch included and the body not.
pub(in crate::http) fn max_bytes(body: &[u8], options: &DecodeOptions<'_>) -> usize {
    max_arrow_bytes(body, options.schema.n_features(), limits(body, options))
}

fn limits(body: &[u8], options: &DecodeOptions<'_>) -> ArrowLimits {
    ArrowLimits {
        max_rows: options.max_rows,
        max_sparse_rows: most_rows(body.len(), options.schema.n_features()),
        rejects_unknown: matches!(options.extra, ExtraFeatures::Reject),
    }
}
