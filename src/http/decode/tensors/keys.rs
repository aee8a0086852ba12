//! The keys of one object, so that none is given twice.
//!
//! Stands apart because the protocol's objects have a handful of keys each, nearly always of those it knows, and there
//! is one for each column: a bit each is cheaper than a hash, and a hash is there for all others.

use std::collections::HashSet;

use crate::http::json::{Reader, SyntaxError};

/// The keys so far.
#[derive(Debug, Default)]
pub(super) struct SeenKeys {
    /// The bits of those that the protocol knows.
    known: u16,
    others: Option<HashSet<String>>,
}

impl SeenKeys {
    /// Notes a key just read.
    ///
    /// # Errors
    /// It was there before.
    #[inline]
    pub(super) fn add(&mut self, reader: &Reader<'_>, key: &str) -> Result<(), SyntaxError> {
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

/// The bit of a key that the protocol knows, in whatever object.
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
