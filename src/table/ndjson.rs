//! NDJSON files: a record a line, handed on as CSV in which text alone is in quotes, so that [`JsonCell`] has each cell
//! as JSON did.
//!
//! The keys of the first line are the columns. A line may leave some out, which are missing then, and have them in any
//! order.

use std::collections::HashMap;
use std::fmt;
use std::io::{self, BufRead, BufReader, Read};
use std::iter;

use serde::de::{Deserialize, Deserializer, MapAccess, Visitor};
use serde_json::Value;

use super::error::TableError;
use super::record::Record as CsvRecord;
use crate::text::shorten::shortened;

/// A missing cell of the CSV.
const NULL: &str = "null";

/// A cell as JSON has it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum JsonCell<'a> {
    /// Null, or no key.
    Null,
    /// `true` or `false`.
    Bool(bool),
    /// A number's digits, as they stood.
    Number(&'a str),
    /// A string.
    Text(&'a str),
}

impl<'a> JsonCell<'a> {
    /// A field of a record of the CSV.
    pub(super) fn of(record: &'a CsvRecord, column: usize) -> Self {
        match record.field(column) {
            text if record.is_quoted(column) => Self::Text(text),
            NULL | "" => Self::Null,
            "true" => Self::Bool(true),
            "false" => Self::Bool(false),
            digits => Self::Number(digits),
        }
    }

    /// The text that stands for it in a CSV file: of a missing cell none.
    pub(super) fn text(self) -> &'a str {
        match self {
            Self::Null => "",
            Self::Bool(true) => "true",
            Self::Bool(false) => "false",
            Self::Number(text) | Self::Text(text) => text,
        }
    }
}

/// What is said of a table that is one JSON text.
const ONE_TEXT: &str = "if this is a table as one JSON text, write a record a line (pandas: to_json(orient=\"records\", \
                        lines=True))";

/// The longest line.
const MAX_LINE: u64 = 64 << 20;

/// CSV out of NDJSON, a line for a line.
pub(super) struct NdjsonAsCsv<R> {
    input: BufReader<R>,
    file: String,
    /// Lines read.
    line: u64,
    /// The column of each key; empty before the first record.
    columns: HashMap<String, usize>,
    /// What is to be handed on, and how much of it was.
    out: Vec<u8>,
    at: usize,
}

impl<R: Read> NdjsonAsCsv<R> {
    /// Reads `input`, which errors call `file`.
    pub(super) fn new(input: R, file: &str) -> Self {
        let (input, file) = (BufReader::new(input), file.to_owned());
        Self { input, file, line: 0, columns: HashMap::new(), out: Vec::new(), at: 0 }
    }

    /// Reads the next line into `out`; false at the end.
    fn advance(&mut self) -> io::Result<bool> {
        let mut line = Vec::new();
        let n = self.input.by_ref().take(MAX_LINE).read_until(b'\n', &mut line)?;
        self.out.clear();
        self.at = 0;
        if n == 0 {
            return Ok(false);
        }
        self.line += 1;
        if line.trim_ascii().is_empty() {
            self.out.push(b'\n');
            return Ok(true);
        }
        let line = if self.line == 1 { line.strip_prefix(b"\xef\xbb\xbf").unwrap_or(&line) } else { &line };
        let record: Record = serde_json::from_slice(line).map_err(|e| {
            if e.is_eof() && self.columns.is_empty() {
                return self.wrong(&format!("a record that does not end on its line; {ONE_TEXT}"));
            }
            // serde_json counts lines of its own, of which there is one.
            let what = e.to_string();
            self.wrong(what.split(" at line ").next().unwrap_or_default())
        })?;
        let is_first = self.columns.is_empty();
        // What pandas writes of a table by default: each column an object, or names and rows as arrays.
        if is_first && record.0.iter().all(|(_, value)| value.is_object() || value.is_array()) && !record.0.is_empty() {
            return Err(self.wrong(&format!("its values are no cells but columns or rows; {ONE_TEXT}")));
        }
        if is_first {
            self.columns = record.0.iter().enumerate().map(|(at, (key, _))| (key.clone(), at)).collect();
        }
        let mut fields = vec![NULL.to_owned(); self.columns.len()];
        let mut numbers = numbers(line);
        for (key, value) in &record.0 {
            let digits = if value.is_number() { numbers.next().unwrap_or_default() } else { "" };
            let Some(column) = self.columns.get(key) else {
                let key = shortened(key);
                return Err(self.wrong(&format!("the key {key} is not in the first line, whose keys are the columns")));
            };
            fields[*column] = self.field(key, value, digits)?;
        }
        if is_first {
            let names: Vec<String> = record.0.iter().map(|(key, _)| in_quotes(key)).collect();
            // Both on one line of the file: the header has no line of its own.
            self.write(&names);
        }
        self.write(&fields);
        Ok(true)
    }

