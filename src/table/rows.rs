//! Rows streamed against a schema, chunk by chunk: for `predict` and the CSV dialect.
//!
//! Memory is one chunk's, whatever the input's length. Cells go through [`Feature::read`], as those of every dialect
//! do.

use std::io::Read;

use super::cell::{cell_of, flags_for};
use super::error::{CellProblem, MAX_PROBLEMS, Place, TableError};
use super::header::{Head, called, map_columns, renamed, set_header, without_column};
use super::ndjson::JsonCell;
use super::options::TextOptions;
use super::record::Record;
use super::records::Records;
use crate::model::batch::Batch;
use crate::model::cell::Cell;
use crate::model::schema::Schema;
use crate::text::did_you_mean::nearest;
use crate::text::shorten::{quoted, shortened};

/// Reads rows that fit a schema.
#[derive(Debug)]
pub struct RowReader<'s, R> {
    records: Records<R>,
    schema: &'s Schema,
    options: TextOptions,
    /// The column of each feature; none where it is missing in every row.
    columns: Vec<Option<usize>>,
    /// A column that must be empty.
    nothing: Option<usize>,
    has_header: bool,
    /// A first line that turned out to be a row.
    pending: Option<Record>,
    /// The records of the last chunk, when they are to be kept; else one that is reused.
    chunk: Vec<Record>,
    /// The lines of their rows.
    lines: Vec<u64>,
    in_chunk: usize,
    keep: bool,
    rows_read: u64,
}

impl<'s, R: Read> RowReader<'s, R> {
    /// The same as [`Self::with_options`], with none.
    ///
    /// # Errors
    /// As there.
    pub fn new(input: R, file: &str, schema: &'s Schema, head: Head) -> Result<Self, TableError> {
        Self::with_options(input, file, schema, head, TextOptions::default())
    }

    /// Reads the header and finds each feature's column, in any order; columns that the schema does not know are
    /// skipped. A feature without a column is missing in every row, where the model itself has a rule for missing
    /// cells. `file` is the input's name in errors.
    ///
    /// # Errors
    /// [`TableError`]: empty, a bad header, or missing columns.
    pub fn with_options(
        input: R,
        file: &str,
        schema: &'s Schema,
        head: Head,
        options: TextOptions,
    ) -> Result<Self, TableError> {
        let is_known = |name: &str| schema.position(name).is_some();
        let (mut records, first) = Records::open(input, file, &options, is_known)?;
        let absent = head.is_absent(first.iter(), schema);
        let pending = if absent {
            records.set_names(schema.features().iter().map(|f| f.name.clone()).collect());
            records.check_width(&first)?;
            Some(first)
        } else {
            set_header(&mut records, &first, schema)?;
            None
        };
        let columns = map_columns(records.header(), records.file(), schema)?;
        Ok(Self {
            records,
            schema,
            options,
            columns,
            nothing: None,
            has_header: !absent,
            pending,
            chunk: Vec::new(),
            lines: Vec::new(),
            in_chunk: 0,
            keep: false,
            rows_read: 0,
        })
    }

    /// Refuses columns that the schema does not know, but for a last one without a name, as a delimiter at the end of
    /// every line makes: a cell there is refused by [`Self::next_chunk`].
    ///
    /// # Errors
    /// [`TableError::Shape`].
    pub fn reject_unknown(mut self) -> Result<Self, TableError> {
        let last = self.header().len() - 1;
        self.nothing = Some(last).filter(|last| *last > 0 && self.header()[*last].is_empty());
        let is_unknown =
            |column: usize, name: &String| self.schema.position(name).is_none() && self.nothing != Some(column);
        let called = |(column, name)| is_unknown(column, name).then(|| called(name, column));
        let unknown: Vec<_> = self.header().iter().enumerate().filter_map(called).collect();
        let Some(first) = unknown.first() else { return Ok(self) };
        let near = nearest(first, self.schema.features().iter().map(|f| f.name.as_str()));
        let is_index = self.header().first().is_some_and(String::is_empty);
        let hint = match near {
            _ if is_index => {
                "; the header's first name is empty: pandas writes its index there, leave it out with index=False"
                    .to_owned()
            }
            near => near.map_or_else(String::new, |name| format!("; did you mean {name:?}?")),
        };
        let (file, names) = (self.records.file(), quoted(&unknown));
        Err(TableError::Shape(format!("{file}: no feature is called {names}{hint}")))
    }

    /// Keeps the cells of each chunk, those of unknown columns too, for [`RowReader::field`].
    #[must_use]
    pub fn keep_fields(mut self) -> Self {
        self.keep = true;
        self
    }

    /// The input's name in errors.
    pub fn file(&self) -> &str {
        self.records.file()
    }

    /// How the text is read.
    pub fn options(&self) -> &TextOptions {
        &self.options
    }

    /// What stands between the fields.
    pub fn delimiter(&self) -> u8 {
        self.records.delimiter()
    }

    /// The columns' names, in file order.
    pub fn header(&self) -> &[String] {
        self.records.header()
    }

    /// True when a feature has no column.
    pub fn is_sparse(&self) -> bool {
        self.columns.contains(&None)
    }

