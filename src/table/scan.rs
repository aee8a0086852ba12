//! A whole table in memory, and a first pass over it: what each column holds, before its kind is decided.
//!
//! Columns of numbers alone are read by it; for others a second pass reads the bytes again, rather than that the first
//! one keeps every cell's text: memory stays at the file's size plus eight bytes a numeric cell.

use std::io::Read;
use std::path::Path;

use super::column_scan::ColumnScan;
use super::error::{Place, TableError, Unit};
use super::header::{called, same_columns};
use super::input::TableInput;
use super::options::{Numerals, TextOptions};
use super::part::Part;

/// A table in memory: of one file, or of several with the same columns.
#[derive(Debug, Clone)]
pub struct TableFile {
    name: String,
    pub(super) parts: Vec<Part>,
    pub(super) options: TextOptions,
}

/// The outcome of the first pass: every line has the header's width and is UTF-8, and there is at least one.
#[derive(Debug)]
pub struct Scan<'a> {
    pub(super) file: &'a TableFile,
    /// The columns, in the order of the first file.
    pub columns: Vec<ColumnScan>,
    /// Each row's line in its file, from 1 (of Parquet and Arrow the number of the row), shape `[n_rows]`.
    pub lines: Vec<u64>,
    /// The first row of each file.
    starts: Vec<usize>,
    /// Of each file, where it has the first one's columns.
    pub(super) orders: Vec<Vec<usize>>,
}

impl TableFile {
    /// Reads a file whole, and unpacks it where it is compressed with gzip or zstd.
    ///
    /// # Errors
    /// [`TableError`]: it cannot be read, or is Parquet or Arrow that is broken.
    pub fn open(path: &Path) -> Result<Self, TableError> {
        Self::of(vec![TableInput::open(path)?])
    }

    /// Reads a stream to its end; errors call it `name`.
    ///
    /// # Errors
    /// As [`TableFile::open`].
    pub fn read(mut input: impl Read, name: &str) -> Result<Self, TableError> {
        let mut bytes = Vec::new();
        match input.read_to_end(&mut bytes) {
            Ok(_) => Self::of(vec![TableInput::stream(std::io::Cursor::new(bytes), name)]),
            Err(e) => Err(TableError::unreadable(name, &e)),
        }
    }

    /// Reads inputs whole, at least one, as one table.
    ///
    /// # Errors
    /// As [`TableFile::open`].
    pub fn of(inputs: Vec<TableInput>) -> Result<Self, TableError> {
        let parts = inputs.into_iter().map(Part::read).collect::<Result<Vec<_>, _>>()?;
        let name = match parts.as_slice() {
            [] => return Err(TableError::Unreadable("no file is given".to_owned())),
            [one] => one.name.clone(),
            [first, others @ ..] => {
                format!("{} and {} more file{}", first.name, others.len(), if others.len() == 1 { "" } else { "s" })
            }
        };
        Ok(Self { name, parts, options: TextOptions::default() })
    }

    /// A CSV table that is in memory already; errors call it `name`.
    pub fn from_bytes(name: impl Into<String>, bytes: Vec<u8>) -> Self {
        let name = name.into();
        Self { parts: vec![Part::csv(name.clone(), bytes)], name, options: TextOptions::default() }
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
    /// [`TableError`]: empty, no or a bad header, a line of another width, not UTF-8, no rows; or files of different
    /// columns.
    pub fn scan(&self) -> Result<Scan<'_>, TableError> {
        let mut scan =
            Scan { file: self, columns: Vec::new(), lines: Vec::new(), starts: Vec::new(), orders: Vec::new() };
        for part in &self.parts {
            let mut columns = part.scan(&self.options, &mut scan.lines, &mut scan.starts)?;
            if scan.orders.is_empty() {
                scan.orders.push((0..columns.len()).collect());
                scan.columns = columns;
                continue;
            }
            let names = |columns: &[ColumnScan]| columns.iter().map(|c| c.name.clone()).collect::<Vec<_>>();
            let (first, here) = (names(&scan.columns), names(&columns));
            let order = same_columns(&first, &self.parts[0].name, &here, &part.name)?;
            scan.columns.iter_mut().zip(&order).for_each(|(column, at)| column.add(&mut columns[*at]));
            scan.orders.push(order);
        }
        Ok(scan)
    }
}

impl Scan<'_> {
    /// The name that errors give the file.
    pub fn file(&self) -> &str {
        &self.file.name
    }

    /// Where a row's cell is; `column` counts from 0.
    pub fn place(&self, row: usize, column: usize) -> Place {
        let part = self.starts.partition_point(|start| *start <= row).saturating_sub(1);
        let column = (self.orders[part][column] + 1, self.columns[column].name.clone());
        let Part { name, .. } = &self.file.parts[part];
        Place { file: name.clone(), line: self.lines[row], unit: self.file.parts[part].unit(), column: Some(column) }
    }

    /// What the lines count; of several files that of the first.
    pub fn unit(&self) -> Unit {
        self.file.parts[0].unit()
    }

    /// How numbers are written, as it was said.
    pub fn numerals(&self) -> Numerals {
        self.file.options.numerals
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
