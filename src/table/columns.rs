//! The columns of a table that are wanted, typed as decided: numbers that the first pass kept, and others by a second
//! pass.

use std::collections::HashMap;

use arrow_array::RecordBatch;

use super::columnar::{Value, as_f64, plain_floats, unsigned_as_f64, visit};
use super::dates::date;
use super::error::{CellProblem, TableError};
use super::ndjson::JsonCell;
use super::options::TextOptions;
use super::part::{Content, Part};
use super::record::Record;
use super::scan::Scan;
use super::spelling::Spellings;
use super::token::{Token, judge};
use crate::model::cell::MAX_ABS;
use crate::model::schema::FeatureKind;
use crate::text::date::DateForm;
use crate::text::missing::is_missing_word;
use crate::text::shorten::shortened;

/// One column's cells, in row order.
#[derive(Debug, Clone, PartialEq)]
pub enum Cells {
    /// Finite numbers no larger in size than 1e150, of dates seconds since 1970; NaN where missing; shape `[n_rows]`.
    Numbers(Vec<f64>),
    /// Text, trimmed.
    Texts {
        /// Positions in `names`, `None` where missing; shape `[n_rows]`.
        cells: Vec<Option<u32>>,
        /// The distinct texts, in order of first appearance.
        names: Vec<String>,
    },
}

/// A column in the making.
struct ColumnBuilder {
    column: usize,
    cells: Cells,
    known: HashMap<String, u32>,
    words_are_missing: bool,
    /// How dates are written, in a column of them.
    date: Option<DateForm>,
}

impl Scan<'_> {
    /// Reads the `wanted` columns (position and kind), in that order.
    ///
    /// In a categorical column missing words are missing only where all else is numbers (`--categorical` on a column
    /// of codes); in a column with text they are categories.
    ///
    /// # Errors
    /// [`TableError::Cells`] for text or too large a number in a numeric column, or for what is no date in one of dates.
    pub fn read(&mut self, wanted: &[(usize, FeatureKind)]) -> Result<Vec<Cells>, TableError> {
        let are_numeric: Vec<bool> = wanted.iter().map(|(column, _)| self.columns[*column].is_numeric()).collect();
        self.read_like(&are_numeric, wanted)
    }

    /// The same, where missing words are missing in the columns that `are_numeric`, shape `[n_wanted]`: so that a second
    /// file is read as the first was.
    ///
    /// # Errors
    /// As [`Self::read`].
    pub fn read_like(
        &mut self,
        are_numeric: &[bool],
        wanted: &[(usize, FeatureKind)],
    ) -> Result<Vec<Cells>, TableError> {
        let kept: Vec<Option<Vec<f64>>> = wanted
            .iter()
            .map(|(column, kind)| self.columns[*column].values.take_if(|_| *kind == FeatureKind::Numeric))
            .collect();
        let others = wanted.iter().zip(are_numeric).zip(&kept).filter(|(_, kept)| kept.is_none());
        let mut builders: Vec<ColumnBuilder> =
            others.map(|(((column, kind), are_numeric), _)| self.builder(*column, *kind, *are_numeric)).collect();
        if !builders.is_empty() {
            self.read_into(&mut builders)?;
        }
        let mut read = builders.into_iter().map(|builder| builder.cells);
        Ok(kept.into_iter().filter_map(|kept| kept.map(Cells::Numbers).or_else(|| read.next())).collect())
    }

    /// Reads the bytes again, for the columns of these builders.
    fn read_into(&self, builders: &mut [ColumnBuilder]) -> Result<(), TableError> {
        let options = &self.file.options;
        let mut row = 0;
        for (part, order) in self.file.parts.iter().zip(&self.orders) {
            match &part.content {
                Content::Text { .. } => read_text(part, options, order, builders, &mut row)?,
                Content::Columns { batches, .. } => {
                    let start = row;
                    for batch in batches {
                        read_batch((part, batch), options, order, builders, (row, start))?;
                        row += batch.num_rows() as u64;
                    }
                }
            }
        }
        Ok(())
    }

    fn builder(&self, column: usize, kind: FeatureKind, words_are_missing: bool) -> ColumnBuilder {
        let n_rows = self.n_rows();
        let cells = match kind {
            FeatureKind::Numeric | FeatureKind::Date(_) => Cells::Numbers(Vec::with_capacity(n_rows)),
            FeatureKind::Categorical => Cells::Texts { cells: Vec::with_capacity(n_rows), names: Vec::new() },
        };
        let date = if let FeatureKind::Date(form) = kind { Some(form) } else { None };
        ColumnBuilder { column, cells, known: HashMap::new(), words_are_missing, date }
    }
}

/// Reads a text's records.
fn read_text(
    part: &Part,
    options: &TextOptions,
    order: &[usize],
    builders: &mut [ColumnBuilder],
    row: &mut u64,
) -> Result<(), TableError> {
    let mut records = part.records(options)?;
    let mut record = Record::default();
    while records.read(&mut record)? {
        for builder in &mut *builders {
            let column = order[builder.column];
            let pushed = if part.is_ndjson() {
                builder.push_json(JsonCell::of(&record, column), options)
            } else {
                builder.push(record.field(column), options)
            };
            pushed.map_err(|detail| {
                let place = records.place(Some(column));
                TableError::Cells(vec![CellProblem { place, row: *row, detail }])
            })?;
        }
        *row += 1;
    }
    Ok(())
}

