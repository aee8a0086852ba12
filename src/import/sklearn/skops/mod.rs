//! skops: a zip archive of a JSON document that describes the objects, and their arrays as `.npy` files.

mod json;
mod nodes;
mod zip;

pub(super) use nodes::decode;
pub(super) use zip::{inflate, length};
