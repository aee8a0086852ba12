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
mod rows;
mod value;

pub(super) use answers::answer_arrays;
pub(super) use batches::{Batches, names};
pub(super) use frames::{FrameError, declared};
pub(super) use ipc::{FILE_MAGIC, IpcError, IpcReader};
pub(super) use rows::{Columns, as_f64, unsigned_as_f64};
pub(super) use value::{Value, unwelcome, visit};
