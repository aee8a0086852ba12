//! Record batches of a Parquet or an Arrow IPC file, in order.

use std::io::Read;
use std::sync::Arc;

use arrow_array::{RecordBatch, RecordBatchReader};
use arrow_schema::{Schema, SchemaRef};
use parquet::arrow::arrow_reader::{ParquetRecordBatchReader, ParquetRecordBatchReaderBuilder};
use parquet::errors::ParquetError;
use parquet::file::reader::ChunkReader;

use super::frames::FrameError;
use super::ipc::{IpcError, IpcReader};
use super::value::unread;
use crate::table::error::TableError;
use crate::text::panics::catch_panic;

/// Rows that are decoded of Parquet at one time: enough to fill the compiled predictor's blocks.
const ROWS: usize = 4_096;

/// pandas writes the index under this name and a number.
const INDEX: &str = "__index_level_";

/// The record batches of one input.
pub(crate) struct Batches {
    name: String,
    schema: SchemaRef,
    source: Source,
}

enum Source {
    Parquet(Box<ParquetRecordBatchReader>),
    Ipc(Box<IpcReader<Box<dyn Read>>>),
}

impl std::fmt::Debug for Batches {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Batches").field("name", &self.name).finish_non_exhaustive()
    }
}

impl Batches {
    /// Reads the foot of a Parquet file, which errors call `name`.
    pub(crate) fn parquet(input: impl ChunkReader + 'static, name: &str) -> Result<Self, TableError> {
        let open = || ParquetRecordBatchReaderBuilder::try_new(input)?.with_batch_size(ROWS).build();
        let reader = quietly(name, "Parquet", open)?.map_err(|e| not_parquet(name, &e))?;
        let schema = reader.schema();
        let found = schema.fields().iter().enumerate().find_map(|(at, f)| Some((at + 1, f.name(), unread(f)?)));
        if let Some((number, column, what)) = found {
            let detail = format!("{name}, column {number} ({column}): it is {what}, which is not read; leave it out");
            return Err(TableError::Shape(detail));
        }
        Ok(Self { name: name.to_owned(), schema, source: Source::Parquet(Box::new(reader)) })
    }

    /// Reads the schema of an Arrow IPC stream, or of a file past its first eight bytes.
    pub(crate) fn ipc(input: Box<dyn Read>, name: &str) -> Result<Self, TableError> {
        let reader = quietly(name, "Arrow IPC", || IpcReader::new(input))?.map_err(|e| not_ipc(name, &e))?;
        Ok(Self { name: name.to_owned(), schema: Arc::clone(reader.schema()), source: Source::Ipc(Box::new(reader)) })
    }

    /// The name that errors give the input.
    pub(crate) fn name(&self) -> &str {
        &self.name
    }

    /// The columns.
    pub(crate) fn schema(&self) -> &SchemaRef {
        &self.schema
    }

    /// The next rows; `None` at the end.
    pub(crate) fn read(&mut self) -> Result<Option<RecordBatch>, TableError> {
        let name = &self.name;
        match &mut self.source {
            Source::Parquet(reader) => {
                let next = quietly(name, "Parquet", || reader.next())?.transpose();
                next.map_err(|e| TableError::Syntax(format!("{name}: the Parquet file cannot be read: {e}")))
            }
            Source::Ipc(reader) => {
                let next = quietly(name, "Arrow IPC", || reader.read(usize::MAX))?;
                next.map_err(|e| match e {
                    IpcError::Frame(e) => not_ipc(name, &e),
                    IpcError::TooManyRows => TableError::Shape(format!("{name}: too many rows")),
                })
            }
        }
    }
}

/// The names of columns as a table has them; pandas' index has none, as in its CSV files.
pub(crate) fn names(schema: &Schema) -> Vec<String> {
    let name = |name: &String| if name.starts_with(INDEX) { String::new() } else { name.clone() };
    schema.fields().iter().map(|field| name(field.name())).collect()
}

/// Runs a library's reader; its panic is an error of the input.
fn quietly<T>(name: &str, format: &str, read: impl FnOnce() -> T) -> Result<T, TableError> {
    catch_panic(read).map_err(|why| TableError::Syntax(format!("{name}: the {format} data is broken: {why}")))
}

fn not_ipc(name: &str, error: &FrameError) -> TableError {
    TableError::Syntax(match error {
        FrameError::Broken(why) => format!("{name}: the Arrow IPC data is broken: {why}"),
        FrameError::Unread(what) => format!("{name}: Arrow IPC data that is not read: {what}"),
    })
}

fn not_parquet(name: &str, error: &ParquetError) -> TableError {
    TableError::Syntax(format!("{name}: the Parquet file cannot be read: {error}"))
}
