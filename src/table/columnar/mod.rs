//! Tables that come as columns of a type: Parquet and Arrow IPC, from files and from bodies.
//!
//! Integers and floats of all widths, booleans, text, dictionaries of text, decimals (as their digits), dates and times
//! (as ISO 8601 has them) are read; a null and a NaN are missing. Text is read as a CSV field is. Other types are refused
//! by name.

mod answers;
mod batches;
mod blocks;
mod frames;
mod ipc;
mod plain;
mod rows;
mod value;

pub(super) use answers::answer_arrays;
pub(super) use batches::{Batches, names};
pub(super) use frames::{FrameError, InMemory, declared};
pub(super) use ipc::{FILE_MAGIC, IpcError, IpcReader};
pub(super) use plain::plain_floats;
pub(super) use rows::Columns;
pub(super) use value::{Value, as_f64, unsigned_as_f64, unwelcome, visit};
