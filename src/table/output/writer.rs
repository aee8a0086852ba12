//! Writes rows and answers in one of the forms that are read.

use std::io::{self, Write};

use arrow_array::{ArrayRef, RecordBatch};
use arrow_ipc::writer::{FileWriter, StreamWriter};
use arrow_schema::{ArrowError, DataType, SchemaRef};
use parquet::arrow::ArrowWriter;
use parquet::basic::Compression;
use parquet::errors::ParquetError;
use parquet::file::properties::WriterProperties;
use parquet::schema::types::ColumnPath;

use super::columns::record_batch;
use super::ndjson::{self, Column};
use crate::model::answer_table;
use crate::model::batch::Batch;
use crate::model::prediction::Answer;
use crate::model::schema::Schema;
use crate::table::columnar::answer_arrays;
use crate::table::table_rows::TableRows;

/// Rows of a group of Parquet, which is held until it is whole.
const GROUP: usize = 128 << 10;

/// The form of a table that is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TableFormat {
    /// CSV with a header line.
    Csv,
    /// A record a line.
    Ndjson,
    /// Parquet, compressed by Snappy.
    Parquet,
    /// An Arrow IPC file, which pandas calls Feather.
    Arrow,
    /// An Arrow IPC stream.
    ArrowStream,
}

impl TableFormat {
    /// Their names, as `--output-format` takes them.
    pub const NAMES: [(&'static str, Self); 5] = [
        ("csv", Self::Csv),
        ("ndjson", Self::Ndjson),
        ("parquet", Self::Parquet),
        ("arrow", Self::Arrow),
        ("arrow-stream", Self::ArrowStream),
    ];

    /// The form that a file's ending means.
    pub fn of_ending(ending: &str) -> Option<Self> {
        match ending.to_ascii_lowercase().as_str() {
            "csv" => Some(Self::Csv),
            "ndjson" | "jsonl" => Some(Self::Ndjson),
            "parquet" | "pq" => Some(Self::Parquet),
            "arrow" | "feather" | "ipc" => Some(Self::Arrow),
            "arrows" => Some(Self::ArrowStream),
            _ => None,
        }
    }
}

/// Why rows are not written.
#[derive(Debug, thiserror::Error)]
pub enum WriteError {
    /// The output takes no more.
    #[error("{0}")]
    Io(#[from] io::Error),
    /// The rows cannot be written so.
    #[error("{0}")]
    Table(String),
}

impl From<csv::Error> for WriteError {
    fn from(error: csv::Error) -> Self {
        match error.into_kind() {
            csv::ErrorKind::Io(e) => Self::Io(e),
            other => Self::Table(format!("{other:?}")),
        }
    }
}

impl From<ArrowError> for WriteError {
    fn from(error: ArrowError) -> Self {
        match error {
            ArrowError::IoError(_, e) => Self::Io(e),
            other => Self::Table(other.to_string()),
        }
    }
}

impl From<ParquetError> for WriteError {
    fn from(error: ParquetError) -> Self {
        match error {
            ParquetError::External(e) => match e.downcast::<io::Error>() {
                Ok(e) => Self::Io(*e),
                Err(e) => Self::Table(e.to_string()),
            },
            other => Self::Table(other.to_string()),
        }
    }
}

/// Writes chunks of rows with their answers.
pub struct TableWriter<W: Write + Send> {
    /// The names of all columns: those of the rows, then those of the answers.
    names: Vec<String>,
    /// The types of the first chunk.
    types: Option<SchemaRef>,
    sink: Sink<W>,
}

enum Sink<W: Write + Send> {
    Csv(Box<csv::Writer<W>>),
    Ndjson(W),
    /// Before the first chunk, whose columns have the types.
    Waiting(TableFormat, Option<W>),
    Parquet(Box<ArrowWriter<W>>),
    Arrow(Box<FileWriter<W>>),
    ArrowStream(Box<StreamWriter<W>>),
}

impl<W: Write + Send> TableWriter<W> {
    /// Begins a table of the columns of `rows` and those that `added` calls.
    ///
    /// # Errors
    /// [`WriteError::Io`].
    pub fn new(format: TableFormat, out: W, rows: &TableRows<'_>, added: &[String]) -> Result<Self, WriteError> {
        let mut names = if format == TableFormat::Csv { rows.header().to_vec() } else { rows.field_names() };
        names.extend_from_slice(added);
        let sink = match format {
            TableFormat::Csv => {
                let mut writer = csv::WriterBuilder::new().from_writer(out);
                writer.write_record(&names)?;
                Sink::Csv(Box::new(writer))
            }
            TableFormat::Ndjson => Sink::Ndjson(out),
            other => Sink::Waiting(other, Some(out)),
        };
        Ok(Self { names, types: None, sink })
    }

