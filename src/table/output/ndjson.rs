//! Columns as NDJSON: a record a line.

use std::convert::Infallible;
use std::io::{self, Write};

use arrow_array::Array;

use crate::model::answer_table::{AnswerCell, cells};
use crate::model::labels::{self, LabelKind};
use crate::model::prediction::Answer;
use crate::model::schema::Schema;
use crate::table::columnar::{Value, visit};
use crate::table::ndjson::JsonCell;
use crate::text::number;

/// The cells of one column, each as `"name":value`.
pub(super) struct Column {
    text: Vec<u8>,
    /// Where each cell ends.
    ends: Vec<usize>,
    key: String,
}

impl Column {
    /// A column without cells.
    fn new(name: &str) -> Self {
        Self { text: Vec::new(), ends: Vec::new(), key: json(name) }
    }

    /// The cells of an array. One that is missing, or a number that JSON does not have, is null.
    pub(super) fn of(name: &str, array: &dyn Array) -> io::Result<Self> {
        let mut column = Self::new(name);
        let is_decimal = array.data_type().is_decimal();
        let visited = visit(array, &mut |_, value| {
            column.push(|text| match value {
                Value::Text(digits) if is_decimal => text.extend_from_slice(digits.as_bytes()),
                value => append(text, value),
            });
        });
        visited.map_err(|(_, detail)| io::Error::new(io::ErrorKind::InvalidData, detail))?;
        Ok(column)
    }

    /// Cells that were JSON before.
    pub(super) fn of_json<'a>(name: &str, cells: impl Iterator<Item = JsonCell<'a>>) -> Self {
        let mut column = Self::new(name);
        for cell in cells {
            column.push(|text| match cell {
                JsonCell::Null => text.extend_from_slice(b"null"),
                JsonCell::Text(value) => text.extend_from_slice(json(value).as_bytes()),
                JsonCell::Bool(_) | JsonCell::Number(_) => text.extend_from_slice(cell.text().as_bytes()),
            });
        }
        column
    }

    /// The columns of answers: a set of classes is a list, as over HTTP.
    pub(super) fn of_answers(names: &[String], schema: &Schema, predicted: &Answer) -> Vec<Self> {
        let mut columns: Vec<Self> = names.iter().map(|name| Self::new(name)).collect();
        let kind = schema.label_kind();
        for row in 0..predicted.prediction.n_rows() {
            let mut left = columns.iter_mut();
            let Ok(()) = cells(schema, predicted, row, |cell| {
                if let Some(column) = left.next() {
                    column.push(|text| match cell {
                        AnswerCell::Number(value) => append(text, Value::Float(value)),
                        AnswerCell::Label(label) => text.extend_from_slice(self::label(label, kind).as_bytes()),
                        AnswerCell::Set(set) => {
                            let labels: Vec<String> = set.into_iter().map(|label| self::label(label, kind)).collect();
                            text.extend_from_slice(format!("[{}]", labels.join(",")).as_bytes());
                        }
                    });
                }
                Ok::<(), Infallible>(())
            });
        }
        columns
    }

    fn push(&mut self, append: impl FnOnce(&mut Vec<u8>)) {
        self.text.extend_from_slice(self.key.as_bytes());
        self.text.push(b':');
        append(&mut self.text);
        self.ends.push(self.text.len());
    }

    fn cell(&self, row: usize) -> &[u8] {
        let start = row.checked_sub(1).map_or(0, |before| self.ends[before]);
        &self.text[start..self.ends[row]]
    }
}

/// Writes a line a row of columns of the same length.
pub(super) fn write(columns: &[Column], n_rows: usize, out: &mut impl Write) -> io::Result<()> {
    for row in 0..n_rows {
        for (at, column) in columns.iter().enumerate() {
            out.write_all(if at == 0 { b"{" } else { b"," })?;
            out.write_all(column.cell(row))?;
        }
        out.write_all(b"}\n")?;
    }
    Ok(())
}

fn append(text: &mut Vec<u8>, value: Value<'_>) {
    match value {
        Value::Float(value) if value.is_finite() => number::append(text, value),
        Value::Missing | Value::Float(_) => text.extend_from_slice(b"null"),
        Value::Signed(value) => text.extend_from_slice(itoa::Buffer::new().format(value).as_bytes()),
        Value::Unsigned(value) => text.extend_from_slice(itoa::Buffer::new().format(value).as_bytes()),
        Value::Bool(truth) => text.extend_from_slice(if truth { b"true" } else { b"false" }),
        Value::Text(value) => text.extend_from_slice(json(value).as_bytes()),
    }
}

/// A label as JSON has it.
fn label(label: &str, kind: LabelKind) -> String {
    let shown = labels::shown(label, kind);
    if kind == LabelKind::Text { json(&shown) } else { shown.into_owned() }
}

/// A text as JSON has it.
fn json(text: &str) -> String {
    serde_json::Value::from(text).to_string()
}
