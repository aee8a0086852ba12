//! An input's `data`: its elements flat and row-major, or nested as its shape.
//!
//! The hot loop of the protocol: an element goes through its feature's check straight into the cells.

use crate::http::decode::diagnostics::Diagnostics;
use crate::http::decode::options::DecodeError;
use crate::http::decode::pointer::Step;
use crate::http::json::{JsonReader, Value};
use crate::http::tensor::Datatype;
use crate::model::category::Digits;
use crate::model::cell::Cell;
use crate::model::schema::{Feature, FeatureKind};
use crate::text::number::is_integer;

use super::table::InputLayout;

/// Reads the rest of `data`: the cells of `layout`, row-major, NaN where an error was noted.
///
/// # Errors
/// It is not JSON.
pub(super) fn read(
    reader: &mut JsonReader<'_>,
    layout: &InputLayout<'_>,
    diagnostics: &mut Diagnostics,
) -> Result<Vec<f64>, DecodeError> {
    // An element and its comma take at least two bytes: a large shape alone allocates nothing.
    let capacity = layout.len().min(reader.remaining() / 2 + 1);
    let mut cells = ElementCells { layout, n_elements: layout.len(), values: Vec::with_capacity(capacity) };
    if !reader.next_element()? {
        cells.check_count(0, diagnostics);
        return Ok(cells.values);
    }
    let start = reader.position();
    match reader.next_value()? {
        Value::Array => cells.nested(reader, diagnostics)?,
        first => cells.flat(reader, first, start, diagnostics)?,
    }
    Ok(cells.values)
}

/// The cells read so far.
struct ElementCells<'f, 's> {
    layout: &'f InputLayout<'s>,
    /// [`InputLayout::len`].
    n_elements: usize,
    values: Vec<f64>,
}

