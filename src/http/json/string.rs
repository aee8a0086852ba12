//! Strings: borrowed from the body if they hold no escape, decoded into memory of their own otherwise.
//!
//! Decoding is a cold function of its own, to keep the path without escapes small.

use std::borrow::Cow;

use super::error::SyntaxError;
use super::reader::JsonReader;

impl<'a> JsonReader<'a> {
    /// Reads the rest of a string, after its opening quote.
    #[inline]
    pub(super) fn string(&mut self) -> Result<Cow<'a, str>, SyntaxError> {
        let start = self.at;
        loop {
            match self.peek() {
                Some(b'"') => {
                    let text = &self.text[start..self.at];
                    self.at += 1;
                    return Ok(Cow::Borrowed(text));
                }
                Some(b'\\') => return self.escaped_string(start).map(Cow::Owned),
                Some(0..=0x1F) => return Err(self.error("a control character in a string must be escaped")),
                Some(_) => self.at += 1,
                None => return Err(self.error_at(start, "the string has no end")),
            }
        }
    }

    /// Decodes a string from `start`, with its first escape at the current position.
    #[cold]
    fn escaped_string(&mut self, start: usize) -> Result<String, SyntaxError> {
        let mut decoded = String::new();
        let mut plain = start;
        loop {
            match self.peek() {
                Some(b'"') => {
                    decoded.push_str(&self.text[plain..self.at]);
                    self.at += 1;
                    return Ok(decoded);
                }
                Some(b'\\') => {
                    decoded.push_str(&self.text[plain..self.at]);
                    decoded.push(self.escape()?);
                    plain = self.at;
                }
                Some(0..=0x1F) => return Err(self.error("a control character in a string must be escaped")),
                Some(_) => self.at += 1,
                None => return Err(self.error_at(start, "the string has no end")),
            }
        }
    }

    /// Reads one escape: a backslash and what follows it. A surrogate pair counts as one.
    fn escape(&mut self) -> Result<char, SyntaxError> {
        let start = self.at;
        let simple = match self.bytes.get(start + 1) {
            Some(b'"') => '"',
            Some(b'\\') => '\\',
            Some(b'/') => '/',
            Some(b'b') => '\u{8}',
            Some(b'f') => '\u{c}',
            Some(b'n') => '\n',
            Some(b'r') => '\r',
            Some(b't') => '\t',
            Some(b'u') => return self.unicode_escape(),
            _ => return Err(self.error("not an escape that JSON knows")),
        };
        self.at += 2;
        Ok(simple)
    }

    /// Reads `\uXXXX`, or two of them that are a surrogate pair.
    fn unicode_escape(&mut self) -> Result<char, SyntaxError> {
        let start = self.at;
        let first = self.hex()?;
        let code = match first {
            0xD800..=0xDBFF if self.bytes.get(self.at..self.at + 2) == Some(b"\\u") => {
                let second = self.hex()?;
                if !(0xDC00..=0xDFFF).contains(&second) {
                    return Err(self.error_at(start, "half of a surrogate pair"));
                }
                0x1_0000 + ((first - 0xD800) << 10) + (second - 0xDC00)
            }
            _ => first,
        };
        char::from_u32(code).ok_or_else(|| self.error_at(start, "half of a surrogate pair"))
    }

    /// Reads `\uXXXX` as a number; the caller has seen the `\u`.
    fn hex(&mut self) -> Result<u32, SyntaxError> {
        let digits = self.bytes.get(self.at + 2..self.at + 6).unwrap_or_default();
        let mut value = 0;
        for digit in digits {
            let Some(nibble) = char::from(*digit).to_digit(16) else {
                return Err(self.error("\\u needs four hexadecimal digits"));
            };
            value = value * 16 + nibble;
        }
        if digits.len() < 4 {
            return Err(self.error("\\u needs four hexadecimal digits"));
        }
        self.at += 6;
        Ok(value)
    }
}
