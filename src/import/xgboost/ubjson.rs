//! A walk through UBJSON as `XGBoost` writes it: big-endian, with arrays of one type or of a given length.

use super::parser::{Element, Parser};
use crate::import::error::ImportError;

/// A walk through UBJSON.
#[derive(Debug)]
pub(super) struct Ubjson<'a> {
    bytes: &'a [u8],
    at: usize,
    /// For each open array and object, the number of elements left, if it is known.
    open: Vec<Option<u64>>,
}

/// How an array begins.
struct Head {
    /// The type of all elements.
    element: Option<u8>,
    /// Their number.
    count: Option<u64>,
}

impl<'a> Ubjson<'a> {
    pub(super) fn new(bytes: &'a [u8]) -> Self {
        Self { bytes, at: 0, open: Vec::new() }
    }

    fn fault<T>(&self, problem: impl std::fmt::Display) -> Result<T, ImportError> {
        Err(ImportError::new(problem).within(format_args!("byte {}", self.at)))
    }

    /// The next byte, which is a type or a bracket; 0 at the end. `N` means nothing.
    fn peek(&mut self) -> u8 {
        while self.bytes.get(self.at) == Some(&b'N') {
            self.at += 1;
        }
        self.bytes.get(self.at).copied().unwrap_or(0)
    }

    fn expect(&mut self, byte: u8) -> Result<(), ImportError> {
        let found = self.peek();
        if found == byte {
            self.at += 1;
            return Ok(());
        }
        self.fault(format_args!("expected {:?}, found {:?}", char::from(byte), char::from(found)))
    }

    fn take(&mut self, n: usize) -> Result<&'a [u8], ImportError> {
        match self.bytes.get(self.at..).and_then(|rest| rest.get(..n)) {
            Some(bytes) => {
                self.at += n;
                Ok(bytes)
            }
            None => self.fault("it ends too early: the file is cut off"),
        }
    }

    /// Bytes of a number of this type.
    fn width(&self, kind: u8) -> Result<usize, ImportError> {
        match kind {
            b'i' | b'U' => Ok(1),
            b'I' => Ok(2),
            b'l' | b'd' => Ok(4),
            b'L' | b'D' => Ok(8),
            _ => self.fault(format_args!("{:?} is not the type of a number", char::from(kind))),
        }
    }

    /// A length: an integer after its type.
    fn length(&mut self) -> Result<u64, ImportError> {
        let kind = self.peek();
        self.at += 1;
        let n = self.width(kind)?;
        let bytes = self.take(n)?;
        match integer(kind, bytes).and_then(|n| u64::try_from(n).ok()) {
            Some(n) => Ok(n),
            None => self.fault("a length is not a whole number"),
        }
    }

    /// Bytes of a text whose length comes first.
    fn counted(&mut self) -> Result<&'a [u8], ImportError> {
        let n = self.length()?;
        self.take(usize::try_from(n).unwrap_or(usize::MAX))
    }

    fn utf8(&mut self) -> Result<String, ImportError> {
        let bytes = self.counted()?;
        match std::str::from_utf8(bytes) {
            Ok(text) => Ok(text.to_owned()),
            Err(_) => self.fault("a text is not valid UTF-8"),
        }
    }

    /// What follows the bracket of an array or object.
    fn head(&mut self) -> Result<Head, ImportError> {
        let mut head = Head { element: None, count: None };
        if self.peek() == b'$' {
            head.element = Some(self.take(2)?[1]);
            if self.peek() != b'#' {
                return self.fault("an array of one type has no length");
            }
        }
        if self.peek() == b'#' {
            self.at += 1;
            let n = self.length()?;
            // Each element takes a byte at least.
            if n > (self.bytes.len() - self.at) as u64 {
                return self.fault(format_args!("an array of {n} elements cannot fit"));
            }
            head.count = Some(n);
        }
        Ok(head)
    }

    fn begin(&mut self, bracket: u8) -> Result<(), ImportError> {
        self.expect(bracket)?;
        let head = self.head()?;
        if head.element.is_some() {
            return self.fault("the elements of this array are numbers, but others are expected");
        }
        self.open.push(head.count);
        Ok(())
    }

    /// False at the end of the innermost open container, which is closed then.
    fn next_of(&mut self, bracket: u8) -> bool {
        let is_end = match self.open.last_mut() {
            Some(Some(0)) => true,
            Some(Some(left)) => {
                *left -= 1;
                false
            }
            _ => {
                let is_end = self.peek() == bracket;
                self.at += usize::from(is_end);
                is_end
            }
        };
        if is_end {
            self.open.pop();
        }
        !is_end
    }

    /// The element of this type whose bytes come next.
    fn number<T: Element>(&mut self, kind: u8) -> Result<T, ImportError> {
        if matches!(kind, b'T' | b'F') {
            return T::of_integer(i64::from(kind == b'T')).map_or_else(|| self.fault("expected a number"), Ok);
        }
        let n = self.width(kind)?;
        let bytes = self.take(n)?;
        let number = match kind {
            b'd' => <[u8; 4]>::try_from(bytes).ok().and_then(|b| T::of_float(f64::from(f32::from_be_bytes(b)))),
            b'D' => <[u8; 8]>::try_from(bytes).ok().and_then(|b| T::of_float(f64::from_be_bytes(b))),
            _ => integer(kind, bytes).and_then(T::of_integer),
        };
        number.map_or_else(|| self.fault("a number is not of the kind that is expected"), Ok)
    }
}

