//! A whole Arrow IPC stream in memory, as a request's body is: rows that fit a schema.

use arrow_buffer::Buffer;

use super::columnar::{Columns, FrameError, InMemory, IpcError, IpcReader, declared, names, unwelcome};
use super::error::TableError;
use super::header::{map_columns, reject_unknown};
use crate::model::batch::Batch;
use crate::model::schema::Schema;
use crate::text::panics::catch_panic;

/// Bytes that reading takes for each byte of the heads: fields with their names, on average 40 bytes of a head each.
const PER_HEAD_BYTE: usize = 12;

/// Heads that are walked through to know how many rows a body declares.
const MAX_HEADS: usize = 1 << 20;

/// Why a stream is not read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ArrowError {
    /// It is broken, or no Arrow IPC stream.
    Broken(String),
    /// It holds what is not read: the sentence names it.
    Unread(String),
    /// It has more rows than allowed.
    TooManyRows {
        /// How many are allowed.
        max_rows: usize,
        /// True where they are fewer because features have no column.
        is_sparse: bool,
    },
    /// Its columns or cells do not fit.
    Table(TableError),
}

impl From<FrameError> for ArrowError {
    fn from(error: FrameError) -> Self {
        match error {
            FrameError::Broken(why) => Self::Broken(why),
            FrameError::Unread(what) => Self::Unread(what),
        }
    }
}

/// What bounds a body.
#[derive(Debug, Clone, Copy)]
pub struct ArrowLimits {
    /// Most rows.
    pub max_rows: usize,
    /// Most rows where a feature has no column: their cells take no bytes of the body.
    pub max_sparse_rows: usize,
    /// Whether columns that the schema does not know are refused, or left.
    pub rejects_unknown: bool,
}

/// The most bytes that [`read_arrow`] takes for this body, the batch included and the body not.
pub fn max_arrow_bytes(body: &[u8], n_features: usize, limits: ArrowLimits) -> usize {
    // Bodies are copied where their numbers are not aligned.
    let copies = body.len();
    let (rows, heads) = declared(body, MAX_HEADS).unwrap_or((usize::MAX, body.len()));
    // The places of texts in a dictionary, of one column at a time, are beside the cells.
    let cells = rows.min(limits.max_rows).saturating_mul(n_features + 1);
    // A boolean takes a bit of the body.
    let dense = body.len().saturating_mul(8);
    let sparse = limits.max_sparse_rows.saturating_mul(n_features + 1);
    cells.min(dense.max(sparse)).saturating_mul(size_of::<f64>()) + copies + PER_HEAD_BYTE * heads
}

/// Reads all rows of a stream, which errors call `name`.
///
/// # Errors
/// [`ArrowError`]; of cells that do not fit up to [`MAX_PROBLEMS`](super::MAX_PROBLEMS) at once.
pub fn read_arrow(
    body: impl Into<Buffer>,
    name: &str,
    schema: &Schema,
    limits: ArrowLimits,
) -> Result<Batch, ArrowError> {
    let body = body.into();
    let read = || {
        let mut reader = IpcReader::new(InMemory::new(body.clone()), unwelcome)?;
        let header = names(reader.schema());
        if limits.rejects_unknown {
            reject_unknown(&header, name, schema).map_err(ArrowError::Table)?;
        }
        let columns = map_columns(&header, name, schema).map_err(ArrowError::Table)?;
        let table = Columns { schema, file: name, header: &header, of_features: &columns };
        let is_sparse = columns.contains(&None) && limits.max_sparse_rows < limits.max_rows;
        let max_rows = if is_sparse { limits.max_sparse_rows } else { limits.max_rows };
        let rows = declared(&body, MAX_HEADS).map_or(0, |(rows, _)| rows.min(max_rows));
        let mut values = Vec::with_capacity((rows * schema.n_features()).min(body.len() * 8));
        let mut n_rows = 0;
        loop {
            let batch = match reader.read(max_rows - n_rows) {
                Ok(Some(batch)) => batch,
                Ok(None) => break,
                Err(IpcError::TooManyRows) => return Err(ArrowError::TooManyRows { max_rows, is_sparse }),
                Err(IpcError::Frame(error)) => return Err(error.into()),
            };
            table.read(&batch, n_rows as u64, &mut values).map_err(ArrowError::Table)?;
            n_rows += batch.num_rows();
        }
        let n = reader.rest().len();
        if n > 0 {
            return Err(ArrowError::Broken(format!("{n} bytes stand behind the end of the stream")));
        }
        Batch::from_rows(schema, values).map_err(|detail| ArrowError::Table(TableError::Shape(detail)))
    };
    // arrow-ipc panics on some of what it is given.
    catch_panic(read).unwrap_or_else(|why| Err(ArrowError::Broken(why)))
}
