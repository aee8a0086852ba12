//! CSV to typed columns and to batches, with file, line and column in every error.
//!
//! Two ways in, one set of rules: [`TableFile`] reads a whole table for training, where kinds are still to be found
//! out; [`RowReader`] streams rows against a schema for `predict` and the CSV dialect, in constant memory.
//!
//! The rules: a header line (RFC 4180 quotes, `\n` or `\r\n`, a UTF-8 byte order mark tolerated); blank lines are
//! skipped; white space around names and cells does not count, unless a model of another library
//! counts it; a missing cell is an empty one and, in a numeric column,
//! one of [`MISSING_WORDS`] in any case. In a text column these words stay categories, because `NA` may be one
//! (Namibia, not applicable): only an empty cell is missing there. A column whose cells are all dates is one of dates;
//! there `NaT` is missing too. A column without a name (pandas writes one for its
//! index) is called by its place, `#1` for the first; it is no feature and no target, but may be dropped or passed on.

mod columns;
mod dates;
mod error;
mod foreign;
mod header;
mod plain;
mod records;
mod rows;
mod scan;
mod token;

pub use columns::Cells;
pub use dates::DateScan;
pub use error::{CellProblem, ErrorClass, MAX_PROBLEMS, Place, TableError};
pub use header::{Head, looks_headerless};
pub use plain::read_plain;
pub use rows::RowReader;
pub use scan::{ColumnScan, Scan, TableFile};
pub use token::{MISSING_WORDS, is_missing_word};
