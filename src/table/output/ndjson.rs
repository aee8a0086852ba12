//! Columns as NDJSON: a record a line.

use std::io::{self, Write};

use arrow_array::RecordBatch;

use crate::table::columnar::{Value, visit};
use crate::text::number;

/// Writes a line a row. A cell that is missing, or a number that JSON does not have, is null.
pub(super) fn write(batch: &RecordBatch, out: &mut impl Write) -> io::Result<()> {
    let mut columns: Vec<(Vec<u8>, Vec<usize>)> = Vec::with_capacity(batch.num_columns());
    for (field, array) in batch.schema().fields().iter().zip(batch.columns()) {
        let (mut text, mut ends, key) = (Vec::new(), Vec::with_capacity(batch.num_rows()), json(field.name()));
        let visited = visit(array, &mut |_, value| {
            text.extend_from_slice(key.as_bytes());
            text.push(b':');
            append(&mut text, value);
            ends.push(text.len());
        });
        visited.map_err(|(_, detail)| io::Error::new(io::ErrorKind::InvalidData, detail))?;
        columns.push((text, ends));
    }
    for row in 0..batch.num_rows() {
        for (at, (text, ends)) in columns.iter().enumerate() {
            let start = row.checked_sub(1).map_or(0, |before| ends[before]);
            out.write_all(if at == 0 { b"{" } else { b"," })?;
            out.write_all(&text[start..ends[row]])?;
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

/// A text as JSON has it.
fn json(text: &str) -> String {
    serde_json::Value::from(text).to_string()
}
