//! NDJSON files: a record a line, handed on as the CSV of the same table, so that one set of rules reads both.
//!
//! The keys of the first line are the columns. A line may leave some out, which are missing then, and have them in any
//! order. Numbers are written as JSON has them, booleans as pandas does, null as an empty field.

use std::collections::HashMap;
use std::fmt;
use std::io::{self, BufRead, BufReader, Read};

use csv::{QuoteStyle, WriterBuilder};
use serde::de::{Deserialize, Deserializer, MapAccess, Visitor};
use serde_json::Value;

use super::error::TableError;
use crate::text::shorten::shortened;

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
            // serde_json counts lines of its own, of which there is one.
            let what = e.to_string();
            self.wrong(what.split(" at line ").next().unwrap_or_default())
        })?;
        let is_first = self.columns.is_empty();
        if is_first {
            self.columns = record.0.iter().enumerate().map(|(at, (key, _))| (key.clone(), at)).collect();
        }
        let mut fields = vec![String::new(); self.columns.len()];
        for (key, value) in &record.0 {
            let Some(column) = self.columns.get(key) else {
                let key = shortened(key);
                return Err(self.wrong(&format!("the key {key} is not in the first line, whose keys are the columns")));
            };
            fields[*column] = self.field(key, value)?;
        }
        if is_first {
            let names: Vec<&String> = record.0.iter().map(|(key, _)| key).collect();
            // Both on one line of the file: the header has no line of its own.
            self.write(&names)?;
        }
        self.write(&fields)?;
        Ok(true)
    }

    fn field(&self, key: &str, value: &Value) -> io::Result<String> {
        match value {
            Value::Null => Ok(String::new()),
            Value::Bool(truth) => Ok(if *truth { "True" } else { "False" }.to_owned()),
            Value::Number(number) => Ok(number.to_string()),
            Value::String(text) => Ok(text.clone()),
            Value::Array(_) | Value::Object(_) => {
                let what = if value.is_array() { "an array" } else { "an object" };
                Err(self.wrong(&format!("{} is {what}; a cell is a number, text, a boolean or null", shortened(key))))
            }
        }
    }

    fn write<T: AsRef<[u8]>>(&mut self, fields: &[T]) -> io::Result<()> {
        let mut writer = WriterBuilder::new().quote_style(QuoteStyle::Necessary).from_writer(&mut self.out);
        writer.write_record(fields).map_err(io::Error::other)?;
        writer.flush()
    }

    fn wrong(&self, what: &str) -> io::Error {
        let detail = format!("{}, line {}: {what}", self.file, self.line);
        io::Error::new(io::ErrorKind::InvalidData, TableError::Syntax(detail))
    }
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
