//! Tables to typed columns and to batches, with file, line (or row) and column in every error.
//!
//! Three ways in, one set of rules: [`TableFile`] reads a whole table for training, where kinds are still to be found
//! out; [`TableRows`] streams the rows of files against a schema, in constant memory; [`RowReader`] does so for one CSV,
//! a body's too. CSV, NDJSON, Parquet and Arrow IPC are told by their first bytes ([`TableInput`]).
//!
//! The rules of CSV, which the cells of Parquet and Arrow follow too ([docs/tables.md] has all of them): a header line;
//! RFC 4180 quotes, also after blanks; `\n`, `\r\n` or `\r` at the lines' ends; UTF-8 or UTF-16 with a byte order mark; the
//! delimiter is recognised or given; blank lines are skipped; white space around names and cells does not count, unless a
//! model of another library counts it; a missing cell is an empty one and, in a numeric column, one of
//! [`MISSING_WORDS`](crate::text::missing::MISSING_WORDS) in any case. In a text column these words stay categories,
//! because `NA` may be one (Namibia, not applicable): only an empty cell is missing there, and what
//! [`TextOptions::missing`] has. Cells of NDJSON are those of a request's JSON. A column without a name (pandas writes one for its index) is called by its place, `#1`
//! for the first; it is no feature and no target, but may be dropped or passed on. A column whose cells are all dates is
//! one of dates; there `NaT` is missing too. Files are unpacked by [`unpacked`]
//! before.
//!
//! [docs/tables.md]: ../../../docs/tables.md

mod arrow_body;
mod batch_rows;
mod cell;
mod column_scan;
mod columnar;
mod columns;
mod content;
mod dates;
mod delimiter;
mod error;
mod header;
mod input;
mod ndjson;
mod options;
mod output;
mod part;
mod plain;
mod record;
mod records;
mod refused;
mod rows;
mod scan;
mod spelling;
mod table_rows;
mod text_input;
mod token;
mod unpack;

pub use arrow_body::{ArrowError, ArrowLimits, max_arrow_bytes, read_arrow};
pub use column_scan::ColumnScan;
pub use columns::Cells;
pub use dates::DateScan;
pub use error::{CellProblem, ErrorClass, MAX_PROBLEMS, Place, TableError, Unit};
pub(crate) use header::undelimited;
pub use header::{Head, looks_headerless};
pub use input::TableInput;
pub use options::{Numerals, TextOptions};
pub use output::{TableFormat, TableWriter, WriteError, arrow_answers};
pub use plain::read_plain;
pub use refused::CheckedRows;
pub use rows::RowReader;
pub use scan::{Scan, TableFile};
pub use spelling::Spellings;
pub use table_rows::TableRows;
pub use unpack::unpacked;
