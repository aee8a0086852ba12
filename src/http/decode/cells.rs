//! The cells of a JSON body: read and judged one by one, then made a batch.

use crate::http::json::{JsonReader, SyntaxError, Value};
use crate::model::batch::Batch;
use crate::model::category::Digits;
use crate::model::cell::Cell;
use crate::model::schema::{Feature, FeatureKind, Schema};

use super::diagnostics::Diagnostics;
use super::options::DecodeError;

/// The cells of a body; NaN where an error was noted.
pub(super) enum CellBuffer {
    /// Row-major, one cell a feature in schema order.
    Rows(Vec<f64>),
    /// One column a feature, in schema order.
    Columns(Vec<Vec<f64>>),
    /// No usable tensor; the errors were noted.
    None,
}

impl CellBuffer {
    /// The batch, if nothing was wrong.
    ///
    /// # Errors
    /// 422: all that was noted.
    pub(super) fn into_batch(self, schema: &Schema, mut diagnostics: Diagnostics) -> Result<Batch, DecodeError> {
        if diagnostics.is_empty() {
            let batch = match self {
                Self::Rows(values) => Batch::from_rows(schema, values),
                Self::Columns(columns) => Batch::from_columns(schema, &columns),
                Self::None => Err("the body holds no rows".to_owned()),
            };
            match batch {
                Ok(batch) => return Ok(batch),
                Err(text) => diagnostics.add(&[], || text),
            }
        }
        Err(DecodeError::Schema(diagnostics))
    }
}

/// Judges one cell; one that does not fit is given to `note` and read as NaN. Once the diagnostics are full, cells are
/// skipped unjudged.
#[inline]
pub(super) fn read_cell<'a>(
    reader: &mut JsonReader<'a>,
    feature: &Feature,
    value: &Value<'a>,
    diagnostics: &mut Diagnostics,
    note: impl FnOnce(&mut Diagnostics, String),
) -> Result<f64, SyntaxError> {
    let cell = match value {
        _ if diagnostics.is_full() => {
            reader.skip_rest(value)?;
            return Ok(f64::NAN);
        }
        Value::Number(number) if feature.kind == FeatureKind::Numeric => Cell::Number(*number),
        Value::Number(number) => Cell::Digits(Digits { value: *number, text: reader.last_number(), by_value: false }),
        Value::Text(text) => Cell::Text(text),
        Value::Bool(truth) => Cell::Bool(*truth),
        Value::Null => Cell::Missing,
        Value::Array | Value::Object => {
            reader.skip_rest(value)?;
            note(diagnostics, not_a_cell(feature, value));
            return Ok(f64::NAN);
        }
    };
    Ok(feature.read(cell).unwrap_or_else(|error| {
        note(diagnostics, error);
        f64::NAN
    }))
}

fn not_a_cell(feature: &Feature, value: &Value<'_>) -> String {
    let expected = match feature.kind {
        FeatureKind::Numeric => "a number",
        FeatureKind::Categorical => "a category",
        FeatureKind::Date(_) => "a date as text",
    };
    format!("{} must be {expected}, not {}{}", feature.name, value.noun(), feature.hint())
}
