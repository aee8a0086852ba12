//! An input's elements in binary: little-endian numbers, or bytes after their four-byte length.
//!
//! Sizes must agree to the byte; a NaN is a missing number; errors name the row, because JSON pointers have no place
//! here.

use crate::http::decode::diagnostics::Diagnostics;
use crate::http::decode::pointer::Step;
use crate::http::tensor::Datatype;
use crate::model::category::Digits;
use crate::model::cell::Cell;
use crate::model::schema::FeatureKind;

use super::table::InputLayout;

/// Reads the cells of `layout` from exactly `bytes`, row-major, NaN where an error was noted. It allocates at most
/// eight times the length of `bytes`.
pub(super) fn read(bytes: &[u8], layout: &InputLayout<'_>, diagnostics: &mut Diagnostics) -> Vec<f64> {
    let mut cells = BinaryCells { layout, values: Vec::new(), diagnostics };
    match layout.datatype.size() {
        Some(size) => cells.numbers(bytes, size),
        None => cells.texts(bytes),
    }
    cells.values
}

/// The cells read so far.
struct BinaryCells<'f, 's> {
    layout: &'f InputLayout<'s>,
    values: Vec<f64>,
    diagnostics: &'f mut Diagnostics,
}

impl BinaryCells<'_, '_> {
    fn numbers(&mut self, bytes: &[u8], size: usize) {
        let (expected, datatype) = (self.layout.len().saturating_mul(size), self.layout.datatype);
        if bytes.len() != expected {
            let (shape, got) = (self.layout.shape, bytes.len());
            self.wrong_size(&format!("{datatype} of shape {shape} is {expected} bytes, not {got}"));
            return;
        }
        self.values.reserve_exact(self.layout.len());
        let features = self.layout.features;
        for row in bytes.chunks_exact(size * features.len()) {
            for (column, element) in row.chunks_exact(size).enumerate() {
                let text;
                let cell = match datatype.decode(element) {
                    Some(number) if datatype == Datatype::Bool => Some(Cell::Bool(number != 0.0)),
                    Some(number) if number.is_nan() => Some(Cell::Missing),
                    Some(number) if features[column].kind == FeatureKind::Numeric => Some(Cell::Number(number)),
                    Some(value) => {
                        text = datatype.text(element).unwrap_or_default();
                        Some(Cell::Digits(Digits { value, text: &text, by_value: datatype.is_float() }))
                    }
                    None => None,
                };
                self.cell(column, cell);
            }
        }
    }

    fn texts(&mut self, bytes: &[u8]) {
        let (mut rest, mut count, mut column) = (bytes, 0_usize, 0);
        while let Some((length, after)) = rest.split_first_chunk::<4>() {
            let length = usize::try_from(u32::from_le_bytes(*length)).unwrap_or(usize::MAX);
            let Some((text, after)) = after.split_at_checked(length) else { break };
            if count < self.layout.len() {
                self.cell(column, std::str::from_utf8(text).ok().map(Cell::Text));
            }
            rest = after;
            count += 1;
            column = if column + 1 == self.layout.features.len() { 0 } else { column + 1 };
        }
        if !rest.is_empty() {
            self.wrong_size(&format!("element {count} does not end within binary_data_size"));
        } else if count != self.layout.len() {
            let (shape, expected) = (self.layout.shape, self.layout.len());
            self.wrong_size(&format!("the bytes hold {count} elements, shape {shape} holds {expected}"));
        }
    }

    /// Checks an element; `None` is a value outside its datatype.
    #[inline]
    fn cell(&mut self, column: usize, cell: Option<Cell<'_>>) {
        if self.diagnostics.is_full() {
            self.values.push(f64::NAN);
            return;
        }
        let feature = &self.layout.features[column];
        let read = match cell {
            Some(cell) => feature.read(cell),
            None if self.layout.datatype == Datatype::Bytes => Err(format!("{} is not UTF-8", feature.name)),
            None => Err(format!("{} is neither 0 nor 1", feature.name)),
        };
        let value = read.unwrap_or_else(|detail| {
            let row = self.values.len() / self.layout.features.len();
            let place = [Step::Key("inputs"), Step::Index(self.layout.index)];
            self.diagnostics.add(&place, || format!("row {row}: {detail}"));
            f64::NAN
        });
        self.values.push(value);
    }

    fn wrong_size(&mut self, detail: &str) {
        let steps = ["parameters", "binary_data_size"].map(Step::Key);
        let place = [[Step::Key("inputs"), Step::Index(self.layout.index)], steps].concat();
        self.diagnostics.add(&place, || detail.to_owned());
    }
}
