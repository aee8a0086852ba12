//! The pull parser: the caller asks for the next key, element or value.
//!
//! It keeps no stack, only the number of open containers: the caller knows which kind it opened last. Memory and time
//! are therefore bounded by the body's length, however deep it is nested.

use std::borrow::Cow;

use super::error::SyntaxError;

/// Most containers open at once; a body with more is refused.
pub const MAX_DEPTH: u32 = 32;

/// The error for `NaN` and `Infinity`.
pub(super) const NO_INFINITY: &str = "JSON has no NaN and no Infinity; a missing value is null";

/// A cursor over one JSON text. A clone keeps the position, to read from there again.
#[derive(Debug, Clone)]
pub struct JsonReader<'a> {
    pub(super) text: &'a str,
    pub(super) bytes: &'a [u8],
    pub(super) at: usize,
    depth: u32,
    /// The innermost container was just opened: its first item has no comma before it.
    is_first: bool,
}

/// A value: a whole scalar, or a container that was just opened.
#[derive(Debug, Clone, PartialEq)]
pub enum Value<'a> {
    /// `null`.
    Null,
    /// `true` or `false`.
    Bool(bool),
    /// A finite number.
    Number(f64),
    /// A string, decoded.
    Text(Cow<'a, str>),
    /// `[`: call [`JsonReader::next_element`] until it returns false, or [`JsonReader::skip_rest`].
    Array,
    /// `{`: call [`JsonReader::next_key`] until it returns none, or [`JsonReader::skip_rest`].
    Object,
}

impl Value<'_> {
    /// The kind of value with its article, for messages.
    pub fn noun(&self) -> &'static str {
        match self {
            Self::Null => "null",
            Self::Bool(_) => "a boolean",
            Self::Number(_) => "a number",
            Self::Text(_) => "text",
            Self::Array => "an array",
            Self::Object => "an object",
        }
    }
}

impl<'a> JsonReader<'a> {
    /// A cursor at the start of `bytes`.
    ///
    /// # Errors
    /// The bytes are not UTF-8.
    pub fn new(bytes: &'a [u8]) -> Result<Self, SyntaxError> {
        match std::str::from_utf8(bytes) {
            Ok(text) => Ok(Self { text, bytes, at: 0, depth: 0, is_first: false }),
            Err(e) => Err(SyntaxError::new(bytes, e.valid_up_to(), "not UTF-8")),
        }
    }

