//! Record batches of a Parquet or an Arrow IPC file, in order.

use std::io::{Read, Seek, SeekFrom};
use std::sync::Arc;

use arrow_array::{RecordBatch, RecordBatchReader};
use arrow_schema::{Schema, SchemaRef};
use parquet::arrow::arrow_reader::{ParquetRecordBatchReader, ParquetRecordBatchReaderBuilder};
use parquet::basic::Compression;
use parquet::errors::ParquetError;
use parquet::file::metadata::{ParquetMetaData, RowGroupMetaData};
use parquet::file::reader::ChunkReader;

use super::blocks::{Blocks, footer, footer_bytes};
use super::frames::FrameError;
use super::ipc::{IpcError, IpcReader};
use super::value::{unframed, unread};
use crate::table::error::TableError;
use crate::text::panics::catch_panic;
use crate::text::shorten::quoted;

/// Rows that are decoded of Parquet at one time: enough to fill the compiled predictor's blocks.
const ROWS: usize = 4_096;

/// What Arrow says of polars' integers of 128 bits, for which it has no type.
const WIDE: &str = "bit width of 128";

/// What is said instead.
const WIDE_ADVICE: &str = "a column is of integers of 128 bits, which is not read; write it as Int64 or Decimal \
                           (polars: cast(pl.Int64))";

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
        let begin = || ParquetRecordBatchReaderBuilder::try_new(input);
        let builder = quietly(name, "Parquet", begin)?.map_err(|e| not_parquet(name, &e))?;
        if let Some((column, packing)) = unread_packing(builder.metadata()) {
            let what = format!("the column {column} is compressed by {packing}, which is not read");
            let hint = "write it with Snappy, gzip or zstd (pandas: to_parquet(path, compression=\"zstd\"))";
            return Err(TableError::Syntax(format!("{name}: {what}; {hint}")));
        }
        let open = || builder.with_batch_size(ROWS).build();
        let reader = quietly(name, "Parquet", open)?.map_err(|e| not_parquet(name, &e))?;
        let schema = reader.schema();
        Ok(Self { name: name.to_owned(), schema, source: Source::Parquet(Box::new(reader)) })
    }

    /// Reads the schema of an Arrow IPC stream, or of a file past its first eight bytes.
    pub(crate) fn ipc(input: Box<dyn Read>, name: &str) -> Result<Self, TableError> {
        Self::of_ipc(name, || IpcReader::new(input, unframed))
    }

    /// Reads the footer of an Arrow IPC file whose beginning is no stream.
    pub(crate) fn ipc_file(mut file: impl Read + Seek + 'static, name: &str) -> Result<Self, TableError> {
        Self::of_ipc(name, || {
            let length =
                file.seek(SeekFrom::End(0)).map_err(|e| FrameError::Broken(format!("it cannot be read: {e}")))?;
            let bytes = footer_bytes(&mut file, length)?;
            let footer = footer(&bytes)?;
            let schema = footer.schema().ok_or_else(|| FrameError::Broken("its footer has no schema".to_owned()))?;
            let blocks: Box<dyn Read> = Box::new(Blocks::new(file, footer, length)?);
            IpcReader::of_schema(blocks, schema, footer.version(), unframed)
        })
    }

    fn of_ipc(
        name: &str,
        open: impl FnOnce() -> Result<IpcReader<Box<dyn Read>>, FrameError>,
    ) -> Result<Self, TableError> {
        let reader = quietly(name, "Arrow IPC", open)?.map_err(|e| not_ipc(name, &e))?;
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

    /// Refuses a column whose cells are not read, but those at places that `is_passed` takes: nothing looks at them.
    pub(crate) fn check(&self, is_passed: impl Fn(usize) -> bool) -> Result<(), TableError> {
        let fields = self.schema.fields().iter().enumerate();
        let found = fields.filter(|(at, _)| !is_passed(*at)).find_map(|(at, f)| Some((at + 1, f.name(), unread(f)?)));
        let Some((number, column, what)) = found else { return Ok(()) };
        let name = &self.name;
        let detail = format!("{name}, column {number} ({column}): it is {what}, which is not read; leave it out");
        Err(TableError::Shape(detail))
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

/// A column that is compressed in a way that is not read, and how.
fn unread_packing(metadata: &ParquetMetaData) -> Option<(String, &'static str)> {
    let columns = metadata.row_groups().iter().flat_map(RowGroupMetaData::columns);
    columns.into_iter().find_map(|column| {
        let packing = match column.compression() {
            Compression::LZ4 | Compression::LZ4_RAW => "LZ4",
            Compression::BROTLI(_) => "Brotli",
            Compression::LZO => "LZO",
            _ => return None,
        };
        Some((quoted(&[column.column_path().string()]), packing))
    })
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
        FrameError::Broken(why) if why.contains(WIDE) => format!("{name}: {WIDE_ADVICE}"),
        FrameError::Broken(why) => format!("{name}: the Arrow IPC data is broken: {why}"),
        FrameError::Unread(what) => format!("{name}: Arrow IPC data that is not read: {what}"),
    })
}

fn not_parquet(name: &str, error: &ParquetError) -> TableError {
    let why = error.to_string();
    TableError::Syntax(if why.contains(WIDE) {
        format!("{name}: {WIDE_ADVICE}")
    } else {
        format!("{name}: the Parquet file cannot be read: {why}")
    })
}
