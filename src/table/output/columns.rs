//! The columns of a chunk, and those of its answers, as Arrow has them.

use std::sync::Arc;

use arrow_array::{Array, ArrayRef, RecordBatch};
use arrow_ipc::MetadataVersion;
use arrow_ipc::writer::{IpcWriteOptions, StreamWriter};
use arrow_schema::{ArrowError, Field, Schema};

use crate::model::prediction::Answer;
use crate::model::schema::Schema as ModelSchema;
use crate::table::columnar::answer_arrays;

/// A record batch of named columns, each of as many cells; any cell may be null.
pub(super) fn record_batch(names: &[String], arrays: Vec<ArrayRef>) -> Result<RecordBatch, ArrowError> {
    let field = |(name, array): (&String, &ArrayRef)| Field::new(name, array.data_type().clone(), true);
    let fields: Vec<Field> = names.iter().zip(&arrays).map(field).collect();
    RecordBatch::try_new(Arc::new(Schema::new(fields)), arrays)
}

/// Answers as an Arrow IPC stream of one record batch: the columns that `names` calls, in their order.
///
/// # Errors
/// What arrow-ipc says; there is none for answers of as many columns as names.
pub fn arrow_answers(schema: &ModelSchema, predicted: &Answer, names: &[String]) -> Result<Vec<u8>, ArrowError> {
    let batch = record_batch(names, answer_arrays(schema, predicted))?;
    // Buffers are padded to 8 bytes, the least that the format allows.
    let options = IpcWriteOptions::try_new(8, false, MetadataVersion::V5)?;
    let room = batch.get_array_memory_size() + 256 * (names.len() + 2);
    let mut writer = StreamWriter::try_new_with_options(Vec::with_capacity(room), &batch.schema(), options)?;
    writer.write(&batch)?;
    writer.into_inner()
}
