//! The rows of one or several inputs of any form, streamed against a schema, chunk by chunk.

use std::borrow::Cow;
use std::collections::VecDeque;
use std::io::Read;
use std::sync::Arc;

use arrow_array::{ArrayRef, Float64Array, StringArray};

use super::batch_rows::BatchRows;
use super::error::{CellProblem, Place, TableError};
use super::header::{Head, called, same_columns};
use super::input::{Contents, TableInput};
use super::ndjson::JsonCell;
use super::options::TextOptions;
use super::refused::CheckedRows;
use super::rows::RowReader;
use crate::model::batch::Batch;
use crate::model::schema::{FeatureKind, Schema};

/// Reads rows that fit a schema; the columns are those of the first input.
pub struct TableRows<'s> {
    schema: &'s Schema,
    options: TextOptions,
    /// Whether columns that are no features may be of types whose cells are not read.
    passes_any: bool,
    /// The inputs that are not open yet.
    waiting: VecDeque<TableInput>,
    current: Current<'s>,
    /// The first input's name and columns.
    file: String,
    header: Vec<String>,
    /// Where the current input has them.
    order: Vec<usize>,
}

impl std::fmt::Debug for TableRows<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("TableRows").field("file", &self.file).finish_non_exhaustive()
    }
}

/// The input that is read.
enum Current<'s> {
    Text(Box<RowReader<'s, Box<dyn Read>>>),
    Columns(Box<BatchRows<'s>>),
}

impl<'s> Current<'s> {
    fn open(
        input: TableInput,
        schema: &'s Schema,
        options: &TextOptions,
        passes_any: bool,
    ) -> Result<Self, TableError> {
        let name = input.name().to_owned();
        Ok(match input.recognise()? {
            Contents::Text { input, is_ndjson } => {
                let own = if is_ndjson { options.clone().of_ndjson() } else { options.clone() };
                let rows = RowReader::with_options(input, &name, schema, Head::Present, own)?;
                Self::Text(Box::new(rows.keep_fields()))
            }
            Contents::Columns(batches) => Self::Columns(Box::new(BatchRows::new(batches, schema, passes_any)?)),
        })
    }

    fn header(&self) -> &[String] {
        match self {
            Self::Text(rows) => rows.header(),
            Self::Columns(rows) => rows.header(),
        }
    }
}

impl<'s> TableRows<'s> {
    /// Reads the first input's header and finds each feature's column, in any order; a feature without a column is
    /// missing in every row, where the model itself has a rule for missing cells.
    ///
    /// # Errors
    /// [`TableError`]: no input, one that is empty or broken, a bad header, or missing columns.
    pub fn open(inputs: Vec<TableInput>, schema: &'s Schema, options: TextOptions) -> Result<Self, TableError> {
        Self::begin(inputs, schema, options, false)
    }

    /// The same, where columns that are no features may be of any type: they are passed on, in a form that has it.
    ///
    /// # Errors
    /// As [`Self::open`].
    pub fn open_passing(inputs: Vec<TableInput>, schema: &'s Schema, options: TextOptions) -> Result<Self, TableError> {
        Self::begin(inputs, schema, options, true)
    }

    fn begin(
        inputs: Vec<TableInput>,
        schema: &'s Schema,
        options: TextOptions,
        passes_any: bool,
    ) -> Result<Self, TableError> {
        let mut waiting = VecDeque::from(inputs);
        let first = waiting.pop_front().ok_or_else(|| TableError::Unreadable("no file is given".to_owned()))?;
        let file = first.name().to_owned();
        let current = Current::open(first, schema, &options, passes_any)?;
        let header = current.header().to_vec();
        let order = (0..header.len()).collect();
        Ok(Self { schema, options, passes_any, waiting, current, file, header, order })
    }

    /// The first input's name.
    pub fn file(&self) -> &str {
        &self.file
    }

    /// The columns' names, in the order of the first input; empty where one has none.
    pub fn header(&self) -> &[String] {
        &self.header
    }

    /// The features without a column, in schema order.
    pub fn absent(&self) -> Vec<&'s str> {
        match &self.current {
            Current::Text(rows) => rows.absent().collect(),
            Current::Columns(rows) => rows.absent().collect(),
        }
    }

    /// What a feature without a column may be called in the input, as the end of a sentence; empty where nothing is
    /// near.
    pub fn hint_for_absent(&self) -> String {
        match &self.current {
            Current::Text(rows) => rows.hint_for_absent(),
            Current::Columns(rows) => rows.hint_for_absent(),
        }
    }

    /// The next `max_rows` rows or fewer, all of one input; `None` at the end (after at least one row of each).
    ///
    /// # Errors
    /// [`TableError`]: an input that is broken, has no row or other columns than the first, or cells that do not fit,
    /// of which up to [`MAX_PROBLEMS`](super::MAX_PROBLEMS) of this chunk are gathered.
    pub fn next_chunk(&mut self, max_rows: usize) -> Result<Option<Batch>, TableError> {
        self.next_of(|current| match current {
            Current::Text(rows) => rows.next_chunk(max_rows),
            Current::Columns(rows) => rows.next_chunk(max_rows),
        })
    }

    /// The same, where rows that do not fit are told one by one.
    ///
    /// # Errors
    /// As [`Self::next_chunk`], but for cells that do not fit.
    pub fn next_checked(&mut self, max_rows: usize) -> Result<Option<CheckedRows>, TableError> {
        self.next_of(|current| match current {
            Current::Text(rows) => rows.next_checked(max_rows),
            Current::Columns(rows) => rows.next_checked(max_rows),
        })
    }

    /// How texts are read.
    pub fn options(&self) -> &TextOptions {
        match &self.current {
            Current::Text(rows) => rows.options(),
            Current::Columns(_) => &self.options,
        }
    }

    /// What stands between the fields of the current input; a comma where it has none.
    pub fn delimiter(&self) -> u8 {
        match &self.current {
            Current::Text(rows) => rows.delimiter(),
            Current::Columns(_) => self.options.delimiter.unwrap_or(b','),
        }
    }

    fn next_of<T>(
        &mut self,
        mut next: impl FnMut(&mut Current<'s>) -> Result<Option<T>, TableError>,
    ) -> Result<Option<T>, TableError> {
        loop {
            let rows = next(&mut self.current)?;
            if rows.is_some() {
                return Ok(rows);
            }
            let Some(next) = self.waiting.pop_front() else { return Ok(None) };
            let name = next.name().to_owned();
            self.current = Current::open(next, self.schema, &self.options, self.passes_any)?;
            self.order = same_columns(&self.header, &self.file, self.current.header(), &name)?;
        }
    }

    /// The columns' names as a file of types has them: one without a name is called by its place.
    pub(super) fn field_names(&self) -> Vec<String> {
        match &self.current {
            Current::Text(_) => {
                self.header.iter().enumerate().map(|(at, name)| called(name, at).into_owned()).collect()
            }
            Current::Columns(rows) => rows.field_names(),
        }
    }

    /// The columns of the last chunk, which is `batch`, in the order of the first input. Of a text the numeric features
    /// are numbers, all else is text; an empty field is null.
    pub(super) fn arrays(&self, batch: &Batch) -> Vec<ArrayRef> {
        let array = |column: &usize| match &self.current {
            Current::Columns(rows) => rows.array(*column),
            Current::Text(rows) => match rows.feature_of(*column) {
                Some(feature) if self.schema.features()[feature].kind == FeatureKind::Numeric => {
                    let cells = batch.rows().map(|cells| Some(cells[feature]).filter(|cell| !cell.is_nan()));
                    Arc::new(cells.collect::<Float64Array>()) as ArrayRef
                }
                _ => {
                    let texts = (0..batch.n_rows()).map(|row| rows.field(row, *column));
                    Arc::new(texts.map(|text| Some(text).filter(|text| !text.is_empty())).collect::<StringArray>())
                }
            },
        };
        self.order.iter().map(array).collect()
    }

    /// The text of a cell of row `row` of the last chunk, as a CSV file has it.
    pub fn text(&self, row: usize, column: usize) -> Cow<'_, str> {
        let column = self.order[column];
        match &self.current {
            Current::Text(rows) => Cow::Borrowed(rows.field(row, column)),
            Current::Columns(rows) => Cow::Borrowed(rows.text(row, column)),
        }
    }

    /// A cell of row `row` of the last chunk as JSON has it; none where its input is no NDJSON.
    pub(super) fn json_cell(&self, row: usize, column: usize) -> Option<JsonCell<'_>> {
        match &self.current {
            Current::Text(rows) => rows.json_cell(row, self.order[column]),
            Current::Columns(_) => None,
        }
    }

    /// The error for cells (feature, detail) of row `row` of the last chunk.
    pub fn refuse(&self, row: usize, cells: impl Iterator<Item = (usize, String)>) -> TableError {
        match &self.current {
            Current::Text(rows) => rows.refuse(row, cells),
            Current::Columns(rows) => rows.refuse(row, cells),
        }
    }

    /// What is wrong with the cell in a column (of the first input, from 0) of row `row` of the last chunk.
    pub fn problem(&self, row: usize, column: usize, detail: String) -> CellProblem {
        let column = self.order[column];
        match &self.current {
            Current::Text(rows) => rows.problem(row, column, detail),
            Current::Columns(rows) => rows.problem(row, Some(column), detail),
        }
    }

    /// Where row `row` of the last chunk is.
    pub fn place(&self, row: usize) -> Place {
        match &self.current {
            Current::Text(rows) => rows.place(row),
            Current::Columns(rows) => rows.problem(row, None, String::new()).place,
        }
    }
}
