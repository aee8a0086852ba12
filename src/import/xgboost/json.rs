//! A walk through JSON as `XGBoost` writes it: NaN and Infinity are numbers.

use super::parser::{Element, Parser};
use crate::import::error::ImportError;
use crate::text::shorten::beginning;

/// A walk through JSON.
#[derive(Debug)]
pub(super) struct Json<'a> {
    bytes: &'a [u8],
    at: usize,
    /// Nothing of the array or object that was begun last has been read.
    is_first: bool,
}

impl<'a> Json<'a> {
    pub(super) fn new(bytes: &'a [u8]) -> Self {
        Self { bytes, at: 0, is_first: true }
    }

    fn fault<T>(&self, problem: impl std::fmt::Display) -> Result<T, ImportError> {
        let is_cut = self.at >= self.bytes.len();
        let hint = if is_cut { ": the file is cut off" } else { "" };
        Err(ImportError::new(format_args!("{problem}{hint}")).within(format_args!("byte {}", self.at)))
    }

    /// The next byte that is no white space; 0 at the end.
    #[inline]
    fn peek(&mut self) -> u8 {
        while let Some(byte) = self.bytes.get(self.at) {
            if !matches!(byte, b' ' | b'\n' | b'\r' | b'\t') {
                return *byte;
            }
            self.at += 1;
        }
        0
    }

    fn expect(&mut self, byte: u8) -> Result<(), ImportError> {
        if self.peek() == byte {
            self.at += 1;
            return Ok(());
        }
        let (wanted, found) = (char::from(byte), self.shown());
        self.fault(format_args!("expected {wanted:?}, found {found}"))
    }

    /// The next byte, for an error.
    fn shown(&self) -> String {
        self.bytes.get(self.at).map_or_else(|| "the end".to_owned(), |byte| format!("{:?}", char::from(*byte)))
    }

    /// What comes after a comma, unless it is the first; false where the list ends with `close`.
    fn next_of(&mut self, close: u8) -> Result<bool, ImportError> {
        let is_first = std::mem::replace(&mut self.is_first, false);
        if self.peek() == close {
            self.at += 1;
            return Ok(false);
        }
        if !is_first {
            self.expect(b',')?;
        }
        Ok(true)
    }

    /// The bytes of a number or a word.
    #[inline]
    fn scalar(&mut self) -> Result<&'a str, ImportError> {
        self.peek();
        let rest = &self.bytes[self.at..];
        let is_inside = |byte: &u8| byte.is_ascii_alphanumeric() || matches!(byte, b'+' | b'-' | b'.');
        let n = rest.iter().position(|byte| !is_inside(byte)).unwrap_or(rest.len());
        match std::str::from_utf8(&rest[..n]) {
            Ok(text) if n > 0 => {
                self.at += n;
                Ok(text)
            }
            _ => {
                let found = self.shown();
                self.fault(format_args!("expected a number, found {found}"))
            }
        }
    }

    /// The position after a text that begins here, its quotes and escapes not looked into.
    fn text_end(&self) -> Result<usize, ImportError> {
        let mut at = self.at + 1;
        loop {
            match self.bytes.get(at) {
                Some(b'"') => return Ok(at + 1),
                Some(b'\\') => at += 2,
                Some(_) => at += 1,
                None => return self.fault("a text has no end: the file is cut off"),
            }
        }
    }
}

impl Parser for Json<'_> {
    fn begin_object(&mut self) -> Result<(), ImportError> {
        self.expect(b'{')?;
        self.is_first = true;
        Ok(())
    }

    fn next_key(&mut self) -> Result<Option<String>, ImportError> {
        if !self.next_of(b'}')? {
            return Ok(None);
        }
        let key = self.text()?;
        self.expect(b':')?;
        Ok(Some(key))
    }

    fn begin_array(&mut self) -> Result<(), ImportError> {
        self.expect(b'[')?;
        self.is_first = true;
        Ok(())
    }

    fn next_element(&mut self) -> Result<bool, ImportError> {
        self.next_of(b']')
    }

    fn text(&mut self) -> Result<String, ImportError> {
        if self.peek() != b'"' {
            let found = self.shown();
            return self.fault(format_args!("expected a text, found {found}"));
        }
        let end = self.text_end()?;
        match serde_json::from_slice(&self.bytes[self.at..end]) {
            Ok(text) => {
                self.at = end;
                Ok(text)
            }
            Err(_) => self.fault("a text is not valid UTF-8 or has an escape that is none"),
        }
    }

    fn numbers<T: Element>(&mut self, out: &mut Vec<T>) -> Result<(), ImportError> {
        self.begin_array()?;
        while self.next_element()? {
            let text = self.scalar()?;
            match T::of_text(text) {
                Some(number) => out.push(number),
                None => {
                    return self
                        .fault(format_args!("{:?} is not a number of the kind that is expected", beginning(text, 32)));
                }
            }
        }
        Ok(())
    }

    fn place(&self) -> usize {
        self.at
    }

    fn go_to(&mut self, place: usize) -> usize {
        std::mem::replace(&mut self.at, place)
    }

    fn skip(&mut self) -> Result<(), ImportError> {
        let mut open = Vec::new();
        loop {
            match self.peek() {
                bracket @ (b'{' | b'[') => {
                    open.push(bracket);
                    self.at += 1;
                }
                close @ (b'}' | b']') => {
                    // The closing brackets come two places after the opening ones.
                    if open.pop().is_none_or(|bracket: u8| bracket + 2 != close) {
                        return self.fault("a bracket closes what was not opened");
                    }
                    self.at += 1;
                }
                b'"' => self.at = self.text_end()?,
                b',' | b':' if !open.is_empty() => self.at += 1,
                _ => {
                    self.scalar()?;
                }
            }
            if open.is_empty() {
                return Ok(());
            }
        }
    }

    fn end(&mut self) -> Result<(), ImportError> {
        if self.peek() == 0 && self.at == self.bytes.len() { Ok(()) } else { self.fault("something follows the model") }
    }
}