/// Reads a record batch, whose first row is the first of `(row, start)` where the file's first row is the second.
fn read_batch(
    (part, batch): (&Part, &RecordBatch),
    options: &TextOptions,
    order: &[usize],
    builders: &mut [ColumnBuilder],
    (row, start): (u64, u64),
) -> Result<(), TableError> {
    for builder in builders {
        let column = order[builder.column];
        if let Some(values) = plain_floats(batch.column(column))
            && builder.push_floats(values)
        {
            continue;
        }
        let mut wrong = None;
        let visited = visit(batch.column(column), &mut |at, value| {
            if wrong.is_none() {
                wrong = builder.push_value(value, options).err().map(|detail| (at, detail));
            }
        });
        if let Some((at, detail)) = wrong.or(visited.err()) {
            let row = row + at as u64;
            let place = part.place(row - start, column);
            return Err(TableError::Cells(vec![CellProblem { place, row, detail }]));
        }
    }
    Ok(())
}

impl Cells {
    /// Puts the cells of another column of the same kind behind these.
    pub fn append(&mut self, other: Self) {
        match (self, other) {
            (Self::Numbers(values), Self::Numbers(mut more)) => values.append(&mut more),
            (Self::Texts { cells, names }, Self::Texts { cells: more, names: others }) => {
                let mut known: HashMap<String, usize> =
                    names.iter().enumerate().map(|(at, name)| (name.clone(), at)).collect();
                let mut position = Vec::with_capacity(others.len());
                for name in others {
                    let at = *known.entry(name).or_insert_with_key(|name| {
                        names.push(name.clone());
                        names.len() - 1
                    });
                    position.push(u32::try_from(at).unwrap_or(u32::MAX));
                }
                cells.extend(more.into_iter().map(|cell| cell.map(|code| position[code as usize])));
            }
            // A column of another kind holds nothing that these could.
            (Self::Numbers(values), Self::Texts { cells, .. }) => values.extend(cells.iter().map(|_| f64::NAN)),
            (Self::Texts { cells, .. }, Self::Numbers(more)) => cells.extend(more.iter().map(|_| None)),
        }
    }
}

impl ColumnBuilder {
    /// Takes floats within bounds, or missing; false where they are not to be numbers.
    fn push_floats(&mut self, floats: &[f64]) -> bool {
        match (&mut self.cells, self.date) {
            (Cells::Numbers(values), None) => {
                values.extend_from_slice(floats);
                true
            }
            _ => false,
        }
    }

    /// Takes a typed cell.
    fn push_value(&mut self, value: Value<'_>, options: &TextOptions) -> Result<(), String> {
        let number = match value {
            Value::Float(number) => Some(number),
            Value::Signed(number) => Some(as_f64(number)),
            Value::Unsigned(number) => Some(unsigned_as_f64(number)),
            Value::Missing | Value::Bool(_) | Value::Text(_) => None,
        };
        match (&mut self.cells, number) {
            (Cells::Numbers(values), Some(number)) if self.date.is_none() && number.abs() <= MAX_ABS => {
                values.push(number);
                Ok(())
            }
            _ => {
                let mut text = String::new();
                value.append_to(&mut text);
                // A typed number is written as JSON has it, whatever the marks of texts are.
                if number.is_some() { self.push(&text, &options.plain()) } else { self.push(&text, options) }
            }
        }
    }

    /// Takes a cell of JSON, where a string is text whatever it spells.
    fn push_json(&mut self, cell: JsonCell<'_>, options: &TextOptions) -> Result<(), String> {
        match (cell, &self.cells) {
            (JsonCell::Bool(truth), _) => self.push_value(Value::Bool(truth), options),
            (JsonCell::Number(text), _) => self.push(text, &options.plain()),
            (JsonCell::Text(text), Cells::Numbers(_)) if self.date.is_none() && !options.is_missing(text.trim()) => {
                Err(format!(
                    "{} is text, not a number: a number has no quotes, and a missing cell is null",
                    shortened(text)
                ))
            }
            (JsonCell::Null | JsonCell::Text(_), _) => self.push(cell.text(), options),
        }
    }

    fn push(&mut self, text: &str, options: &TextOptions) -> Result<(), String> {
        match &mut self.cells {
            Cells::Numbers(values) => values.push(match self.date {
                Some(_) if options.is_missing(text.trim()) => f64::NAN,
                Some(form) => date(text.trim(), form)?,
                None => number(text, options)?,
            }),
            Cells::Texts { cells, names } => {
                let text = text.trim();
                if text.is_empty() || options.is_missing(text) || self.words_are_missing && is_missing_word(text) {
                    cells.push(None);
                    return Ok(());
                }
                let position = match self.known.get(text) {
                    Some(position) => *position,
                    None => intern(text, names, &mut self.known)?,
                };
                cells.push(Some(position));
            }
        }
        Ok(())
    }
}

fn intern(text: &str, names: &mut Vec<String>, known: &mut HashMap<String, u32>) -> Result<u32, String> {
    let position = u32::try_from(names.len()).map_err(|_| "more than 4,294,967,295 distinct texts".to_owned())?;
    names.push(text.to_owned());
    known.insert(text.to_owned(), position);
    Ok(position)
}

fn number(text: &str, options: &TextOptions) -> Result<f64, String> {
    let token = judge(text, options);
    let text = text.trim();
    match token {
        Token::Empty | Token::MissingWord => Ok(f64::NAN),
        Token::Number(v) if v.abs() <= MAX_ABS => Ok(v),
        Token::Number(_) | Token::Infinite => {
            Err(format!("{text} is larger in size than {MAX_ABS:e}, the most that training computes with"))
        }
        Token::Text => Err(match Spellings::of(text).advice(text, options.numerals) {
            Some(advice) => format!("{text:?} is not a number; {advice}"),
            None => format!("{text:?} is not a number; correct it or leave the cell empty"),
        }),
    }
}
