//! Tables that are written: the rows that were read, with the answers beside them, chunk by chunk in constant memory.

mod columns;
mod ndjson;
mod writer;

pub use columns::arrow_answers;
pub use writer::{TableFormat, TableWriter, WriteError};