    /// The features without a column, in schema order.
    pub fn absent(&self) -> impl Iterator<Item = &'s str> {
        without_column(self.schema, &self.columns)
    }

    /// What a feature without a column may be called in the file, as the end of a sentence; empty where nothing is
    /// near.
    pub fn hint_for_absent(&self) -> String {
        renamed(self.absent(), self.header(), self.schema)
    }

    /// False when the first line was a row.
    pub fn has_header(&self) -> bool {
        self.has_header
    }

    /// The next `max_rows` rows or fewer; `None` at the end (after at least one row).
    ///
    /// # Errors
    /// [`TableError`]: a line of another width, not UTF-8, no row at all, or cells that do not fit, of which up to
    /// [`MAX_PROBLEMS`] of this chunk are gathered.
    pub fn next_chunk(&mut self, max_rows: usize) -> Result<Option<Batch>, TableError> {
        let mut values = Vec::with_capacity(max_rows.min(4_096) * self.schema.n_features());
        let mut problems = Vec::new();
        self.begin_chunk();
        let mut n_rows = 0;
        while n_rows < max_rows && problems.len() < MAX_PROBLEMS && self.read_record()? {
            self.read_cells(&mut values, &mut problems);
            self.end_record();
            n_rows += 1;
        }
        if !problems.is_empty() {
            return Err(TableError::Cells(problems));
        }
        if n_rows == 0 {
            self.check_any()?;
        }
        // The cells came through `Feature::read`, so only "no rows" can be refused here: the end.
        Ok(Batch::from_rows(self.schema, values).ok())
    }

    /// The cell of row `row` of the last chunk, from 0, as the file holds it; empty without [`Self::keep_fields`].
    pub fn field(&self, row: usize, column: usize) -> &str {
        match self.chunk[..self.in_chunk].get(row) {
            Some(record) if self.options.is_ndjson => JsonCell::of(record, column).text(),
            Some(record) => record.field(column),
            None => "",
        }
    }

    /// The same as JSON has it; none where the input is no NDJSON.
    pub(super) fn json_cell(&self, row: usize, column: usize) -> Option<JsonCell<'_>> {
        let record = self.chunk[..self.in_chunk].get(row).filter(|_| self.options.is_ndjson)?;
        Some(JsonCell::of(record, column))
    }

    /// The feature of a column.
    pub(super) fn feature_of(&self, column: usize) -> Option<usize> {
        self.columns.iter().position(|of| *of == Some(column))
    }

    /// Where row `row` of the last chunk is, read by [`RowReader::keep_fields`].
    pub(super) fn place(&self, row: usize) -> Place {
        self.problem_in(row, None, String::new()).place
    }

    /// The error for cells (feature, detail) of row `row` of that chunk.
    pub fn refuse(&self, row: usize, cells: impl Iterator<Item = (usize, String)>) -> TableError {
        TableError::Cells(cells.map(|(feature, detail)| self.problem_in(row, self.columns[feature], detail)).collect())
    }

    /// What is wrong with the cell in a column (its place in the file, from 0) of row `row` of that chunk.
    pub fn problem(&self, row: usize, column: usize, detail: String) -> CellProblem {
        self.problem_in(row, Some(column), detail)
    }

    fn problem_in(&self, row: usize, column: Option<usize>, detail: String) -> CellProblem {
        let mut place = self.records.place(column);
        place.line = self.line(row).unwrap_or(place.line);
        CellProblem { place, row: self.rows_read - self.lines.len() as u64 + row as u64, detail }
    }

    /// The line of row `row` of the last chunk, which was read by [`RowReader::keep_fields`].
    pub fn line(&self, row: usize) -> Option<u64> {
        self.lines.get(row).copied()
    }

    pub(super) fn schema(&self) -> &'s Schema {
        self.schema
    }

    /// Forgets the last chunk.
    pub(super) fn begin_chunk(&mut self) {
        self.in_chunk = 0;
        self.lines.clear();
    }

    /// Counts the record that was read, and keeps it where that is wished.
    pub(super) fn end_record(&mut self) {
        if self.keep {
            self.in_chunk += 1;
            self.lines.push(self.records.line());
        }
        self.rows_read += 1;
    }

    /// Refuses an input of no rows, at its end.
    pub(super) fn check_any(&self) -> Result<(), TableError> {
        if self.rows_read > 0 {
            return Ok(());
        }
        Err(TableError::no_rows(self.records.file(), self.records.line()))
    }

    /// Reads one record into the chunk's next place; false at the end.
    pub(super) fn read_record(&mut self) -> Result<bool, TableError> {
        if self.in_chunk == self.chunk.len() {
            self.chunk.push(Record::default());
        }
        let place = &mut self.chunk[self.in_chunk];
        if let Some(first) = self.pending.take() {
            *place = first;
            return Ok(true);
        }
        self.records.read(place)
    }

    pub(super) fn read_cells(&self, values: &mut Vec<f64>, problems: &mut Vec<CellProblem>) {
        let record = &self.chunk[self.in_chunk];
        if let Some(column) = self.nothing.filter(|column| !record.field(*column).trim().is_empty()) {
            let detail = format!("{} is in a column that has no name in the header", shortened(record.field(column)));
            problems.push(CellProblem { place: self.records.place(Some(column)), row: self.rows_read, detail });
        }
        for (feature, column) in self.schema.features().iter().zip(&self.columns) {
            let given = column.map_or(Cell::Missing, |column| cell_of(feature, record, column, &self.options));
            match feature.read(given) {
                Ok(value) => values.push(value),
                Err(detail) => {
                    let detail = detail + &flags_for(feature, given, &self.options);
                    let place = self.records.place(*column);
                    problems.push(CellProblem { place, row: self.rows_read, detail });
                    // What is wrong with a cell that is not told may take long to find out.
                    if problems.len() == MAX_PROBLEMS {
                        return;
                    }
                }
            }
        }
    }
}
