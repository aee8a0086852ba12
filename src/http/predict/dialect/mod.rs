//! From a JSON body to a [`Batch`], whichever of the dialects it is written in, in one pass.
//!
//! Stands apart from the handler, which knows HTTP and nothing of shapes. A dialect is told by shape alone: an array
//! holds records; an object holds columns (of labelled values, lists, or one record's scalars) unless one of the
//! wrapping keys is there: `columns` and `data`, `dataframe_split`, `dataframe_records`, `instances`, `inputs`. The
//! routes of other protocols read wrapping keys alone ([`read_as`]); [`lines`] reads rows that come one a line.

mod columns;
mod faults;
mod labels;
pub mod lines;
mod object;
pub mod pointer;
mod protocol;
mod rows;
mod split;
mod wrapper;

use crate::config::ExtraFeatures;
use crate::http::json::{Reader, SyntaxError, Value};
use crate::http::problem::{Kind, Problem};
use crate::model::batch::Batch;
use crate::model::cell::Cell;
use crate::model::schema::{Feature, Kind as FeatureKind, Schema};

pub use faults::Faults;
pub(in crate::http) use faults::{missing_feature, unknown_feature};
pub use protocol::Protocol;

/// What a body is judged by.
#[derive(Debug, Clone, Copy)]
pub struct Rules<'s> {
    /// What a row must look like.
    pub schema: &'s Schema,
    /// The model's registered name, for the routes that an error names.
    pub model: &'s str,
    /// Most rows in a body.
    pub max_rows: usize,
    /// What unknown features do.
    pub extra: ExtraFeatures,
}

/// Why a body is not a batch.
#[derive(Debug)]
pub enum Refusal {
    /// It is not JSON: 400.
    Syntax(SyntaxError),
    /// It holds more rows than allowed: 413.
    TooManyRows(usize),
    /// It is JSON that does not fit the schema: 422.
    Schema(Faults),
}

impl From<SyntaxError> for Refusal {
    fn from(error: SyntaxError) -> Self {
        Self::Syntax(error)
    }
}

impl From<Refusal> for Problem {
    fn from(refusal: Refusal) -> Self {
        match refusal {
            Refusal::Syntax(error) => Self::new(Kind::Syntax, format!("The body is not JSON: {error}")),
            Refusal::TooManyRows(limit) => {
                Self::new(Kind::TooManyRows, format!("The body has more than the {limit} rows that a request may hold"))
            }
            Refusal::Schema(faults) => {
                let (errors, has_more) = faults.into_errors();
                Self::schema(errors, has_more)
            }
        }
    }
}

/// Cells of a body, each judged by its feature; NaN where an error was noted.
enum Cells {
    /// Row-major, one cell a feature in schema order.
    Rows(Vec<f64>),
    /// One column a feature, in schema order.
    Columns(Vec<Vec<f64>>),
    /// Nothing usable; errors were noted.
    None,
}

/// Reads a body. It is read to its end as JSON before it is judged by shape.
///
/// # Errors
/// [`Refusal`]; of a body that does not fit, up to 20 errors at once.
pub fn read(body: &[u8], rules: &Rules<'_>) -> Result<Batch, Refusal> {
    let mut reader = Reader::new(body)?;
    let mut faults = Faults::default();
    let value = reader.value()?;
    let cells = match value {
        Value::Object => object::read(&mut reader, rules, &mut faults)?,
        Value::Array => rows::read(&mut reader, rows::Place { root: &[], lists_allowed: false }, rules, &mut faults)?,
        scalar => {
            faults.add(&[], || format!("a body must be an object or an array of records, not {}", scalar.noun()));
            Cells::None
        }
    };
    reader.end()?;
    finish(cells, rules.schema, faults)
}

/// Reads a body of another server's client; also tells whether its rows came under `inputs`.
///
/// # Errors
/// As [`read`].
pub fn read_as(protocol: Protocol, body: &[u8], rules: &Rules<'_>) -> Result<(Batch, bool), Refusal> {
    let mut reader = Reader::new(body)?;
    let mut faults = Faults::default();
    let value = reader.value()?;
    let held = protocol.read(&mut reader, &value, rules, &mut faults)?;
    reader.end()?;
    Ok((finish(held.cells, rules.schema, faults)?, held.by_inputs))
}

/// Makes the batch if nothing was wrong.
fn finish(cells: Cells, schema: &Schema, mut faults: Faults) -> Result<Batch, Refusal> {
    if faults.is_empty() {
        let batch = match cells {
            Cells::Rows(values) => Batch::from_rows(schema, values),
            Cells::Columns(columns) => Batch::from_columns(schema, &columns),
            Cells::None => Err("the body holds no rows".to_owned()),
        };
        match batch {
            Ok(batch) => return Ok(batch),
            Err(text) => faults.add(&[], || text),
        }
    }
    Err(Refusal::Schema(faults))
}

/// Judges one cell; one that does not fit is handed to `note` and read as NaN. Once the errors are full, cells are
/// only read past.
#[inline]
fn read_cell<'a>(
    reader: &mut Reader<'a>,
    feature: &Feature,
    value: &Value<'a>,
    faults: &mut Faults,
    note: impl FnOnce(&mut Faults, String),
) -> Result<f64, SyntaxError> {
    let cell = match value {
        _ if faults.is_full() => {
            reader.skip(value)?;
            return Ok(f64::NAN);
        }
        Value::Number(number) => Cell::Number(*number),
        Value::Text(text) => Cell::Text(text),
        Value::Bool(truth) => Cell::Bool(*truth),
        Value::Null => Cell::Missing,
        Value::Array | Value::Object => {
            reader.skip(value)?;
            note(faults, not_a_cell(feature, value));
            return Ok(f64::NAN);
        }
    };
    Ok(feature.read(cell).unwrap_or_else(|error| {
        note(faults, error.to_string());
        f64::NAN
    }))
}

fn not_a_cell(feature: &Feature, value: &Value<'_>) -> String {
    let expected = match feature.kind {
        FeatureKind::Numeric => "a number",
        FeatureKind::Categorical => "a category",
    };
    format!("{} must be {expected}, not {}{}", feature.name, value.noun(), feature.hint())
}
