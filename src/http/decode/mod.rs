//! From a body to a [`Batch`]: JSON in any dialect, NDJSON, CSV, Arrow, and tensors of the Open Inference Protocol.
//!
//! The shape of a JSON body decides its dialect: an array holds rows (each a record or a list of values); an object
//! holds columns (of labelled values, of lists, or of the values of a single record) unless it has a key that holds
//! rows: `columns` and `data`, `dataframe_split`, `dataframe_records`, `instances`, `inputs`. The routes of other
//! protocols read only those keys ([`read_as`]).

mod absent;
pub(super) mod arrow;
mod cells;
mod column;
mod columns;
pub(super) mod csv;
mod diagnostics;
mod labels;
pub mod ndjson;
mod object;
mod options;
mod places;
mod pointer;
mod protocol;
mod rows;
mod rows_key;
mod split;
pub mod tensors;

use crate::http::json::{JsonReader, Value};
use crate::model::batch::Batch;

use cells::CellBuffer;

pub use diagnostics::Diagnostics;
pub use options::{DecodeError, DecodeOptions};
pub use places::Places;
pub use pointer::Step;
pub use protocol::Protocol;

/// A body that fits.
#[derive(Debug)]
pub struct Decoded {
    /// Its rows.
    pub batch: Batch,
    /// Where their cells stand in it.
    pub places: Places,
    /// True when the rows came under `inputs`, by a route of another protocol.
    pub by_inputs: bool,
}

/// Reads a JSON body. It is read to its end as JSON before it is judged by shape.
///
/// # Errors
/// [`DecodeError`]; of a body that does not fit, up to 20 errors at once.
pub fn read(body: &[u8], options: &DecodeOptions<'_>) -> Result<Decoded, DecodeError> {
    let mut reader = JsonReader::new(body)?;
    let mut diagnostics = Diagnostics::default();
    let value = reader.next_value()?;
    let cells = match value {
        Value::Object => object::read(&mut reader, options, &mut diagnostics)?,
        Value::Array => {
            let place = rows::RowsPlace { root: &[], lists_allowed: true };
            rows::read(&mut reader, place, options, &mut diagnostics)?
        }
        scalar => {
            diagnostics.add(&[], || format!("a body must be an object or an array of rows, not {}", scalar.noun()));
            CellBuffer::None
        }
    };
    finish(&mut reader, cells, false, options, diagnostics)
}

/// Reads a JSON body of another protocol's client.
///
/// # Errors
/// As [`read`].
pub fn read_as(protocol: Protocol, body: &[u8], options: &DecodeOptions<'_>) -> Result<Decoded, DecodeError> {
    let mut reader = JsonReader::new(body)?;
    let mut diagnostics = Diagnostics::default();
    let value = reader.next_value()?;
    let (cells, by_inputs) = protocol.read(&mut reader, &value, options, &mut diagnostics)?;
    finish(&mut reader, cells, by_inputs, options, diagnostics)
}

/// Checks that the body ends here, and makes the cells a batch.
fn finish(
    reader: &mut JsonReader<'_>,
    cells: CellBuffer,
    by_inputs: bool,
    options: &DecodeOptions<'_>,
    diagnostics: Diagnostics,
) -> Result<Decoded, DecodeError> {
    reader.finish()?;
    let places = diagnostics.places();
    Ok(Decoded { batch: cells.into_batch(options.schema, diagnostics)?, places, by_inputs })
}
