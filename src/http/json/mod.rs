//! A JSON pull parser for request bodies, and the functions that write the JSON of answers.
//!
//! The parser reads a body once, straight into row buffers: no tree, no recursion, no allocation per cell, duplicate
//! keys refused. jiter in its place takes 1.16 to 1.51 times the CPU for 10,000 rows (docs/libraries.md). Elsewhere the
//! server uses `serde_json`.

mod error;
mod number;
mod reader;
mod skip;
mod string;
pub mod write;

pub use error::SyntaxError;
pub use reader::{JsonReader, MAX_DEPTH, Value, is_plain};