/// An integer of this type.
fn integer(kind: u8, bytes: &[u8]) -> Option<i64> {
    match (kind, bytes) {
        (b'U', [byte]) => Some(i64::from(*byte)),
        (b'i', [byte]) => Some(i64::from(i8::from_be_bytes([*byte]))),
        (b'I', [a, b]) => Some(i64::from(i16::from_be_bytes([*a, *b]))),
        (b'l', [a, b, c, d]) => Some(i64::from(i32::from_be_bytes([*a, *b, *c, *d]))),
        (b'L', bytes) => Some(i64::from_be_bytes(bytes.try_into().ok()?)),
        _ => None,
    }
}

impl Parser for Ubjson<'_> {
    fn begin_object(&mut self) -> Result<(), ImportError> {
        self.begin(b'{')
    }

    fn next_key(&mut self) -> Result<Option<String>, ImportError> {
        if self.next_of(b'}') { self.utf8().map(Some) } else { Ok(None) }
    }

    fn begin_array(&mut self) -> Result<(), ImportError> {
        self.begin(b'[')
    }

    fn next_element(&mut self) -> Result<bool, ImportError> {
        Ok(self.next_of(b']'))
    }

    fn text(&mut self) -> Result<String, ImportError> {
        self.expect(b'S')?;
        self.utf8()
    }

    fn numbers<T: Element>(&mut self, out: &mut Vec<T>) -> Result<(), ImportError> {
        self.expect(b'[')?;
        let Head { element, count } = self.head()?;
        if let (Some(kind), Some(n)) = (element, count) {
            let n = usize::try_from(n).unwrap_or(usize::MAX);
            // T and F are no such type: elements without bytes would make any length of a few.
            if n.saturating_mul(self.width(kind)?) > self.bytes.len() - self.at {
                return self.fault(format_args!("an array of {n} numbers cannot fit"));
            }
            out.reserve_exact(n);
            for _ in 0..n {
                out.push(self.number(kind)?);
            }
            return Ok(());
        }
        self.open.push(count);
        while self.next_of(b']') {
            let kind = self.peek();
            self.at += 1;
            out.push(self.number(kind)?);
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
        // Of each array and object that is open here: whether it is an object, and the elements that are left.
        let mut open: Vec<(bool, Option<u64>)> = Vec::new();
        loop {
            if let Some((is_object, left)) = open.last_mut() {
                let (is_object, close) = (*is_object, if *is_object { b'}' } else { b']' });
                let is_end = match left {
                    Some(0) => true,
                    Some(left) => {
                        *left -= 1;
                        false
                    }
                    None => {
                        let is_end = self.peek() == close;
                        self.at += usize::from(is_end);
                        is_end
                    }
                };
                if is_end {
                    open.pop();
                    if open.is_empty() {
                        return Ok(());
                    }
                    continue;
                }
                if is_object {
                    self.counted()?;
                }
            }
            let kind = self.peek();
            self.at += 1;
            match kind {
                b'{' | b'[' => {
                    let Head { element, count } = self.head()?;
                    match (element, count) {
                        (Some(element), Some(n)) if kind == b'[' => {
                            let n = usize::try_from(n).unwrap_or(usize::MAX);
                            self.take(n.saturating_mul(self.width(element)?))?;
                        }
                        (Some(_), _) => return self.fault("an object whose values are of one type is not read"),
                        (None, count) => open.push((kind == b'{', count)),
                    }
                }
                b'S' | b'H' => {
                    self.counted()?;
                }
                b'C' => {
                    self.take(1)?;
                }
                b'T' | b'F' | b'Z' => {}
                _ => {
                    let n = self.width(kind)?;
                    self.take(n)?;
                }
            }
            if open.is_empty() {
                return Ok(());
            }
        }
    }

    fn end(&mut self) -> Result<(), ImportError> {
        if self.at == self.bytes.len() { Ok(()) } else { self.fault("something follows the model") }
    }
}