    fn field(&self, key: &str, value: &Value, digits: &str) -> io::Result<String> {
        match value {
            Value::Null => Ok(NULL.to_owned()),
            Value::Bool(truth) => Ok(truth.to_string()),
            Value::Number(_) => Ok(digits.to_owned()),
            Value::String(text) => Ok(in_quotes(text)),
            Value::Array(_) | Value::Object(_) => {
                let what = if value.is_array() { "an array" } else { "an object" };
                Err(self.wrong(&format!("{} is {what}; a cell is a number, text, a boolean or null", shortened(key))))
            }
        }
    }

    fn write(&mut self, fields: &[String]) {
        self.out.extend_from_slice(fields.join(",").as_bytes());
        self.out.push(b'\n');
    }

    fn wrong(&self, what: &str) -> io::Error {
        let detail = format!("{}, line {}: {what}", self.file, self.line);
        io::Error::new(io::ErrorKind::InvalidData, TableError::Syntax(detail))
    }
}

/// The numbers of a line that is a record, as they stand there, in order; those behind a list or a record in it are not
/// looked for.
fn numbers(line: &[u8]) -> impl Iterator<Item = &str> {
    let mut rest = line;
    iter::from_fn(move || {
        loop {
            match rest.first()? {
                b'"' => rest = past_string(rest),
                b'-' | b'0'..=b'9' => {
                    let is_end = |byte: &u8| matches!(byte, b',' | b'}') || byte.is_ascii_whitespace();
                    let length = rest.iter().position(is_end).unwrap_or(rest.len());
                    let (number, behind) = rest.split_at(length);
                    rest = behind;
                    return str::from_utf8(number).ok();
                }
                _ => rest = &rest[1..],
            }
        }
    })
}

/// What is behind the string that the text begins with.
fn past_string(text: &[u8]) -> &[u8] {
    let mut at = 1;
    while let Some(byte) = text.get(at) {
        match byte {
            b'"' => return &text[at + 1..],
            b'\\' => at += 2,
            _ => at += 1,
        }
    }
    &[]
}

fn in_quotes(text: &str) -> String {
    format!("\"{}\"", text.replace('"', "\"\""))
}

impl<R: Read> Read for NdjsonAsCsv<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        while self.at == self.out.len() {
            if !self.advance()? {
                return Ok(0);
            }
        }
        let n = buffer.len().min(self.out.len() - self.at);
        buffer[..n].copy_from_slice(&self.out[self.at..self.at + n]);
        self.at += n;
        Ok(n)
    }
}

/// One line: keys and values in order, none twice.
struct Record(Vec<(String, Value)>);

impl<'de> Deserialize<'de> for Record {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Pairs;
        impl<'de> Visitor<'de> for Pairs {
            type Value = Record;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a record, as {\"size\": 1.5}")
            }
            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Record, A::Error> {
                let mut pairs: Vec<(String, Value)> = Vec::new();
                while let Some((key, value)) = map.next_entry::<String, Value>()? {
                    pairs.push((key, value));
                }
                let mut keys: Vec<&String> = pairs.iter().map(|(key, _)| key).collect();
                keys.sort_unstable();
                match keys.windows(2).find(|two| two[0] == two[1]) {
                    Some(two) => Err(serde::de::Error::custom(format!("the key {} is there twice", shortened(two[0])))),
                    None => Ok(Record(pairs)),
                }
            }
        }
        deserializer.deserialize_map(Pairs)
    }
}
