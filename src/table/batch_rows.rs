//! The rows of a Parquet or Arrow input, streamed against a schema.

use std::cell::OnceCell;
use std::sync::Arc;

use arrow_array::{ArrayRef, RecordBatch, new_empty_array};

use super::columnar::{Batches, Columns, names, visit};
use super::error::{CellProblem, TableError};
use super::header::{map_columns, renamed, without_column};
use super::refused::CheckedRows;
use crate::model::batch::Batch;
use crate::model::schema::Schema;

/// Reads rows that fit a schema.
#[derive(Debug)]
pub(super) struct BatchRows<'s> {
    batches: Batches,
    schema: &'s Schema,
    header: Vec<String>,
    /// The column of each feature; none where it is missing in every row.
    columns: Vec<Option<usize>>,
    /// What is left of the last record batch.
    rest: Option<RecordBatch>,
    /// The rows of the last chunk, and their texts where they were asked for.
    chunk: Option<RecordBatch>,
    texts: Vec<OnceCell<Texts>>,
    /// Rows of the chunks before the last.
    before: u64,
}

/// The texts of one column's cells.
#[derive(Debug, Default)]
struct Texts {
    text: String,
    /// Where each ends.
    ends: Vec<usize>,
}

impl<'s> BatchRows<'s> {
    /// Finds each feature's column. `passes_any` says that columns of other names may be of types that are not read.
    pub(super) fn new(batches: Batches, schema: &'s Schema, passes_any: bool) -> Result<Self, TableError> {
        let header = names(batches.schema());
        let columns = map_columns(&header, batches.name(), schema)?;
        batches.check(|column| passes_any && !columns.contains(&Some(column)))?;
        Ok(Self { batches, schema, header, columns, rest: None, chunk: None, texts: Vec::new(), before: 0 })
    }

    pub(super) fn header(&self) -> &[String] {
        &self.header
    }

    /// The features without a column, in schema order.
    pub(super) fn absent(&self) -> impl Iterator<Item = &'s str> {
        without_column(self.schema, &self.columns)
    }

    pub(super) fn hint_for_absent(&self) -> String {
        renamed(self.absent(), &self.header, self.schema)
    }

    /// The next rows; `None` at the end.
    pub(super) fn next_chunk(&mut self, max_rows: usize) -> Result<Option<Batch>, TableError> {
        self.before += self.chunk.take().map_or(0, |chunk| chunk.num_rows() as u64);
        self.texts.clear();
        while self.rest.as_ref().is_none_or(|rest| rest.num_rows() == 0) {
            self.rest = self.batches.read()?;
            if self.rest.is_none() {
                let is_empty = self.before == 0;
                return if is_empty { Err(self.no_rows()) } else { Ok(None) };
            }
        }
        let Some(rest) = self.rest.take() else { return Ok(None) };
        let n_rows = rest.num_rows().min(max_rows);
        self.rest = Some(rest.slice(n_rows, rest.num_rows() - n_rows));
        let chunk = rest.slice(0, n_rows);
        let Self { schema, header, columns, .. } = &*self;
        let table = Columns { schema, file: self.batches.name(), header, of_features: columns };
        let mut values = Vec::with_capacity(n_rows * schema.n_features());
        let read = table.read(&chunk, self.before, &mut values);
        self.chunk = Some(chunk);
        self.texts.resize_with(self.header.len(), OnceCell::new);
        read?;
        let batch = Batch::from_rows(self.schema, values);
        batch.map(Some).map_err(|detail| TableError::Shape(format!("{}: {detail}", self.batches.name())))
    }

    /// The same, where rows that do not fit are told one by one.
    pub(super) fn next_checked(&mut self, max_rows: usize) -> Result<Option<CheckedRows>, TableError> {
        let whole = self.next_chunk(max_rows);
        let chunk = match (whole, &self.chunk) {
            (Err(TableError::Cells(_)), Some(chunk)) => chunk.clone(),
            (Ok(batch), _) => {
                return Ok(batch.map(|batch| CheckedRows { refused: vec![None; batch.n_rows()], batch: Some(batch) }));
            }
            (Err(error), _) => return Err(error),
        };
        let Self { schema, header, columns, .. } = &*self;
        let table = Columns { schema, file: self.batches.name(), header, of_features: columns };
        let (mut values, mut refused) = (Vec::new(), Vec::new());
        for row in 0..chunk.num_rows() {
            let start = values.len();
            match table.read(&chunk.slice(row, 1), self.before + row as u64, &mut values) {
                Ok(()) => refused.push(None),
                Err(TableError::Cells(problems)) => {
                    values.truncate(start);
                    let details: Vec<String> = problems.into_iter().map(|problem| problem.detail).collect();
                    refused.push(Some(details.join("; ")));
                }
                Err(error) => return Err(error),
            }
        }
        Ok(Some(CheckedRows { batch: Batch::from_rows(self.schema, values).ok(), refused }))
    }

    fn no_rows(&self) -> TableError {
        TableError::Shape(format!("{}: it has no rows", self.batches.name()))
    }

    /// The names of the columns, of pandas' index too.
    pub(super) fn field_names(&self) -> Vec<String> {
        self.batches.schema().fields().iter().map(|field| field.name().clone()).collect()
    }

    /// A column of the last chunk; empty before the first.
    pub(super) fn array(&self, column: usize) -> ArrayRef {
        let chunk = self.chunk.as_ref().map(|chunk| Arc::clone(chunk.column(column)));
        chunk.unwrap_or_else(|| new_empty_array(self.batches.schema().field(column).data_type()))
    }

    /// The text of a cell of the last chunk.
    pub(super) fn text(&self, row: usize, column: usize) -> &str {
        let (Some(chunk), Some(texts)) = (&self.chunk, self.texts.get(column)) else { return "" };
        let Texts { text, ends } = texts.get_or_init(|| {
            let mut texts = Texts::default();
            // A cell that cannot be written stays empty: features were read before, by the same visit.
            let _ = visit(chunk.column(column), &mut |_, value| {
                value.append_to(&mut texts.text);
                texts.ends.push(texts.text.len());
            });
            texts
        });
        let start = row.checked_sub(1).map_or(0, |before| ends.get(before).copied().unwrap_or_default());
        ends.get(row).map_or("", |end| &text[start..*end])
    }

    pub(super) fn refuse(&self, row: usize, cells: impl Iterator<Item = (usize, String)>) -> TableError {
        TableError::Cells(cells.map(|(feature, detail)| self.problem(row, self.columns[feature], detail)).collect())
    }

    pub(super) fn problem(&self, row: usize, column: Option<usize>, detail: String) -> CellProblem {
        let Self { schema, header, columns, .. } = self;
        let table = Columns { schema, file: self.batches.name(), header, of_features: columns };
        table.problem(row, self.before, column, detail)
    }
}
