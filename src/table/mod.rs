//! CSV to typed columns and to batches, with file, line and column in every error.
//!
//! Two ways in, one set of rules: [`TableFile`] reads a whole table for training, where kinds are still to be found
//! out; [`RowReader`] streams rows against a schema for `predict` and the CSV dialect, in constant memory.
//!
//! The rules ([docs/tables.md] has all of them): a header line; RFC 4180 quotes, also after blanks; `\n`, `\r\n` or `\r`
//! at the lines' ends; UTF-8 or UTF-16 with a byte order mark; the delimiter is recognised or given; blank lines are
//! skipped; white space around names and cells does not count, unless a model of another library counts it; a missing
//! cell is an empty one and, in a numeric column, one of [`MISSING_WORDS`] in any case. In a text column these words
//! stay categories, because `NA` may be one (Namibia, not applicable): only an empty cell is missing there, and what
//! [`TextOptions::missing`] has. A column without a name (pandas writes one for its index) is called by its place, `#1`
//! for the first; it is no feature and no target, but may be dropped or passed on. A column whose cells are all dates is
//! one of dates; there `NaT` is missing too. Files are unpacked by [`unpacked`]
//! before.
//!
//! [docs/tables.md]: ../../../docs/tables.md

mod cell;
mod columns;
mod content;
mod dates;
mod delimiter;
mod error;
mod header;
mod options;
mod plain;
mod record;
mod records;
mod refused;
mod rows;
mod scan;
mod spelling;
mod text_input;
mod token;
mod unpack;

pub use columns::Cells;
pub use dates::DateScan;
pub use error::{CellProblem, ErrorClass, MAX_PROBLEMS, Place, TableError};
pub use header::{Head, looks_headerless};
pub use options::{Numerals, TextOptions};
pub use plain::read_plain;
pub use refused::CheckedRows;
pub use rows::RowReader;
pub use scan::{ColumnScan, Scan, TableFile};
pub use spelling::Spellings;
pub use token::{MISSING_WORDS, is_missing_word};
pub use unpack::unpacked;
