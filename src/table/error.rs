//! What can be wrong with a table: one error, one line, with the place.
//!
//! Knows its class (what kind of failure it is), not the process's exit code: the CSV dialect answers the same errors
//! over HTTP.

use std::fmt;

/// What kind of failure an error is: decides the exit code or the status.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ErrorClass {
    /// What was asked for does not make sense, whatever the data (exit code 2).
    Usage,
    /// The input data is invalid (exit code 65).
    Invalid,
    /// The input file is missing or cannot be read (exit code 66).
    NoInput,
    /// The work failed (exit code 1).
    Failed,
}

/// Problems gathered before a reader gives up.
pub const MAX_PROBLEMS: usize = 20;

/// What a place counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Unit {
    /// Lines of a text, the header's included.
    Line,
    /// Rows of a table that has no lines: Parquet, Arrow.
    Row,
}

impl fmt::Display for Unit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Line => "line",
            Self::Row => "row",
        })
    }
}

/// Where in a table: `boston.csv, line 4, column 6 (RM)`, `boston.parquet, row 3, column 6 (RM)`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Place {
    /// The file as the user named it.
    pub file: String,
    /// Line number from 1, the header's line included; a record that spans lines is named by its first.
    pub line: u64,
    /// What is counted: lines, or rows.
    pub unit: Unit,
    /// Column number from 1 and its name, of which the beginning is enough; `None` for the whole line.
    pub column: Option<(usize, String)>,
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}, {} {}", self.file, self.unit, self.line)?;
        match &self.column {
            Some((number, name)) if name.is_empty() => write!(f, ", column {number}"),
            Some((number, name)) => write!(f, ", column {number} ({name})"),
            None => Ok(()),
        }
    }
}

/// One cell that does not fit.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CellProblem {
    /// Where.
    pub place: Place,
    /// Number of the row from 0, the header not counted.
    pub row: u64,
    /// A public sentence: what is wrong, without the place.
    pub detail: String,
}

impl fmt::Display for CellProblem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.place, self.detail)
    }
}

/// Why a table cannot be used. `Display` is one line: where, what, and what to do.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum TableError {
    /// The file is missing, or reading it failed.
    #[error("{0}")]
    Unreadable(String),
    /// It is not CSV: empty, not UTF-8, or its end is inside quotes.
    #[error("{0}")]
    Syntax(String),
    /// Its header or the width of a line does not fit, or there is no row.
    #[error("{0}")]
    Shape(String),
    /// Cells that do not fit their columns, [`MAX_PROBLEMS`] at most, in file order; at least one.
    #[error("{}{}", .0[0], and_more(.0.len()))]
    Cells(Vec<CellProblem>),
}

impl TableError {
    pub(super) fn unreadable(file: &str, reason: &dyn fmt::Display) -> Self {
        Self::Unreadable(format!("{file}: cannot be read: {reason}"))
    }

    /// An input that cannot be read to its end; what unpacks it may have said why.
    pub(super) fn of_input(file: &str, error: &std::io::Error) -> Self {
        let said = error.get_ref().and_then(|inner| inner.downcast_ref::<Self>());
        said.cloned().unwrap_or_else(|| Self::unreadable(file, error))
    }

    /// A header on `line` and nothing else.
    pub(super) fn no_rows(file: &str, line: u64) -> Self {
        Self::Shape(format!("{file}: no rows below the header on line {line}"))
    }

    /// [`ErrorClass::NoInput`] when the file could not be read, else [`ErrorClass::Invalid`].
    pub fn class(&self) -> ErrorClass {
        match self {
            Self::Unreadable(_) => ErrorClass::NoInput,
            _ => ErrorClass::Invalid,
        }
    }
}

fn and_more(problems: usize) -> String {
    match problems {
        1 => String::new(),
        MAX_PROBLEMS.. => format!(" (and at least {} more)", problems - 1),
        _ => format!(" (and {} more)", problems - 1),
    }
}
