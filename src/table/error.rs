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

/// Where in a table: `boston.csv, line 4, column 6 (RM)`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Place {
    /// The file as the user named it.
    pub file: String,
    /// Line number from 1, the header's line included; a record that spans lines is named by its first.
    pub line: u64,
    /// Column number from 1 and its name; `None` for the whole line.
    pub column: Option<(usize, String)>,
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}, line {}", self.file, self.line)?;
        match &self.column {
            Some((number, name)) if name.is_empty() => write!(f, ", column {number}"),
            Some((number, name)) => write!(f, ", column {number} ({name})"),
            None => Ok(()),
        }
    }
}

/// One cell that does not fit.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Problem {
    /// Where.
    pub place: Place,
    /// Number of the row from 0, the header not counted.
    pub row: u64,
    /// What is wrong, as a public sentence without the place.
    pub detail: String,
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.place, self.detail)
    }
}

/// Why a table cannot be used. `Display` is one line: where, what, and what to do.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum TableError {
    /// The file is missing, or reading it failed.
    #[error("{file}: cannot be read: {reason}")]
    Unreadable {
        /// The file.
        file: String,
        /// The operating system's sentence.
        reason: String,
    },
    /// Nothing in it.
    #[error("{file}: the file is empty; it must start with a header line")]
    Empty {
        /// The file.
        file: String,
    },
    /// A header and nothing else.
    #[error("{file}: no rows below the header on line {line}")]
    NoRows {
        /// The file.
        file: String,
        /// The header's line.
        line: u64,
    },
    /// Bytes that are not UTF-8.
    #[error("{0}: not UTF-8; save the file as UTF-8")]
    NotUtf8(Place),
    /// The first line holds numbers only.
    #[error("{0}: no header: the first line holds only numbers; add a line with the columns' names above it")]
    NoHeader(Place),
    /// A column without a name.
    #[error("{0}: the column has no name in the header")]
    Unnamed(Place),
    /// Two columns of one name.
    #[error("{place}: the name is also that of column {first}{hint}")]
    DuplicateName {
        /// The second one.
        place: Place,
        /// Number of the first one, from 1.
        first: usize,
        /// What to do.
        hint: &'static str,
    },
    /// A line with another number of fields than the header.
    #[error("{place}: {found} where the header has {expected}{hint}")]
    Ragged {
        /// The line.
        place: Place,
        /// `3 fields`.
        found: String,
        /// Fields of the header.
        expected: usize,
        /// What may be the cause.
        hint: &'static str,
    },
    /// The input ends inside quotes.
    #[error("{0}: a quote is opened here and never closed; was the end cut off?")]
    OpenQuote(Place),
    /// A cell that does not fit its column.
    #[error("{0}")]
    Cell(Problem),
    /// Cells that do not fit a schema, [`MAX_PROBLEMS`] at most, in file order; at least one.
    #[error("{}{}", .0[0], and_more(.0.len()))]
    Cells(Vec<Problem>),
    /// Columns that a schema needs and the file does not have; at least one.
    #[error("{file}: no column {}; the header has {found}", quoted(.names))]
    MissingColumns {
        /// The file.
        file: String,
        /// The features without a column.
        names: Vec<String>,
        /// The header's names, shortened.
        found: String,
    },
    /// Columns that a schema does not know; at least one.
    #[error("{file}: no feature is called {}{hint}", quoted(.names))]
    UnknownColumns {
        /// The file.
        file: String,
        /// The columns.
        names: Vec<String>,
        /// A did-you-mean for the first of them, as a sentence part.
        hint: String,
    },
}

impl TableError {
    /// [`ErrorClass::NoInput`] when the file could not be read, else [`ErrorClass::Invalid`].
    pub fn class(&self) -> ErrorClass {
        match self {
            Self::Unreadable { .. } => ErrorClass::NoInput,
            _ => ErrorClass::Invalid,
        }
    }

    /// The cells at fault, for an answer that lists them; empty when it is not about cells.
    pub fn problems(&self) -> &[Problem] {
        match self {
            Self::Cell(problem) => std::slice::from_ref(problem),
            Self::Cells(problems) => problems,
            _ => &[],
        }
    }
}

/// `"RM", "TAX"`, eight at most.
pub(crate) fn quoted(names: &[String]) -> String {
    const SHOWN: usize = 8;
    let shown: Vec<String> = names.iter().take(SHOWN).map(|n| format!("{n:?}")).collect();
    let more = names.len().saturating_sub(SHOWN);
    if more == 0 { shown.join(", ") } else { format!("{} and {more} more", shown.join(", ")) }
}

fn and_more(problems: usize) -> String {
    match problems {
        1 => String::new(),
        MAX_PROBLEMS.. => format!(" (and at least {} more)", problems - 1),
        _ => format!(" (and {} more)", problems - 1),
    }
}
