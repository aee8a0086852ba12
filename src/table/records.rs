//! CSV records one by one, each of the header's width and with the number of its line.
//!
//! The `csv` crate counts line ends as it consumes them, so a record after blank lines or after `\r\n` is off by some.
//! Here records end at `\n` alone (a `\r` before it is cut from the last field) and the input gets one more `\n` at its
//! end: then the last line of a record is the count after it less one.

use std::io::{Chain, Read};

use csv::{ErrorKind, ReaderBuilder, StringRecord, Terminator};

use super::error::{Place, TableError};
use super::foreign::{ENOUGH, foreign};
use crate::text::number::parse_number;
use crate::text::shorten::brief;

/// Bytes read from the input at one time.
const BUFFER: usize = 64 << 10;

/// A CSV input past its header.
#[derive(Debug)]
pub(super) struct Records<R> {
    reader: csv::Reader<Chain<Tail<R>, &'static [u8]>>,
    file: String,
    header: Vec<String>,
    /// The line of the last record given out.
    line: u64,
    /// Whether the last record ends with a line end: the added one, where a quote is never closed.
    ends_in_line_end: bool,
}

/// An input that remembers how it ends, and refuses to begin as no CSV does.
#[derive(Debug)]
struct Tail<R> {
    input: R,
    has_begun: bool,
    /// Its last byte that is not `\r` or `\n`.
    last: u8,
}

impl<R: Read> Read for Tail<R> {
    fn read(&mut self, buffer: &mut [u8]) -> std::io::Result<usize> {
        let n = if self.has_begun { self.input.read(buffer)? } else { self.begin(buffer)? };
        if let Some(last) = buffer[..n].iter().rfind(|byte| !matches!(byte, b'\r' | b'\n')) {
            self.last = *last;
        }
        Ok(n)
    }
}

impl<R: Read> Tail<R> {
    /// Reads enough to recognise the input's format.
    fn begin(&mut self, buffer: &mut [u8]) -> std::io::Result<usize> {
        self.has_begun = true;
        let mut n = 0;
        while n < ENOUGH.min(buffer.len()) {
            match self.input.read(&mut buffer[n..])? {
                0 => break,
                read => n += read,
            }
        }
        match foreign(&buffer[..n]) {
            Some(what) => Err(std::io::Error::new(std::io::ErrorKind::InvalidData, what)),
            None => Ok(n),
        }
    }
}

impl<R: Read> Records<R> {
    /// Opens an input without reading from it; [`Records::read_first`] comes next.
    pub(super) fn new(input: R, file: &str) -> Self {
        let reader = ReaderBuilder::new()
            .has_headers(false)
            .flexible(true)
            .terminator(Terminator::Any(b'\n'))
            .buffer_capacity(BUFFER)
            .from_reader(Tail { input, has_begun: false, last: 0 }.chain(&b"\n"[..]));
        Self { reader, file: file.to_owned(), header: Vec::new(), line: 0, ends_in_line_end: false }
    }

    /// Reads the first line that is not blank, whatever it is.
    pub(super) fn read_first(&mut self) -> Result<StringRecord, TableError> {
        let mut record = StringRecord::new();
        if self.advance(&mut record)? {
            return Ok(record);
        }
        Err(TableError::Syntax(format!("{}: the file is empty; it must start with a header line", self.file)))
    }

    /// Takes `record` for the header: none twice, not all numbers. An empty one is no name. Names are trimmed, but
    /// those that `is_known` as they stand.
    pub(super) fn set_header(
        &mut self,
        record: &StringRecord,
        is_known: impl Fn(&str) -> bool,
    ) -> Result<(), TableError> {
        let is_number = |field: &str| parse_number(field).is_some();
        if record.iter().all(|field| field.trim().is_empty() || is_number(field)) {
            return Err(TableError::Shape(format!(
                "{}: no header: the first line holds {}; add a line with the columns' names above it",
                self.place(None),
                if record.iter().any(is_number) { "only numbers" } else { "no name" }
            )));
        }
        self.header = names(record, is_known);
        let mut seen = std::collections::HashMap::with_capacity(self.header.len());
        for (i, name) in self.header.iter().enumerate() {
            if name.is_empty() {
                continue;
            }
            if let Some(first) = seen.insert(name.as_str(), i) {
                let number = parse_number(name).is_some();
                let hint = if number { "; is the header line missing?" } else { "; rename one of them" };
                let (place, first) = (self.place(Some(i)), first + 1);
                return Err(TableError::Shape(format!("{place}: the name is also that of column {first}{hint}")));
            }
        }
        Ok(())
    }