    /// Reads the next value: the whole of a scalar, the opening of a container.
    ///
    /// # Errors
    /// There is none, it is malformed, or it opens more than [`MAX_DEPTH`] containers.
    #[inline]
    pub fn next_value(&mut self) -> Result<Value<'a>, SyntaxError> {
        match self.peek_token() {
            Some(b'-' | b'0'..=b'9') => self.number().map(Value::Number),
            Some(b'"') => {
                self.at += 1;
                self.string().map(Value::Text)
            }
            Some(b'[') => self.open(Value::Array),
            Some(b'{') => self.open(Value::Object),
            _ => self.literal(),
        }
    }

    /// Moves to the next element of the innermost array; false at the array's end, which it leaves.
    ///
    /// # Errors
    /// The next token is neither a comma nor the end.
    #[inline]
    pub fn next_element(&mut self) -> Result<bool, SyntaxError> {
        let is_first = std::mem::replace(&mut self.is_first, false);
        match self.peek_token() {
            Some(b']') => {
                self.close();
                Ok(false)
            }
            Some(b',') if !is_first => {
                self.at += 1;
                Ok(true)
            }
            Some(_) if is_first => Ok(true),
            Some(_) => Err(self.error("expected a comma or the end of the array")),
            None => Err(self.error("the body ends inside an array")),
        }
    }

    /// Reads the next key of the innermost object and the colon after it; none at the object's end, which it leaves.
    ///
    /// # Errors
    /// The next token is neither a key nor the end.
    #[inline]
    pub fn next_key(&mut self) -> Result<Option<Cow<'a, str>>, SyntaxError> {
        let is_first = std::mem::replace(&mut self.is_first, false);
        match self.peek_token() {
            Some(b'}') => {
                self.close();
                return Ok(None);
            }
            Some(b',') if !is_first => self.at += 1,
            Some(_) if is_first => {}
            Some(_) => return Err(self.error("expected a comma or the end of the object")),
            None => return Err(self.error("the body ends inside an object")),
        }
        if self.peek_token() != Some(b'"') {
            return Err(self.error("expected a key in double quotes"));
        }
        self.at += 1;
        let key = self.string()?;
        if self.peek_token() != Some(b':') {
            return Err(self.error("expected a colon"));
        }
        self.at += 1;
        Ok(Some(key))
    }

    /// Reads the next key if it is spelled `expected`, which must be [`is_plain`]; otherwise stays at its position.
    ///
    /// Rows mostly repeat their keys in one order: comparing with the expected key saves decoding and looking it up.
    #[inline]
    pub fn next_key_is(&mut self, expected: &[u8]) -> bool {
        let start = self.at;
        let may_follow = self.is_first || self.take_token(b',');
        if may_follow && self.peek_token() == Some(b'"') {
            let end = self.at + 1 + expected.len();
            if self.bytes.get(self.at + 1..end) == Some(expected) && self.bytes.get(end) == Some(&b'"') {
                self.at = end + 1;
                if self.take_token(b':') {
                    self.is_first = false;
                    return true;
                }
            }
        }
        self.at = start;
        false
    }

    /// Leaves the innermost object if it ends here; otherwise stays at its position.
    #[inline]
    pub fn end_object(&mut self) -> bool {
        let ends = self.peek_token() == Some(b'}');
        if ends {
            self.is_first = false;
            self.close();
        }
        ends
    }

    /// Moves past the next token if it is `byte`; false if it is not.
    #[inline]
    fn take_token(&mut self, byte: u8) -> bool {
        let is_here = self.peek_token() == Some(byte);
        self.at += usize::from(is_here);
        is_here
    }

    /// Checks that nothing but space is left.
    ///
    /// # Errors
    /// Another token follows.
    pub fn finish(&mut self) -> Result<(), SyntaxError> {
        match self.peek_token() {
            None => Ok(()),
            Some(_) => Err(self.error("the body goes on after its end")),
        }
    }

    /// Bytes read so far. Space before the next token may follow.
    #[inline]
    pub fn position(&self) -> usize {
        self.at
    }

    /// The text from an earlier [`JsonReader::position`] up to here, as the body spells it.
    pub fn text_since(&self, position: usize) -> &'a str {
        self.text.get(position..self.at).unwrap_or_default()
    }

    /// How the number that was read last is spelled; nothing may have been read after it.
    pub fn last_number(&self) -> &'a str {
        // No byte that may come before a number may be part of one.
        let is_part = |b: &u8| matches!(b, b'0'..=b'9' | b'+' | b'-' | b'.' | b'e' | b'E');
        let length = self.bytes[..self.at].iter().rev().take_while(|b| is_part(b)).count();
        self.text_since(self.at - length)
    }

    /// Bytes not read yet.
    #[inline]
    pub fn remaining(&self) -> usize {
        self.bytes.len() - self.at
    }

    /// Bytes of the whole body.
    pub fn length(&self) -> usize {
        self.bytes.len()
    }

    /// The error for a key that its object already has.
    #[cold]
    pub fn duplicate(&self, key: &str) -> SyntaxError {
        self.error(format!("{} is given twice", crate::text::shorten::shortened(key)))
    }

    fn open(&mut self, container: Value<'a>) -> Result<Value<'a>, SyntaxError> {
        if self.depth == MAX_DEPTH {
            return Err(self.error(format!("more than {MAX_DEPTH} arrays and objects inside one another")));
        }
        self.at += 1;
        self.depth += 1;
        self.is_first = true;
        Ok(container)
    }

    #[inline]
    fn close(&mut self) {
        self.at += 1;
        self.depth -= 1;
    }

    fn literal(&mut self) -> Result<Value<'a>, SyntaxError> {
        let rest = &self.bytes[self.at..];
        let (length, value) = match rest.first() {
            Some(b'n') if rest.starts_with(b"null") => (4, Value::Null),
            Some(b't') if rest.starts_with(b"true") => (4, Value::Bool(true)),
            Some(b'f') if rest.starts_with(b"false") => (5, Value::Bool(false)),
            Some(b'N' | b'I') => return Err(self.error(NO_INFINITY)),
            Some(0xEF) => return Err(self.error("JSON does not start with a byte order mark")),
            Some(_) => return Err(self.error("expected a value")),
            None => return Err(self.error("the body ends where a value should be")),
        };
        self.at += length;
        Ok(value)
    }

    #[inline]
    pub(super) fn peek(&self) -> Option<u8> {
        self.bytes.get(self.at).copied()
    }

    /// Skips space and returns the byte after it, without moving past that.
    #[inline]
    fn peek_token(&mut self) -> Option<u8> {
        loop {
            match self.peek() {
                Some(b' ' | b'\n' | b'\r' | b'\t') => self.at += 1,
                other => return other,
            }
        }
    }

    #[cold]
    pub(super) fn error(&self, what: impl Into<String>) -> SyntaxError {
        self.error_at(self.at, what)
    }

    #[cold]
    pub(super) fn error_at(&self, at: usize, what: impl Into<String>) -> SyntaxError {
        SyntaxError::new(self.bytes, at, what)
    }
}

/// True if JSON spells the string without escapes: no quote, no backslash, no control character.
pub fn is_plain(text: &str) -> bool {
    !text.bytes().any(|b| b < 0x20 || b == b'"' || b == b'\\')
}
