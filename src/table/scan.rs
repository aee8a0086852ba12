//! A whole table in memory, and a first pass over it: what each column holds, before its kind is decided.
//!
//! Two passes over the bytes rather than one that keeps every cell's text: memory stays at the file's size plus eight
//! bytes a numeric cell.

use std::io::Read;
use std::path::Path;

use super::error::TableError;
use super::header::called;
use super::options::TextOptions;
use super::record::Record;
use super::records::Records;
use super::spelling::Spellings;
use super::token::{Token, judge};
use super::unpack::unpacked;

/// Cells of a column that are told as no numbers.
const MOST_TOLD: usize = 3;

/// A CSV file's bytes, the name that errors give it, and how its text is read.
#[derive(Debug, Clone)]
pub struct TableFile {
    pub(super) name: String,
    pub(super) bytes: Vec<u8>,
    pub(super) options: TextOptions,
}

/// What the cells of one column are.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct ColumnScan {
    /// The header's name, trimmed; empty where it has none.
    pub name: String,
    /// Cells that are finite numbers.
    pub numbers: u64,
    /// Empty cells.
    pub empty: u64,
    /// Cells that are a [missing word](super::MISSING_WORDS).
    pub missing_words: u64,
    /// Cells that are neither number nor missing.
    pub texts: u64,
    /// The first of these: its line and its text.
    pub first_text: Option<(u64, String)>,
    /// The first three of these, with their lines.
    pub first_texts: Vec<(u64, String)>,
    /// The ways in which all of these spell numbers.
    pub spellings: Spellings,
    /// The first number beyond `f64`: its line and its text.
    pub first_infinite: Option<(u64, String)>,
    /// The first missing word: its line and its text.
    pub first_missing_word: Option<(u64, String)>,
}

/// The outcome of the first pass: every line has the header's width and is UTF-8, and there is at least one.
#[derive(Debug)]
pub struct Scan<'a> {
    pub(super) file: &'a TableFile,
    /// The columns, in file order.
    pub columns: Vec<ColumnScan>,
    /// Each row's line in the file, from 1, shape `[n_rows]`.
    pub lines: Vec<u64>,
}

impl TableFile {
    /// Reads a file whole, and unpacks it where it is compressed with gzip or zstd.
    ///
    /// # Errors
    /// [`TableError::Unreadable`]; [`TableError::Syntax`] where it cannot be unpacked.
    pub fn open(path: &Path) -> Result<Self, TableError> {
        let name = path.display().to_string();
        match std::fs::File::open(path) {
            Ok(file) => Self::read(file, &name),
            Err(e) => Err(TableError::unreadable(&name, &e)),
        }
    }

    /// Reads a stream to its end, and unpacks it; errors call it `name`.
    ///
    /// # Errors
    /// As [`Self::open`].
    pub fn read(input: impl Read, name: &str) -> Result<Self, TableError> {
        let mut bytes = Vec::new();
        match unpacked(input, name).and_then(|mut input| input.read_to_end(&mut bytes)) {
            Ok(_) => Ok(Self::from_bytes(name, bytes)),
            Err(e) => Err(TableError::of_input(name, &e)),
        }
    }

    /// A table that is in memory already, unpacked; errors call it `name`.
    pub fn from_bytes(name: impl Into<String>, bytes: Vec<u8>) -> Self {
        Self { name: name.into(), bytes, options: TextOptions::default() }
    }

    /// The same, read as the options say.
    #[must_use]
    pub fn with_options(mut self, options: TextOptions) -> Self {
        self.options = options;
        self
    }

    /// The name that errors give it.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Reads the table once and returns what its columns hold.
    ///
    /// # Errors
    /// [`TableError`]: empty, no or a bad header, a line of another width, not UTF-8, no rows.
    pub fn scan(&self) -> Result<Scan<'_>, TableError> {
        let mut records = self.records()?;
        let named = |name: &String| ColumnScan { name: name.clone(), ..ColumnScan::default() };
        let mut columns: Vec<ColumnScan> = records.header().iter().map(named).collect();
        let header_line = records.line();
        let mut lines = Vec::new();
        let mut record = Record::default();
        while records.read(&mut record)? {
            lines.push(records.line());
            for (i, column) in columns.iter_mut().enumerate() {
                column.count(record.field(i), records.line(), &self.options);
            }
        }
        if lines.is_empty() {
            return Err(TableError::no_rows(&self.name, header_line));
        }
        Ok(Scan { file: self, columns, lines })
    }

    /// The records below the header.
    pub(super) fn records(&self) -> Result<Records<&[u8]>, TableError> {
        let (mut records, first) = Records::open(self.bytes.as_slice(), &self.name, &self.options, |_| false)?;
        records.set_header(&first, |_| false)?;
        Ok(records)
    }
}

impl ColumnScan {
    /// True when every cell that holds something is a number, and at least one does.
    pub fn is_numeric(&self) -> bool {
        self.texts == 0 && (self.numbers > 0 || self.first_infinite.is_some())
    }

    /// True when no cell holds anything but a missing word.
    pub fn is_void(&self) -> bool {
        self.texts == 0 && !self.is_numeric()
    }

    /// True when every cell is empty.
    pub fn is_empty(&self) -> bool {
        self.is_void() && self.missing_words == 0
    }

    fn count(&mut self, text: &str, line: u64, options: &TextOptions) {
        let seen = || Some((line, text.trim().to_owned()));
        match judge(text, options) {
            Token::Number(_) => self.numbers += 1,
            Token::Empty => self.empty += 1,
            Token::MissingWord => {
                self.missing_words += 1;
                self.first_missing_word = self.first_missing_word.take().or_else(seen);
            }
            Token::Infinite => self.first_infinite = self.first_infinite.take().or_else(seen),
            Token::Text => {
                self.texts += 1;
                self.first_text = self.first_text.take().or_else(seen);
                if self.first_texts.len() < MOST_TOLD {
                    self.first_texts.extend(seen());
                }
                self.spellings.narrow(text);
            }
        }
    }
}

impl Scan<'_> {
    /// The name that errors give the file.
    pub fn file(&self) -> &str {
        &self.file.name
    }

    /// The position of the column called `name`; `#1` is the first one where the header has no name for it.
    pub fn position(&self, name: &str) -> Option<usize> {
        let by_place = || {
            let column = name.strip_prefix('#')?.parse::<usize>().ok()?.checked_sub(1)?;
            self.columns.get(column).filter(|c| c.name.is_empty()).map(|_| column)
        };
        self.columns.iter().position(|c| !c.name.is_empty() && c.name == name).or_else(by_place)
    }

    /// What messages call a column: by its name, or its place.
    pub fn called(&self, column: usize) -> String {
        called(&self.columns[column].name, column).into_owned()
    }

    /// How many rows there are; at least 1.
    pub fn n_rows(&self) -> usize {
        self.lines.len()
    }
}
