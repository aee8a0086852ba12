//! JSON as requests bring it: a pull parser over the body's bytes and the few lines that write strings and numbers.
//!
//! Stands apart from `serde_json`, which the server uses wherever speed does not matter, because a request body must
//! be read in one pass straight into row buffers: without a tree, without recursion, without allocating per cell, and
//! with what `serde_json` lets pass (duplicate keys) refused.

mod error;
mod number;
mod reader;
mod skip;
mod string;
#[cfg(test)]
mod tests;
pub mod write;

pub use error::SyntaxError;
pub use reader::{MAX_DEPTH, Reader, Value, is_plain};
