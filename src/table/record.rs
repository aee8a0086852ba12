//! One CSV record: its fields as they stand in the input, without quotes.

use memchr::{memchr, memchr_iter, memchr2};

/// The fields of a record. They are kept as one text, so that a record that is read again and again allocates nothing.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Record {
    text: String,
    /// Where each field begins and ends in `text`.
    fields: Vec<(usize, usize)>,
    /// Whether each was in quotes; empty where none was.
    quoted: Vec<bool>,
}

/// What [`Record::split`] found at the beginning of its bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Split {
    /// A record.
    Record {
        /// Its bytes, the line end included.
        length: usize,
        /// Its line ends.
        lines: u64,
        /// Where its text is not UTF-8: the field, from 0.
        broken: Option<usize>,
        /// True for a line of nothing, not even quotes.
        is_bare: bool,
    },
    /// A record goes on behind the bytes.
    Unfinished,
    /// The input ends inside quotes.
    OpenQuote,
    /// There is nothing.
    End,
}

impl Record {
    /// Takes the next record from the beginning of `bytes`; `is_whole` says that nothing comes behind them.
    ///
    /// A field that begins with a quote, also after blanks, goes to the next quote that is not doubled. What stands
    /// between that one and the delimiter belongs to it. A record ends at a line end outside quotes: `\n`, or `\r\n`, or
    /// `\r\r\n`, which programs write that end lines with `\r\n` themselves and write to a text file of Windows.
    pub(super) fn split(&mut self, bytes: &[u8], delimiter: u8, is_whole: bool) -> Split {
        let line = match memchr(b'\n', bytes) {
            Some(end) => &bytes[..end],
            None if is_whole && bytes.is_empty() => return Split::End,
            None if is_whole => bytes,
            None => return Split::Unfinished,
        };
        let mut text = std::mem::take(&mut self.text).into_bytes();
        text.clear();
        self.fields.clear();
        self.quoted.clear();
        let (length, lines, is_bare) = if memchr(b'"', line).is_some() {
            let mut quoted = Quoted { bytes, delimiter, is_whole, at: 0, lines: 0, text: &mut text };
            match quoted.split(&mut self.fields, &mut self.quoted) {
                Ok(()) => (quoted.at, quoted.lines, false),
                Err(other) => return other,
            }
        } else {
            let shown = without_cr(line);
            text.extend_from_slice(shown);
            let mut start = 0;
            for end in memchr_iter(delimiter, shown) {
                self.fields.push((start, end));
                start = end + 1;
            }
            self.fields.push((start, shown.len()));
            ((line.len() + 1).min(bytes.len()), 1, shown.is_empty())
        };
        let broken = match String::from_utf8(text) {
            Ok(text) => {
                self.text = text;
                None
            }
            Err(e) => {
                let at = e.utf8_error().valid_up_to();
                Some(self.fields.iter().position(|(_, end)| at < *end).unwrap_or(0))
            }
        };
        Split::Record { length, lines, broken, is_bare }
    }

    /// How many fields there are.
    pub(super) fn len(&self) -> usize {
        self.fields.len()
    }

    /// A field; empty where there is none.
    #[inline]
    pub(super) fn field(&self, column: usize) -> &str {
        self.fields.get(column).and_then(|(start, end)| self.text.get(*start..*end)).unwrap_or_default()
    }

    /// Whether a field was in quotes.
    pub(super) fn is_quoted(&self, column: usize) -> bool {
        self.quoted.get(column).copied().unwrap_or_default()
    }

    /// The fields, in file order.
    pub(super) fn iter(&self) -> impl Iterator<Item = &str> {
        (0..self.len()).map(|column| self.field(column))
    }
}

/// A line without what stands before its `\n`.
pub(super) fn without_cr(mut line: &[u8]) -> &[u8] {
    while let Some(rest) = line.strip_suffix(b"\r") {
        line = rest;
    }
    line
}

/// A cursor over a record that has quotes.
struct Quoted<'a> {
    bytes: &'a [u8],
    delimiter: u8,
    is_whole: bool,
    at: usize,
    lines: u64,
    text: &'a mut Vec<u8>,
}

impl Quoted<'_> {
    /// Reads fields up to the record's end.
    fn split(&mut self, fields: &mut Vec<(usize, usize)>, are_quoted: &mut Vec<bool>) -> Result<(), Split> {
        loop {
            let start = self.text.len();
            let is_blank = |byte: &&u8| matches!(**byte, b' ' | b'\t') && **byte != self.delimiter;
            let blanks = self.bytes[self.at..].iter().take_while(is_blank).count();
            are_quoted.push(self.bytes.get(self.at + blanks) == Some(&b'"'));
            if are_quoted.last() == Some(&true) {
                self.at += blanks + 1;
                self.quoted()?;
            }
            let rest = &self.bytes[self.at..];
            let is_last = match memchr2(self.delimiter, b'\n', rest) {
                Some(length) => {
                    let is_last = rest[length] == b'\n';
                    self.field(&rest[..length], is_last);
                    self.at += length + 1;
                    is_last
                }
                None if self.is_whole => {
                    self.field(rest, true);
                    self.at = self.bytes.len();
                    true
                }
                None => return Err(Split::Unfinished),
            };
            fields.push((start, self.text.len()));
            if is_last {
                self.lines += 1;
                return Ok(());
            }
        }
    }

    /// What is outside quotes.
    fn field(&mut self, text: &[u8], is_last: bool) {
        self.text.extend_from_slice(if is_last { without_cr(text) } else { text });
    }

    /// Reads past the closing quote.
    fn quoted(&mut self) -> Result<(), Split> {
        let open = if self.is_whole { Split::OpenQuote } else { Split::Unfinished };
        loop {
            let rest = &self.bytes[self.at..];
            let length = memchr(b'"', rest).ok_or(open)?;
            self.text.extend_from_slice(&rest[..length]);
            self.lines += memchr_iter(b'\n', &rest[..length]).count() as u64;
            self.at += length + 1;
            match self.bytes.get(self.at) {
                Some(b'"') => {
                    self.text.push(b'"');
                    self.at += 1;
                }
                None if !self.is_whole => return Err(Split::Unfinished),
                _ => return Ok(()),
            }
        }
    }
}
