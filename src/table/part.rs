//! One file of a table in memory: the text of a CSV, or columns of a type.

use arrow_array::RecordBatch;
use arrow_schema::DataType;

use super::column_scan::ColumnScan;
use super::columnar::{Value, names, plain_floats, visit};
use super::error::{CellProblem, Place, TableError, Unit};
use super::input::{Contents, TableInput};
use super::ndjson::JsonCell;
use super::options::TextOptions;
use super::record::Record;
use super::records::Records;
use crate::text::shorten::brief;

/// A file that was read whole.
#[derive(Debug, Clone)]
pub(super) struct Part {
    /// The name that errors give it.
    pub(super) name: String,
    pub(super) content: Content,
}

/// What a file holds.
#[derive(Debug, Clone)]
pub(super) enum Content {
    /// CSV.
    Text {
        bytes: Vec<u8>,
        /// True where it was made of NDJSON.
        is_ndjson: bool,
    },
    /// Parquet or Arrow.
    Columns {
        /// The columns' names.
        header: Vec<String>,
        /// The rows.
        batches: Vec<RecordBatch>,
    },
}

impl Part {
    /// CSV that is in memory.
    pub(super) fn csv(name: String, bytes: Vec<u8>) -> Self {
        Self { name, content: Content::Text { bytes, is_ndjson: false } }
    }

    /// Reads an input to its end.
    pub(super) fn read(input: TableInput) -> Result<Self, TableError> {
        let name = input.name().to_owned();
        let content = match input.recognise()? {
            Contents::Text { mut input, is_ndjson } => {
                let mut bytes = Vec::new();
                input.read_to_end(&mut bytes).map_err(|e| TableError::of_input(&name, &e))?;
                Content::Text { bytes, is_ndjson }
            }
            Contents::Columns(mut batches) => {
                batches.check(|_| false)?;
                let (header, mut all) = (names(batches.schema()), Vec::new());
                while let Some(batch) = batches.read()? {
                    all.push(batch);
                }
                Content::Columns { header, batches: all }
            }
        };
        Ok(Self { name, content })
    }

    /// What its places count.
    pub(super) fn unit(&self) -> Unit {
        match self.content {
            Content::Text { .. } => Unit::Line,
            Content::Columns { .. } => Unit::Row,
        }
    }

    /// True where cells are those of JSON.
    pub(super) fn is_ndjson(&self) -> bool {
        matches!(self.content, Content::Text { is_ndjson: true, .. })
    }

    /// The records below the header; none, where it has no text.
    pub(super) fn records(&self, options: &TextOptions) -> Result<Records<&[u8]>, TableError> {
        let (bytes, is_ndjson) = match &self.content {
            Content::Text { bytes, is_ndjson } => (bytes.as_slice(), *is_ndjson),
            Content::Columns { .. } => (&[][..], false),
        };
        let own = if is_ndjson { options.clone().of_ndjson() } else { options.clone() };
        let (mut records, first) = Records::open(bytes, &self.name, &own, |_| false)?;
        records.set_header(&first, |_| false)?;
        Ok(records)
    }

    /// Where a row is, from 0, of a file without lines.
    pub(super) fn place(&self, row: u64, column: usize) -> Place {
        let name = match &self.content {
            Content::Text { .. } => String::new(),
            Content::Columns { header, .. } => brief(&header[column]).into_owned(),
        };
        Place { file: self.name.clone(), line: row + 1, unit: Unit::Row, column: Some((column + 1, name)) }
    }

    /// What its columns hold; its rows' lines are put behind `lines`, the number of its first row behind `starts`.
    pub(super) fn scan(
        &self,
        options: &TextOptions,
        lines: &mut Vec<u64>,
        starts: &mut Vec<usize>,
    ) -> Result<Vec<ColumnScan>, TableError> {
        let start = lines.len();
        starts.push(start);
        let (columns, header_line) = match &self.content {
            Content::Text { .. } => self.scan_text(options, lines)?,
            Content::Columns { header, batches } => (self.scan_batches((header, batches), options, lines)?, 0),
        };
        match (lines.len() == start, &self.content) {
            (false, _) => Ok(columns),
            (true, Content::Text { .. }) => Err(TableError::no_rows(&self.name, header_line)),
            (true, Content::Columns { .. }) => Err(TableError::Shape(format!("{}: it has no rows", self.name))),
        }
    }

    fn scan_text(&self, options: &TextOptions, lines: &mut Vec<u64>) -> Result<(Vec<ColumnScan>, u64), TableError> {
        let mut records = self.records(options)?;
        let mut columns: Vec<ColumnScan> = records.header().iter().map(|name| ColumnScan::of_text(name)).collect();
        let header_line = records.line();
        let mut record = Record::default();
        while records.read(&mut record)? {
            lines.push(records.line());
            for (i, column) in columns.iter_mut().enumerate() {
                if self.is_ndjson() {
                    column.count_json(JsonCell::of(&record, i), records.line(), options);
                } else {
                    column.count(record.field(i), records.line(), options);
                }
            }
        }
        Ok((columns, header_line))
    }

    fn scan_batches(
        &self,
        (header, batches): (&[String], &[RecordBatch]),
        options: &TextOptions,
        lines: &mut Vec<u64>,
    ) -> Result<Vec<ColumnScan>, TableError> {
        let mut columns: Vec<ColumnScan> = header.iter().map(|name| ColumnScan::named(name)).collect();
        let mut first_row = 0;
        for batch in batches {
            for (at, (column, array)) in columns.iter_mut().zip(batch.columns()).enumerate() {
                if let Some(values) = plain_floats(array) {
                    column.count_floats(values);
                    continue;
                }
                let is_date = is_date(array.data_type());
                let visited = visit(array, &mut |row, value| {
                    if let Value::Text(text) = value
                        && is_date
                        && is_beyond(text)
                    {
                        column.first_beyond.get_or_insert_with(|| (first_row + row as u64 + 1, text.to_owned()));
                    }
                    column.count_value(value, first_row + row as u64 + 1, options);
                });
                visited.map_err(|(row, detail)| {
                    let row = first_row + row as u64;
                    TableError::Cells(vec![CellProblem { place: self.place(row, at), row, detail }])
                })?;
            }
            let n_rows = batch.num_rows() as u64;
            lines.extend((first_row..first_row + n_rows).map(|row| row + 1));
            first_row += n_rows;
        }
        Ok(columns)
    }
}

fn is_date(kind: &DataType) -> bool {
    matches!(kind, DataType::Date32 | DataType::Date64 | DataType::Timestamp(..))
}

/// True for a date outside of the years 1 to 9999, as [`visit`] writes it.
fn is_beyond(date: &str) -> bool {
    date.starts_with(['+', '-']) || date.starts_with("0000-")
}
