//! The error of a body that is not JSON: what is wrong, and its line and column.

use std::fmt;

/// Why and where a body is not JSON. Boxed, to keep the `Result` of each token small.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SyntaxError(Box<Inner>);

#[derive(Debug, Clone, PartialEq, Eq)]
struct Inner {
    line: usize,
    column: usize,
    what: String,
}

impl SyntaxError {
    /// An error at byte `at` of `bytes`. Lines and columns count from 1, columns in characters.
    #[cold]
    pub(super) fn new(bytes: &[u8], at: usize, what: impl Into<String>) -> Self {
        let before = &bytes[..at.min(bytes.len())];
        let mut lines = before.split(|b| *b == b'\n');
        let last = lines.next_back().unwrap_or_default();
        let column = String::from_utf8_lossy(last).chars().count() + 1;
        let line = lines.count() + 1;
        Self(Box::new(Inner { line, column, what: what.into() }))
    }

    /// What is wrong, without its position.
    pub fn what(&self) -> &str {
        &self.0.what
    }

    /// The column in characters, from 1.
    pub fn column(&self) -> usize {
        self.0.column
    }
}

impl fmt::Display for SyntaxError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Inner { line, column, what } = &*self.0;
        write!(f, "{what} at line {line}, column {column}")
    }
}

impl std::error::Error for SyntaxError {}
