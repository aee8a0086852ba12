//! Arrow IPC, as a stream or as a file: record batches out of bytes that are not trusted.

use std::collections::HashMap;
use std::sync::Arc;

use arrow_array::{ArrayRef, RecordBatch};
use arrow_ipc::convert::try_fb_to_schema;
use arrow_ipc::reader::{RecordBatchDecoder, read_dictionary};
use arrow_ipc::{Endianness, MessageHeader, MetadataVersion, Schema as IpcSchema};
use arrow_schema::{ArrowError, Field, Schema, SchemaRef};

use super::frames::{Frame, FrameError, Input};

/// A file begins with this; what follows is a stream, and a footer that is not needed to read it in order.
pub(crate) const FILE_MAGIC: [u8; 8] = *b"ARROW1\0\0";

/// What a column is called whose type is refused.
pub(crate) type Refused = fn(&Field) -> Option<String>;

/// Reads record batches in order.
pub(crate) struct IpcReader<R> {
    input: R,
    schema: SchemaRef,
    dictionaries: HashMap<i64, ArrayRef>,
}

impl<R: Input> IpcReader<R> {
    /// Reads the schema of a stream. `refused` says what a type that is not wanted is called.
    pub(crate) fn new(mut input: R, refused: Refused) -> Result<Self, FrameError> {
        let frame = Frame::read(&mut input)?.ok_or_else(|| FrameError::Broken("it is empty".to_owned()))?;
        let message = frame.message()?;
        let wrong = || FrameError::Broken("it does not begin with a schema".to_owned());
        let head = message.header_as_schema().ok_or_else(wrong)?;
        Self::of_schema(input, head, message.version(), refused)
    }

    /// Of messages behind a schema that stands elsewhere.
    pub(crate) fn of_schema(
        input: R,
        head: IpcSchema<'_>,
        version: MetadataVersion,
        refused: Refused,
    ) -> Result<Self, FrameError> {
        if head.endianness() != Endianness::Little {
            return Err(FrameError::Unread("big-endian numbers".to_owned()));
        }
        if version != MetadataVersion::V5 && version != MetadataVersion::V4 {
            return Err(FrameError::Unread("metadata of another version than 4 or 5".to_owned()));
        }
        let schema = Arc::new(try_fb_to_schema(head).map_err(|e| of(&e))?);
        if let Some((name, what)) = schema.fields().iter().find_map(|f| Some((f.name(), refused(f)?))) {
            return Err(FrameError::Unread(format!("the column {name:?} is {what}; leave it out")));
        }
        Ok(Self { input, schema, dictionaries: HashMap::new() })
    }

    /// The columns.
    pub(crate) fn schema(&self) -> &Arc<Schema> {
        &self.schema
    }

    /// The input, past what was read.
    pub(crate) fn rest(&self) -> &R {
        &self.input
    }

    /// The next record batch of up to `max_rows` rows; `None` at the end.
    pub(crate) fn read(&mut self, max_rows: usize) -> Result<Option<RecordBatch>, IpcError> {
        while let Some(frame) = Frame::read(&mut self.input)? {
            let message = frame.message()?;
            let version = message.version();
            match message.header_type() {
                MessageHeader::DictionaryBatch => {
                    let dictionary = frame.dictionary(&message)?;
                    let dictionaries = &mut self.dictionaries;
                    read_dictionary(&frame.body, dictionary, &self.schema, dictionaries, &version)
                        .map_err(|e| of(&e))?;
                }
                MessageHeader::RecordBatch => {
                    let wrong = || FrameError::Broken("a record batch has no head".to_owned());
                    let batch = message.header_as_record_batch().ok_or_else(wrong)?;
                    frame.check_batch(batch, self.schema.fields().len())?;
                    if usize::try_from(batch.length()).is_ok_and(|rows| rows > max_rows) {
                        return Err(IpcError::TooManyRows);
                    }
                    let schema = Arc::clone(&self.schema);
                    let decoder = RecordBatchDecoder::try_new(&frame.body, batch, schema, &self.dictionaries, &version);
                    let batch = decoder.and_then(RecordBatchDecoder::read_record_batch);
                    return Ok(Some(batch.map_err(|e| of(&e))?));
                }
                other => return Err(FrameError::Unread(format!("a message of the type {other:?}")).into()),
            }
        }
        Ok(None)
    }
}

/// Why there is no next record batch.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum IpcError {
    /// The stream is broken, or not read.
    Frame(FrameError),
    /// More rows than are allowed.
    TooManyRows,
}

impl From<FrameError> for IpcError {
    fn from(error: FrameError) -> Self {
        Self::Frame(error)
    }
}

fn of(error: &ArrowError) -> FrameError {
    FrameError::Broken(error.to_string())
}
