//! The pull parser: the caller asks for the next key, element or value, and always knows where it stands.
//!
//! Stands apart from the dialects, which give the tokens meaning. It keeps no stack (who opened a container closes
//! it), so that no input, however deep, costs more than its length.

use std::borrow::Cow;

use super::error::SyntaxError;

/// Containers open at one time; a body that opens more is refused.
pub const MAX_DEPTH: u32 = 32;

/// What to say of `NaN` and `Infinity`.
pub(super) const NO_INFINITY: &str = "JSON has no NaN and no Infinity; a missing value is null";

/// A cursor over one JSON text. Cloning it marks a place to come back to.
#[derive(Debug, Clone)]
pub struct Reader<'a> {
    pub(super) text: &'a str,
    pub(super) bytes: &'a [u8],
    pub(super) at: usize,
    depth: u32,
    /// The container on top has given nothing yet: no comma is due.
    is_fresh: bool,
}

/// A value: whole when it is a scalar, just opened when it is a container.
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
    /// `[`: ask [`Reader::element`] until it says false, or [`Reader::skip`].
    Array,
    /// `{`: ask [`Reader::key`] until it gives none, or [`Reader::skip`].
    Object,
}

impl Value<'_> {
    /// What it is, with its article, as people say it.
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

impl<'a> Reader<'a> {
    /// A cursor at the start of `bytes`.
    ///
    /// # Errors
    /// The bytes are not UTF-8.
    pub fn new(bytes: &'a [u8]) -> Result<Self, SyntaxError> {
        match std::str::from_utf8(bytes) {
            Ok(text) => Ok(Self { text, bytes, at: 0, depth: 0, is_fresh: false }),
            Err(e) => Err(SyntaxError::new(bytes, e.valid_up_to(), "not UTF-8")),
        }
    }

    /// Reads the next value: the whole of a scalar, the opening of a container.
    ///
    /// # Errors
    /// There is none, it is malformed, or it would be the 33rd open container.
    #[inline]
    pub fn value(&mut self) -> Result<Value<'a>, SyntaxError> {
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

    /// Moves to the next element of the array on top; false when it ended.
    ///
    /// # Errors
    /// Neither a comma nor the end is here.
    #[inline]
    pub fn element(&mut self) -> Result<bool, SyntaxError> {
        let is_first = std::mem::replace(&mut self.is_fresh, false);
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

    /// Reads the next key of the object on top, and the colon after it; none when the object ended.
    ///
    /// # Errors
    /// Neither is here.
    #[inline]
    pub fn key(&mut self) -> Result<Option<Cow<'a, str>>, SyntaxError> {
        let is_first = std::mem::replace(&mut self.is_fresh, false);
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

    /// Reads the next key of the object on top if it is spelled `expected`; else stays where it is. `expected` must be
    /// [`is_plain`]. The cheap guess for keys that come in the same order again and again.
    #[inline]
    pub fn key_is(&mut self, expected: &[u8]) -> bool {
        let start = self.at;
        let is_due = self.is_fresh || self.passes(b',');
        if is_due && self.peek_token() == Some(b'"') {
            let end = self.at + 1 + expected.len();
            if self.bytes.get(self.at + 1..end) == Some(expected) && self.bytes.get(end) == Some(&b'"') {
                self.at = end + 1;
                if self.passes(b':') {
                    self.is_fresh = false;
                    return true;
                }
            }
        }
        self.at = start;
        false
    }

    /// Leaves the object on top if it ends here; else stays where it is.
    #[inline]
    pub fn object_ends(&mut self) -> bool {
        let ends = self.peek_token() == Some(b'}');
        if ends {
            self.is_fresh = false;
            self.close();
        }
        ends
    }

    /// Moves past the next token if it is `byte`.
    #[inline]
    fn passes(&mut self, byte: u8) -> bool {
        let is_here = self.peek_token() == Some(byte);
        self.at += usize::from(is_here);
        is_here
    }

    /// Checks that nothing but space is left.
    ///
    /// # Errors
    /// Something is.
    pub fn end(&mut self) -> Result<(), SyntaxError> {
        match self.peek_token() {
            None => Ok(()),
            Some(_) => Err(self.error("the body goes on after its end")),
        }
    }

    /// Bytes read so far, with the space before the next token perhaps still to come.
    #[inline]
    pub fn position(&self) -> usize {
        self.at
    }

    /// The text from an earlier [`Reader::position`] up to here, as the body spells it.
    pub fn text_since(&self, position: usize) -> &'a str {
        self.text.get(position..self.at).unwrap_or_default()
    }

    /// Bytes not read yet.
    #[inline]
    pub fn remaining(&self) -> usize {
        self.bytes.len() - self.at
    }

    /// The error of a key that its object already has.
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
        self.is_fresh = true;
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

    /// Skips space and looks at the byte after it.
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

/// True when a string is spelled in JSON as it is: no quote, no backslash, no control character.
pub fn is_plain(text: &str) -> bool {
    !text.bytes().any(|b| b < 0x20 || b == b'"' || b == b'\\')
}
