//! JSON: read into a tree, written from one.

use super::Random;
use super::value::{DEEPEST, Value};

/// A document with one part changed.
pub fn change(document: &[u8], random: &mut Random) -> Option<Vec<u8>> {
    let mut reader = Reader { bytes: document, at: 0 };
    let mut value = reader.value(DEEPEST)?;
    value.change(random);
    let mut out = Vec::with_capacity(document.len() + 64);
    write(&value, &mut out);
    Some(out)
}

struct Reader<'a> {
    bytes: &'a [u8],
    at: usize,
}

impl Reader<'_> {
    fn peek(&mut self) -> Option<u8> {
        while self.bytes.get(self.at)?.is_ascii_whitespace() {
            self.at += 1;
        }
        self.bytes.get(self.at).copied()
    }

    fn skip(&mut self, byte: u8) -> bool {
        let is_next = self.peek() == Some(byte);
        self.at += usize::from(is_next);
        is_next
    }

    /// What stands between quotes.
    fn text(&mut self) -> Option<Vec<u8>> {
        let start = self.at + 1;
        self.at = start;
        loop {
            match self.bytes.get(self.at)? {
                b'"' => break,
                b'\\' => self.at += 2,
                _ => self.at += 1,
            }
        }
        self.at += 1;
        Some(self.bytes[start..self.at - 1].to_vec())
    }

    fn value(&mut self, depth: usize) -> Option<Value> {
        let depth = depth.checked_sub(1)?;
        match self.peek()? {
            b'{' => {
                self.at += 1;
                let mut entries = Vec::new();
                while !self.skip(b'}') {
                    self.skip(b',');
                    let key = (self.peek()? == b'"').then(|| self.text())??;
                    entries.push((key, self.skip(b':').then(|| self.value(depth))??));
                }
                Some(Value::Object(entries))
            }
            b'[' => {
                self.at += 1;
                let mut values = Vec::new();
                while !self.skip(b']') {
                    self.skip(b',');
                    values.push(self.value(depth)?);
                }
                Some(Value::List(None, values))
            }
            b'"' => self.text().map(Value::Text),
            _ => {
                let rest = &self.bytes[self.at..];
                let n = rest.iter().position(|byte| b",:[]{}\" \n\r\t".contains(byte)).unwrap_or(rest.len());
                self.at += n;
                (n > 0).then(|| Value::Word(b'l', rest[..n].to_vec()))
            }
        }
    }
}

fn write(value: &Value, out: &mut Vec<u8>) {
    let quoted = |text: &[u8], out: &mut Vec<u8>| {
        out.push(b'"');
        out.extend(text);
        out.push(b'"');
    };
    match value {
        Value::Word(_, text) => out.extend(if text.is_empty() { b"null" } else { &text[..] }),
        Value::Text(text) => quoted(text, out),
        Value::List(_, values) => {
            out.push(b'[');
            for (at, value) in values.iter().enumerate() {
                if at > 0 {
                    out.push(b',');
                }
                write(value, out);
            }
            out.push(b']');
        }
        Value::Object(entries) => {
            out.push(b'{');
            for (at, (key, value)) in entries.iter().enumerate() {
                if at > 0 {
                    out.push(b',');
                }
                quoted(key, out);
                out.push(b':');
                write(value, out);
            }
            out.push(b'}');
        }
    }
}