impl ElementCells<'_, '_> {
    /// Reads elements one after the other, the first just read.
    fn flat<'a>(
        &mut self,
        reader: &mut JsonReader<'a>,
        first: Value<'a>,
        start: usize,
        diagnostics: &mut Diagnostics,
    ) -> Result<(), DecodeError> {
        let (mut value, mut start) = (first, start);
        let (mut count, mut column) = (0, 0);
        loop {
            self.cell(reader, column, &value, start, [count, NOWHERE], diagnostics)?;
            count += 1;
            column = if column + 1 == self.layout.features.len() { 0 } else { column + 1 };
            if !reader.next_element()? {
                break;
            }
            start = reader.position();
            value = reader.next_value()?;
        }
        self.check_count(count, diagnostics);
        Ok(())
    }

    /// Reads rows; the first one's bracket was read.
    fn nested(&mut self, reader: &mut JsonReader<'_>, diagnostics: &mut Diagnostics) -> Result<(), DecodeError> {
        let (width, mut n_rows) = (self.layout.features.len(), 0);
        let mut row = Value::Array;
        loop {
            if row == Value::Array {
                let mut column = 0;
                while reader.next_element()? {
                    let start = reader.position();
                    let value = reader.next_value()?;
                    // Extra elements of a row are counted, not judged.
                    if column < width {
                        self.cell(reader, column, &value, start, [n_rows, column], diagnostics)?;
                    } else {
                        reader.skip_rest(&value)?;
                    }
                    column += 1;
                }
                if column != width {
                    let shape = self.layout.shape;
                    let detail = || format!("the row has {column} elements, the shape is {shape}");
                    diagnostics.add(&self.steps([n_rows, NOWHERE]), detail);
                }
            } else {
                diagnostics
                    .add(&self.steps([n_rows, NOWHERE]), || format!("a row must be an array, not {}", row.noun()));
                reader.skip_rest(&row)?;
            }
            n_rows += 1;
            if !reader.next_element()? {
                break;
            }
            row = reader.next_value()?;
        }
        if n_rows != self.layout.n_rows {
            let shape = self.layout.shape;
            diagnostics.add(&self.steps([NOWHERE; 2]), || format!("data has {n_rows} rows, the shape is {shape}"));
        }
        Ok(())
    }

    /// Judges an element; elements beyond the shape are skipped.
    #[inline]
    fn cell<'a>(
        &mut self,
        reader: &mut JsonReader<'a>,
        column: usize,
        value: &Value<'a>,
        start: usize,
        at: [usize; 2],
        diagnostics: &mut Diagnostics,
    ) -> Result<(), DecodeError> {
        // The usual case.
        let datatype = self.layout.datatype;
        if let Value::Number(number) = value
            && !matches!(datatype, Datatype::Bool | Datatype::Bytes)
            && self.values.len() < self.n_elements
            && self.layout.features[column].kind == FeatureKind::Numeric
            && let Some(number) = datatype.number(*number, || reader.text_since(start).to_owned())
            && let Ok(cell) = self.layout.features[column].read(Cell::Number(number))
        {
            self.values.push(cell);
            return Ok(());
        }
        self.other_cell(reader, column, value, start, at, diagnostics)
    }

    #[inline(never)]
    fn other_cell<'a>(
        &mut self,
        reader: &mut JsonReader<'a>,
        column: usize,
        value: &Value<'a>,
        start: usize,
        at: [usize; 2],
        diagnostics: &mut Diagnostics,
    ) -> Result<(), DecodeError> {
        if self.values.len() >= self.n_elements || diagnostics.is_full() {
            return Ok(reader.skip_rest(value)?);
        }
        let feature = &self.layout.features[column];
        let text = reader.text_since(start).trim_ascii();
        let read = element(self.layout.datatype, feature, value, text).and_then(|cell| feature.read(cell));
        let cell = match read {
            Ok(cell) => cell,
            Err(detail) => {
                reader.skip_rest(value)?;
                diagnostics.add(&self.steps(at), || detail);
                f64::NAN
            }
        };
        self.values.push(cell);
        Ok(())
    }

    fn check_count(&self, count: usize, diagnostics: &mut Diagnostics) {
        if count != self.n_elements {
            let (shape, expected) = (self.layout.shape, self.n_elements);
            let detail = || format!("data has {count} elements, shape {shape} holds {expected}");
            diagnostics.add(&self.steps([NOWHERE; 2]), detail);
        }
    }

    /// The steps to an element, by its position or its row and column, or to all of `data`.
    fn steps(&self, at: [usize; 2]) -> Vec<Step<'static>> {
        let data = [Step::Key("inputs"), Step::Index(self.layout.index), Step::Key("data")];
        let within = at.into_iter().filter(|index| *index != NOWHERE).map(Step::Index);
        data.into_iter().chain(within).collect()
    }
}

/// No index.
const NOWHERE: usize = usize::MAX;

/// A JSON value, spelled `text`, as an element of this datatype.
fn element<'v>(datatype: Datatype, feature: &Feature, value: &'v Value<'_>, text: &'v str) -> Result<Cell<'v>, String> {
    match value {
        Value::Null => Ok(Cell::Missing),
        Value::Text(text) if datatype == Datatype::Bytes => Ok(Cell::Text(text)),
        Value::Bool(truth) if datatype == Datatype::Bool => Ok(Cell::Bool(*truth)),
        Value::Number(number) if datatype != Datatype::Bytes => match datatype.number(*number, || text.to_owned()) {
            Some(number) if datatype == Datatype::Bool => Ok(Cell::Bool(number != 0.0)),
            // An integer's digits are those that were sent, unless it was spelled as 1.0, 1e3 or -0.
            Some(value) => {
                let by_value = datatype.is_float() || !is_integer(text) || text == "-0";
                Ok(Cell::Digits(Digits { value, text, by_value }))
            }
            None => Err(unfit(datatype, feature, &number.to_string())),
        },
        other => Err(unfit(datatype, feature, other.noun())),
    }
}

/// The text for an element that is not of its tensor's datatype.
#[cold]
fn unfit(datatype: Datatype, feature: &Feature, got: &str) -> String {
    format!("{}: {datatype} holds {}, not {got}", feature.name, datatype.holds())
}
