//! Finds a key that is given twice in one object.
//!
//! The protocol's objects have a handful of known keys, and there is one object a column: a bit a key is cheaper than a
//! hash set, which holds the unknown ones.

use std::collections::HashSet;

use crate::http::json::{JsonReader, SyntaxError};

/// The keys of an object so far.
#[derive(Debug, Default)]
pub(super) struct SeenKeys {
    /// One bit for each key that the protocol knows.
    known: u16,
    others: Option<HashSet<String>>,
}

impl SeenKeys {
    /// Notes a key just read.
    ///
    /// # Errors
    /// The object has it already.
    #[inline]
    pub(super) fn add(&mut self, reader: &JsonReader<'_>, key: &str) -> Result<(), SyntaxError> {
        let is_new = match bit(key) {
            Some(bit) => {
                let is_new = self.known & 1 << bit == 0;
                self.known |= 1 << bit;
                is_new
            }
            None => self.others.get_or_insert_default().insert(key.to_owned()),
        };
        if is_new { Ok(()) } else { Err(reader.duplicate(key)) }
    }
}

/// The bit of a key that the protocol knows in any of its objects.
fn bit(key: &str) -> Option<u16> {
    Some(match key {
        "name" => 0,
        "shape" => 1,
        "datatype" => 2,
        "data" => 3,
        "parameters" => 4,
        "binary_data_size" => 5,
        "binary_data" => 6,
        "content_type" => 7,
        "id" => 8,
        "inputs" => 9,
        "outputs" => 10,
        "model_name" => 11,
        "model_version" => 12,
        _ => return None,
    })
}