    /// Gives the columns these names, for an input without a header line.
    pub(super) fn set_names(&mut self, names: Vec<String>) {
        self.header = names;
    }

    /// The columns' names, in file order.
    pub(super) fn header(&self) -> &[String] {
        &self.header
    }

    /// The line of the last record.
    pub(super) fn line(&self) -> u64 {
        self.line
    }

    /// Reads the next record of the header's width into `record`; false at the end.
    pub(super) fn read(&mut self, record: &mut StringRecord) -> Result<bool, TableError> {
        if !self.advance(record)? {
            return Ok(false);
        }
        self.check_width(record)?;
        Ok(true)
    }

    /// Refuses a record of another width than the header's.
    pub(super) fn check_width(&self, record: &StringRecord) -> Result<(), TableError> {
        if record.len() == self.header.len() {
            return Ok(());
        }
        let open_quote = record.iter().any(|field| field.trim_end().contains('\n'));
        let hint = if open_quote { "; is a quote opened here and never closed?" } else { "" };
        let (found, s) = (record.len(), if record.len() == 1 { "" } else { "s" });
        let (place, expected) = (self.place(None), self.header.len());
        Err(TableError::Shape(format!("{place}: {found} field{s} where the header has {expected}{hint}")))
    }

    /// Where the last record is; `column` counts from 0.
    pub(super) fn place(&self, column: Option<usize>) -> Place {
        let named = |i: usize| (i + 1, self.header.get(i).map_or_else(String::new, |name| brief(name).into_owned()));
        Place { file: self.file.clone(), line: self.line, column: column.map(named) }
    }

    /// The file as the user named it.
    pub(super) fn file(&self) -> &str {
        &self.file
    }

    fn advance(&mut self, record: &mut StringRecord) -> Result<bool, TableError> {
        loop {
            match self.reader.read_record(record) {
                // A field that is closed ends with a quote.
                Ok(false) if self.ends_in_line_end && self.reader.get_ref().get_ref().0.last != b'"' => {
                    let place = self.place(None);
                    let detail = format!("{place}: a quote is opened here and never closed; was the end cut off?");
                    return Err(TableError::Syntax(detail));
                }
                Ok(false) => return Ok(false),
                Ok(true) => self.ends_in_line_end = record.as_slice().ends_with('\n'),
                Err(e) => return Err(self.explain(&e)),
            }
            let newlines = count_newlines(record.as_slice());
            // The record begins at `started` or after the blank lines there. Counting back from its end skips those;
            // where a quote is never closed the added line end is inside the record, and the count is one short.
            let started = record.position().map_or(1, csv::Position::line);
            self.line = (self.reader.position().line() - 1).saturating_sub(newlines).max(started);
            if !is_blank(record, self.header.len()) {
                return Ok(true);
            }
        }
    }

    fn explain(&mut self, error: &csv::Error) -> TableError {
        match error.kind() {
            ErrorKind::Utf8 { err, .. } => {
                // The record was consumed: its last line is known, and nearly always its only one.
                self.line = (self.reader.position().line() - 1).max(1);
                let place = self.place(Some(err.field()));
                TableError::Syntax(format!("{place}: not UTF-8; save the file as UTF-8"))
            }
            ErrorKind::Io(e) if e.kind() == std::io::ErrorKind::InvalidData => {
                TableError::Syntax(format!("{}: this is no CSV but {e}", self.file))
            }
            ErrorKind::Io(e) => TableError::unreadable(&self.file, e),
            _ => TableError::unreadable(&self.file, error),
        }
    }
}

/// A line of white space; in a file of one column only the bare line end (a quoted nothing is a missing cell there).
fn is_blank(record: &StringRecord, width: usize) -> bool {
    record.len() == 1 && (&record[0] == "\r" || width != 1 && record[0].trim().is_empty())
}

/// The columns' names: trimmed, but those that `is_known` as they stand.
pub(super) fn names(record: &StringRecord, is_known: impl Fn(&str) -> bool) -> Vec<String> {
    let name = |name: &str| if is_known(name) { name.to_owned() } else { name.trim().to_owned() };
    (0..record.len()).map(|column| name(field(record, column))).collect()
}

/// Line ends inside the fields of a record.
fn count_newlines(text: &str) -> u64 {
    text.bytes().filter(|b| *b == b'\n').count() as u64
}

/// The text of a field as the file holds it: the last one may carry the `\r` of the line end.
pub(super) fn field(record: &StringRecord, column: usize) -> &str {
    let text = record.get(column).unwrap_or_default();
    if column + 1 == record.len() { text.strip_suffix('\r').unwrap_or(text) } else { text }
}
