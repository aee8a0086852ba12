//! UBJSON as XGBoost writes it: read into a tree, written from one with types and lengths.

use super::Random;
use super::value::{DEEPEST, Value};

/// Types of integers, which lengths are written as.
const INTEGERS: &[u8] = b"LlIiU";

/// A document with one part changed.
pub fn change(document: &[u8], random: &mut Random) -> Option<Vec<u8>> {
    let mut reader = Reader { rest: document };
    let mut value = reader.value(DEEPEST)?;
    value.change(random);
    // Now and then one of the lengths is wrong, or is written as another type.
    let odd = if random.one_in(16) { random.below(64) } else { usize::MAX };
    let mut writer = Writer { out: Vec::with_capacity(document.len() + 64), odd, random };
    writer.value(&value);
    Some(writer.out)
}

struct Reader<'a> {
    rest: &'a [u8],
}

impl<'a> Reader<'a> {
    fn take(&mut self, n: usize) -> Option<&'a [u8]> {
        let (taken, rest) = self.rest.split_at_checked(n)?;
        self.rest = rest;
        Some(taken)
    }

    fn byte(&mut self) -> Option<u8> {
        self.take(1).map(|byte| byte[0])
    }

    fn skip(&mut self, byte: u8) -> bool {
        let is_next = self.rest.first() == Some(&byte);
        self.rest = &self.rest[usize::from(is_next)..];
        is_next
    }

    fn length(&mut self) -> Option<usize> {
        let kind = self.byte()?;
        self.number(kind)?.parse().ok()
    }

    fn counted(&mut self) -> Option<Vec<u8>> {
        let n = self.length()?;
        self.take(n).map(<[u8]>::to_vec)
    }

    fn number(&mut self, kind: u8) -> Option<String> {
        Some(match kind {
            b'U' => self.byte()?.to_string(),
            b'i' => i8::from_be_bytes([self.byte()?]).to_string(),
            b'I' => i16::from_be_bytes(self.take(2)?.try_into().ok()?).to_string(),
            b'l' => i32::from_be_bytes(self.take(4)?.try_into().ok()?).to_string(),
            b'L' => i64::from_be_bytes(self.take(8)?.try_into().ok()?).to_string(),
            b'd' => f32::from_be_bytes(self.take(4)?.try_into().ok()?).to_string(),
            b'D' => f64::from_be_bytes(self.take(8)?.try_into().ok()?).to_string(),
            b'T' | b'F' | b'Z' => String::new(),
            _ => return None,
        })
    }

    fn value(&mut self, depth: usize) -> Option<Value> {
        let depth = depth.checked_sub(1)?;
        let kind = self.byte()?;
        let element = match kind {
            b'S' => return self.counted().map(Value::Text),
            b'{' => None,
            b'[' if self.skip(b'$') => Some(self.byte()?),
            b'[' => None,
            _ => return Some(Value::Word(kind, self.number(kind)?.into_bytes())),
        };
        let count = if self.skip(b'#') { Some(self.length()?) } else { None };
        // Elements without bytes would make many of a few.
        if element.is_some_and(|kind| b"TFZ".contains(&kind)) {
            return None;
        }
        if count.is_some_and(|count| count > self.rest.len()) {
            return None;
        }
        let (close, mut n) = (kind + 2, 0);
        let mut more = |reader: &mut Self| {
            n += 1;
            count.map_or_else(|| !reader.skip(close), |count| n <= count)
        };
        if kind == b'{' {
            let mut entries = Vec::new();
            while more(self) {
                entries.push((self.counted()?, self.value(depth)?));
            }
            return Some(Value::Object(entries));
        }
        let mut values = Vec::new();
        while more(self) {
            values.push(match element {
                Some(kind) => Value::Word(kind, self.number(kind)?.into_bytes()),
                None => self.value(depth)?,
            });
        }
        Some(Value::List(element, values))
    }
}

struct Writer<'r> {
    out: Vec<u8>,
    /// Lengths until one is wrong.
    odd: usize,
    random: &'r mut Random,
}

impl Writer<'_> {
    fn length(&mut self, n: usize) {
        let is_odd = self.odd == 0;
        self.odd = self.odd.wrapping_sub(1);
        let (kind, text) = match is_odd {
            false => (b'L', n.to_string().into_bytes()),
            true if self.random.one_in(2) => (*self.random.pick(INTEGERS), n.to_string().into_bytes()),
            true => (b'L', super::words::number(n.to_string().as_bytes(), self.random)),
        };
        self.out.push(kind);
        self.number(kind, &text);
    }

    #[expect(clippy::cast_possible_truncation, reason = "a number in the width that it has")]
    fn number(&mut self, kind: u8, text: &[u8]) {
        let text = std::str::from_utf8(text).unwrap_or_default();
        let float: f64 = text.parse().unwrap_or_default();
        let integer: i64 = text.parse().unwrap_or(float as i64);
        match kind {
            b'U' | b'i' => self.out.push(integer as u8),
            b'I' => self.out.extend((integer as i16).to_be_bytes()),
            b'l' => self.out.extend((integer as i32).to_be_bytes()),
            b'L' => self.out.extend(integer.to_be_bytes()),
            b'd' => self.out.extend((float as f32).to_be_bytes()),
            b'D' => self.out.extend(float.to_be_bytes()),
            _ => {}
        }
    }

    fn counted(&mut self, text: &[u8]) {
        self.length(text.len());
        self.out.extend(text);
    }

    fn value(&mut self, value: &Value) {
        match value {
            Value::Word(kind, text) => {
                self.out.push(*kind);
                self.number(*kind, text);
            }
            Value::Text(text) => {
                self.out.push(b'S');
                self.counted(text);
            }
            Value::List(Some(kind), values) => {
                self.out.extend([b'[', b'$', *kind, b'#']);
                self.length(values.len());
                for value in values {
                    match value {
                        Value::Word(_, text) => self.number(*kind, text),
                        other => self.value(other),
                    }
                }
            }
            Value::List(None, values) => {
                // With its length, as XGBoost does it, or with an end.
                let has_length = !self.random.one_in(64);
                self.out.push(b'[');
                if has_length {
                    self.out.push(b'#');
                    self.length(values.len());
                }
                values.iter().for_each(|value| self.value(value));
                self.out.extend((!has_length).then_some(b']'));
            }
            Value::Object(entries) => {
                self.out.push(b'{');
                for (key, value) in entries {
                    self.counted(key);
                    self.value(value);
                }
                self.out.push(b'}');
            }
        }
    }
}
