//! Rows of a CSV in memory in its plainest form, quickly.
//!
//! It reads what has no quotes, the features' columns and no others, and cells that fit, and gives up on everything
//! else: [`RowReader`](super::RowReader) reads every CSV, gives the same, and tells what is wrong.

use memchr::{memchr, memchr2};

use super::cell::cell;
use super::header::Head;
use crate::model::batch::Batch;
use crate::model::cell::Cell;
use crate::model::schema::{FeatureKind, Schema};
use crate::text::number::{leading, parse_number};

/// Reads all rows, and tells whether there is a header line; none where [`RowReader`](super::RowReader) has to look.
pub fn read_plain(bytes: &[u8], schema: &Schema, head: Head, max_rows: usize) -> Option<(Batch, bool)> {
    let text = std::str::from_utf8(bytes).ok()?;
    if memchr(b'"', bytes).is_some() {
        return None;
    }
    let mut rows = PlainRows { text, bytes, at: 0, schema, columns: Vec::new() };
    let has_header = rows.header(head)?;
    let n_features = schema.n_features();
    // A cell and what ends it are two bytes at least, nearly always more.
    let mut values = Vec::with_capacity((bytes.len() / 4).min(max_rows * n_features));
    while rows.goes_on() {
        if values.len() == max_rows * n_features {
            return None;
        }
        rows.row(&mut values)?;
    }
    Batch::from_rows(schema, values).ok().map(|batch| (batch, has_header))
}

/// A cursor over the lines.
struct PlainRows<'a> {
    text: &'a str,
    bytes: &'a [u8],
    at: usize,
    schema: &'a Schema,
    /// The feature of each column.
    columns: Vec<usize>,
}

impl PlainRows<'_> {
    /// Finds each column's feature; true when a header line named them.
    fn header(&mut self, head: Head) -> Option<bool> {
        if !self.goes_on() {
            return None;
        }
        let end = memchr(b'\n', &self.bytes[self.at..]).map_or(self.bytes.len(), |n| self.at + n);
        let line = &self.text[self.at..end];
        let line = line.trim_end_matches('\r');
        let n_features = self.schema.n_features();
        if head.is_absent(line.split(','), self.schema) {
            self.columns = (0..n_features).collect();
            return Some(false);
        }
        self.at = (end + 1).min(self.bytes.len());
        let feature = |name: &str| self.schema.position(name).or_else(|| self.schema.position(name.trim()));
        self.columns = line.split(',').map(feature).collect::<Option<_>>()?;
        let mut is_there = vec![false; n_features];
        self.columns.iter().for_each(|feature| is_there[*feature] = true);
        // A first line of numbers may be a row or a header of numeric names: `RowReader` decides.
        let has_words = line.split(',').any(|name| parse_number(name).is_none());
        (has_words && self.columns.len() == n_features && is_there.iter().all(|there| *there)).then_some(true)
    }

    /// Moves past blank lines; false at the end.
    fn goes_on(&mut self) -> bool {
        loop {
            let rest = &self.bytes[self.at..];
            let n_cr = rest.iter().take_while(|byte| **byte == b'\r').count();
            match rest.get(n_cr) {
                None => return false,
                Some(b'\n') => self.at += n_cr + 1,
                Some(_) => return true,
            }
        }
    }

    /// Reads a line of as many cells as there are columns.
    fn row(&mut self, values: &mut Vec<f64>) -> Option<()> {
        let start = values.len();
        let n = self.columns.len();
        values.resize(start + n, 0.0);
        for column in 0..n {
            values[start + self.columns[column]] = self.cell(column, column + 1 == n)?;
        }
        Some(())
    }

    /// Reads a cell, and past what ends it: the line's end if it is the last, else a comma.
    #[inline]
    fn cell(&mut self, column: usize, is_last: bool) -> Option<f64> {
        let feature = &self.schema.features()[self.columns[column]];
        // Nearly all cells are numbers.
        if feature.kind == FeatureKind::Numeric
            && let Some((number, length)) = leading(&self.bytes[self.at..])
            && let Some(after) = after(&self.bytes[self.at + length..], is_last)
        {
            self.at += length + after;
            return feature.read(Cell::Number(number)).ok();
        }
        let rest = &self.bytes[self.at..];
        let length = memchr2(b',', b'\n', rest).unwrap_or(rest.len());
        if (rest.get(length) == Some(&b',')) == is_last {
            return None;
        }
        if !is_last && length == rest.len() {
            return None;
        }
        let text = &self.text[self.at..self.at + length];
        let text = if is_last { text.trim_end_matches('\r') } else { text };
        self.at = (self.at + length + 1).min(self.bytes.len());
        feature.read(cell(feature, text)).ok()
    }
}

/// The bytes that end a cell, if it ends here.
#[inline]
fn after(rest: &[u8], is_last: bool) -> Option<usize> {
    match (rest, is_last) {
        ([b',', ..], false) | ([b'\n', ..] | [b'\r'], true) => Some(1),
        ([b'\r', b'\n', ..], true) => Some(2),
        ([], true) => Some(0),
        _ => None,
    }
}
