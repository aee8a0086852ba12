//! The lines of a text, one after the other, with their numbers and places.

use memchr::memchr;

use crate::import::error::ImportError;

/// One line, without its end.
#[derive(Debug, Clone, Copy)]
pub(super) struct Line<'a> {
    /// From 1.
    pub(super) number: usize,
    /// Its first byte's place in the text.
    pub(super) offset: usize,
    /// What stands in it.
    pub(super) text: &'a str,
}

impl<'a> Line<'a> {
    /// What stands before and behind the first `=`; of a line without one, the whole and nothing.
    pub(super) fn entry(&self) -> (&'a str, Option<&'a str>) {
        match self.text.split_once('=') {
            Some((key, value)) => (key, Some(value)),
            None => (self.text, None),
        }
    }

    /// An error in this line.
    pub(super) fn wrong(&self, error: impl Into<ImportError>) -> ImportError {
        error.into().within(format_args!("line {}", self.number))
    }
}

/// What is left of a text.
#[derive(Debug, Clone)]
pub(super) struct Lines<'a> {
    bytes: &'a [u8],
    offset: usize,
    number: usize,
}

impl<'a> Lines<'a> {
    /// All of them.
    pub(super) fn of(bytes: &'a [u8]) -> Self {
        Self { bytes, offset: 0, number: 0 }
    }

    /// The next line that is not blank; `None` at the end.
    ///
    /// # Errors
    /// It is not UTF-8.
    pub(super) fn next(&mut self) -> Result<Option<Line<'a>>, ImportError> {
        while self.offset < self.bytes.len() {
            let (offset, rest) = (self.offset, &self.bytes[self.offset..]);
            let length = memchr(b'\n', rest).unwrap_or(rest.len());
            self.offset += length + 1;
            self.number += 1;
            let line = rest[..length].strip_suffix(b"\r").unwrap_or(&rest[..length]);
            let Ok(text) = std::str::from_utf8(line) else {
                return Err(ImportError::new("it is not UTF-8").within(format_args!("line {}", self.number)));
            };
            if !text.is_empty() {
                return Ok(Some(Line { number: self.number, offset, text }));
            }
        }
        Ok(None)
    }
}