    /// Writes the last chunk of `rows`, which is `batch`, and its answers.
    ///
    /// # Errors
    /// [`WriteError`]; also a column of another type than in the first chunk.
    pub fn write(
        &mut self,
        rows: &TableRows<'_>,
        batch: &Batch,
        schema: &Schema,
        predicted: &Answer,
    ) -> Result<(), WriteError> {
        if let Sink::Csv(writer) = &mut self.sink {
            for row in 0..batch.n_rows() {
                for column in 0..rows.header().len() {
                    writer.write_field(rows.text(row, column).as_ref())?;
                }
                answer_table::write_row(schema, predicted, row, |field| writer.write_field(field))?;
                writer.write_record(None::<&[u8]>)?;
            }
            return Ok(());
        }
        let mut arrays: Vec<ArrayRef> = rows.arrays(batch);
        if let Sink::Ndjson(out) = &mut self.sink {
            let (names, added) = self.names.split_at(arrays.len());
            let as_json = |(at, (name, array)): (usize, (&String, &ArrayRef))| {
                let cells = (0..batch.n_rows()).map_while(|row| rows.json_cell(row, at));
                let is_json = rows.json_cell(0, at).is_some();
                if is_json { Ok(Column::of_json(name, cells)) } else { Column::of(name, array) }
            };
            let mut columns = names.iter().zip(&arrays).enumerate().map(as_json).collect::<io::Result<Vec<_>>>()?;
            columns.extend(Column::of_answers(added, schema, predicted));
            return Ok(ndjson::write(&columns, batch.n_rows(), out)?);
        }
        arrays.extend(answer_arrays(schema, predicted));
        let chunk = record_batch(&self.names, arrays)?;
        self.begin(&chunk)?;
        self.check_types(&chunk, rows)?;
        match &mut self.sink {
            Sink::Parquet(writer) => writer.write(&chunk)?,
            Sink::Arrow(writer) => writer.write(&chunk)?,
            Sink::ArrowStream(writer) => writer.write(&chunk)?,
            Sink::Csv(_) | Sink::Ndjson(_) | Sink::Waiting(..) => {}
        }
        Ok(())
    }

    /// Opens the file of the types of its first chunk.
    fn begin(&mut self, chunk: &RecordBatch) -> Result<(), WriteError> {
        let Sink::Waiting(format, out) = &mut self.sink else { return Ok(()) };
        let Some(out) = out.take() else { return Ok(()) };
        let schema = chunk.schema();
        self.types = Some(chunk.schema());
        self.sink = match format {
            TableFormat::Parquet => {
                let properties = WriterProperties::builder()
                    .set_compression(Compression::SNAPPY)
                    // Arrow's `date64` has whole days: Parquet has those as `DATE`.
                    .set_coerce_types(true)
                    .set_max_row_group_row_count(Some(GROUP));
                // Few numbers come twice: looking for those that do costs more than they take.
                let floats = schema.fields().iter().filter(|field| field.data_type() == &DataType::Float64);
                let properties = floats.fold(properties, |properties, field| {
                    properties.set_column_dictionary_enabled(ColumnPath::from(field.name().as_str()), false)
                });
                Sink::Parquet(Box::new(ArrowWriter::try_new(out, schema, Some(properties.build()))?))
            }
            TableFormat::Arrow => Sink::Arrow(Box::new(FileWriter::try_new(out, &schema)?)),
            _ => Sink::ArrowStream(Box::new(StreamWriter::try_new(out, &schema)?)),
        };
        Ok(())
    }

    /// Refuses a chunk of other types than the first: a file's column has one.
    fn check_types(&self, chunk: &RecordBatch, rows: &TableRows<'_>) -> Result<(), WriteError> {
        let (first, here) = (self.types.iter().flat_map(|types| types.fields()), chunk.schema());
        match first.zip(here.fields()).find(|(first, here)| first.data_type() != here.data_type()) {
            None => Ok(()),
            Some((first, here)) => {
                let (file, name) = (rows.place(0).file, here.name());
                let (first, here) = (first.data_type(), here.data_type());
                let hint = "files of one type can be written so, and all as CSV or NDJSON";
                let detail = format!("{file}: the column {name:?} is {here}, in the first file it is {first}: {hint}");
                Err(WriteError::Table(detail))
            }
        }
    }

    /// Ends the table; gives the output back, with all of it written.
    ///
    /// # Errors
    /// [`WriteError`].
    pub fn finish(self) -> Result<W, WriteError> {
        match self.sink {
            Sink::Csv(writer) => writer.into_inner().map_err(|e| WriteError::Io(e.into_error())),
            Sink::Ndjson(mut out) => out.flush().map(|()| out).map_err(WriteError::Io),
            Sink::Parquet(writer) => Ok(writer.into_inner()?),
            Sink::Arrow(writer) => Ok(writer.into_inner()?),
            Sink::ArrowStream(writer) => Ok(writer.into_inner()?),
            // Inputs without a row are refused before.
            Sink::Waiting(_, out) => out.ok_or_else(|| WriteError::Table("there is no row".to_owned())),
        }
    }
}
