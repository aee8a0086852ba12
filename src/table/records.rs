//! CSV records one by one, each of the header's width and with the number of its line.

use std::io::Read;

use super::delimiter::{recognise, said};
use super::error::{Place, TableError, Unit};
use super::options::TextOptions;
use super::record::{Record, Split};
use super::text_input::{InputError, LONGEST_RECORD, TextInput};
use crate::text::number::parse_number;
use crate::text::shorten::brief;

/// A CSV input past its header.
#[derive(Debug)]
pub(super) struct Records<R> {
    input: TextInput<R>,
    file: String,
    delimiter: u8,
    header: Vec<String>,
    /// The line of the last record given out.
    line: u64,
    /// The line behind what was taken of the input.
    next_line: u64,
}

impl<R: Read> Records<R> {
    /// Opens an input and reads its first line that is not blank, whatever it is. Where the delimiter is to be
    /// recognised, one under which the first line has names that are known goes before others.
    pub(super) fn open(
        input: R,
        file: &str,
        options: &TextOptions,
        is_known: impl Fn(&str) -> bool,
    ) -> Result<(Self, Record), TableError> {
        let (input, file) = (TextInput::new(input), file.to_owned());
        let mut records =
            Self { input, file, delimiter: b',', header: Vec::new(), line: 0, next_line: options.first_line() };
        records.input.begin().map_err(|e| records.explain(&e))?;
        let said = said(records.input.rest());
        if let Some((_, length)) = said {
            records.input.take(length);
            records.next_line += 1;
        }
        records.delimiter = match (options.delimiter, said) {
            (Some(given), _) => given,
            (None, Some((said, _))) => said,
            (None, None) => recognise(records.input.rest(), records.input.is_whole(), &is_known),
        };
        let said = said.map(|(said, _)| said);
        let given = options.delimiter.filter(|_| !options.is_ndjson).or(said);
        let likely = given.map(|_| recognise(records.input.rest(), records.input.is_whole(), &is_known));
        let mut record = Record::default();
        if records.advance(&mut record)? {
            if let (Some(given), Some(likely)) = (given, likely) {
                records.check_delimiter(&record, (given, likely), options.delimiter.is_none(), is_known)?;
            }
            return Ok((records, record));
        }
        let file = &records.file;
        Err(TableError::Syntax(format!("{file}: the file is empty; it must start with a header line")))
    }

    /// Refuses a delimiter that was given, or `is_said` by the file's first line, and is not in the header, where another
    /// one is that is likely.
    fn check_delimiter(
        &self,
        header: &Record,
        (given, likely): (u8, u8),
        is_said: bool,
        is_known: impl Fn(&str) -> bool,
    ) -> Result<(), TableError> {
        let name = header.field(0);
        if header.len() > 1 || given == likely || !name.as_bytes().contains(&likely) || is_known(name.trim()) {
            return Ok(());
        }
        let shown = |delimiter: u8| match delimiter {
            b'\t' => "tab".to_owned(),
            other => format!("{:?}", char::from(other)),
        };
        let (place, given, likely) = (self.place(None), shown(given), shown(likely));
        let advice = if is_said {
            "correct or remove the line sep= above it"
        } else {
            "leave out --delimiter, or give that one"
        };
        let what = format!("the delimiter {given} is not there, but {likely} is: {advice}");
        Err(TableError::Shape(format!("{place}: {what}")))
    }

    /// Takes `record` for the header: none twice, not all numbers. An empty one is no name. Names are trimmed, but
    /// those that `is_known` as they stand.
    pub(super) fn set_header(&mut self, record: &Record, is_known: impl Fn(&str) -> bool) -> Result<(), TableError> {
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
    pub(super) fn read(&mut self, record: &mut Record) -> Result<bool, TableError> {
        if !self.advance(record)? {
            return Ok(false);
        }
        self.check_width(record)?;
        Ok(true)
    }

    /// Refuses a record of another width than the header's.
    pub(super) fn check_width(&self, record: &Record) -> Result<(), TableError> {
        if record.len() == self.header.len() {
            return Ok(());
        }
        let open_quote = record.iter().any(|field| field.trim_end().contains('\n'));
        let is_one_more = record.len() == self.header.len() + 1 && record.field(record.len() - 1).is_empty();
        let hint = match (open_quote, is_one_more) {
            (true, _) => "; is a quote opened here and never closed?",
            (false, true) => "; the line ends with a delimiter, and the header does not",
            (false, false) => "",
        };
        let (found, s) = (record.len(), if record.len() == 1 { "" } else { "s" });
        let (place, expected) = (self.place(None), self.header.len());
        Err(TableError::Shape(format!("{place}: {found} field{s} where the header has {expected}{hint}")))
    }

    /// Where the last record is; `column` counts from 0.
    pub(super) fn place(&self, column: Option<usize>) -> Place {
        let named = |i: usize| (i + 1, self.header.get(i).map_or_else(String::new, |name| brief(name).into_owned()));
        Place { file: self.file.clone(), line: self.line, unit: Unit::Line, column: column.map(named) }
    }

    /// What stands between the fields.
    pub(super) fn delimiter(&self) -> u8 {
        self.delimiter
    }

    /// The file as the user named it.
    pub(super) fn file(&self) -> &str {
        &self.file
    }

    fn advance(&mut self, record: &mut Record) -> Result<bool, TableError> {
        loop {
            match record.split(self.input.rest(), self.delimiter, self.input.is_whole()) {
                Split::Record { length, lines, broken, is_bare } => {
                    let line = self.next_line;
                    self.next_line += lines;
                    self.input.take(length);
                    if let Some(column) = broken {
                        self.line = line;
                        return Err(self.not_utf8(column));
                    }
                    if !is_bare && !is_blank(record, self.header.len()) {
                        self.line = line;
                        return Ok(true);
                    }
                }
                Split::Unfinished => self.input.more().map_err(|e| self.explain(&e))?,
                Split::End => return Ok(false),
                Split::OpenQuote => {
                    self.line = self.next_line;
                    let place = self.place(None);
                    let detail = format!("{place}: a quote is opened here and never closed; was the end cut off?");
                    return Err(TableError::Syntax(detail));
                }
            }
        }
    }

    fn not_utf8(&self, column: usize) -> TableError {
        let place = self.place(Some(column));
        let what = "not UTF-8; if it is Windows-1252 or Latin-1, as Excel writes it, convert it: iconv -f WINDOWS-1252 \
                    -t UTF-8";
        TableError::Syntax(format!("{place}: {what}"))
    }

    fn explain(&self, error: &InputError) -> TableError {
        let file = &self.file;
        match error {
            InputError::NotCsv(what) => TableError::Syntax(format!("{file}: this is no CSV but {what}")),
            InputError::TooLong => {
                let (line, most) = (self.next_line, LONGEST_RECORD >> 20);
                let what = "is a quote opened here and never closed?";
                TableError::Syntax(format!("{file}, line {line}: a record of more than {most} MiB; {what}"))
            }
            InputError::Io(e) => TableError::of_input(file, e),
        }
    }
}

/// A line of white space; in a file of one column it is a missing cell.
fn is_blank(record: &Record, width: usize) -> bool {
    record.len() == 1 && width != 1 && record.field(0).trim().is_empty()
}

/// The columns' names: trimmed, but those that `is_known` as they stand.
pub(super) fn names(record: &Record, is_known: impl Fn(&str) -> bool) -> Vec<String> {
    let name = |name: &str| if is_known(name) { name.to_owned() } else { name.trim().to_owned() };
    record.iter().map(name).collect()
}
