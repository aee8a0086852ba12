//! The bytes of an input as UTF-8 with `\n` at the lines' ends, a piece at a time.

use std::io::{Error, ErrorKind, Read};

use super::content::{Content, ENOUGH, content};

/// Bytes read from the input at one time; as many are looked at to tell the delimiter.
const PIECE: usize = 64 << 10;

/// The longest record: what is kept in memory of an input that opens a quote and never closes it.
pub(super) const LONGEST_RECORD: usize = 16 << 20;

/// Why there are no more bytes.
#[derive(Debug)]
pub(super) enum InputError {
    /// Reading failed.
    Io(Error),
    /// It is no CSV: what it is instead, and what to do.
    NotCsv(&'static str),
    /// A record of more than [`LONGEST_RECORD`].
    TooLong,
}

/// An input, and those of its bytes that were read and not yet taken.
#[derive(Debug)]
pub(super) struct TextInput<R> {
    input: R,
    encoding: Encoding,
    bytes: Vec<u8>,
    start: usize,
    is_whole: bool,
    /// True where lines end with `\r` alone.
    ends_with_cr: bool,
}

#[derive(Debug)]
enum Encoding {
    Utf8,
    Utf16 {
        is_big_endian: bool,
        /// Bytes that wait for the rest of their character.
        held: Vec<u8>,
    },
}

impl<R: Read> TextInput<R> {
    /// An input from which nothing is read yet; [`Self::begin`] comes next.
    pub(super) fn new(input: R) -> Self {
        Self { input, encoding: Encoding::Utf8, bytes: Vec::new(), start: 0, is_whole: false, ends_with_cr: false }
    }

    /// Reads the beginning, and recognises what the input is and how its lines end.
    pub(super) fn begin(&mut self) -> Result<(), InputError> {
        while self.bytes.len() < ENOUGH && self.read_piece(PIECE - self.bytes.len())? {}
        match content(&self.bytes[..self.bytes.len().min(ENOUGH)]) {
            Content::Foreign(what) => return Err(InputError::NotCsv(what)),
            Content::Utf8(mark) => self.start = mark,
            Content::Utf16 { is_big_endian } => {
                let mut held = self.bytes.split_off(2);
                self.bytes.clear();
                decode_utf16(&mut held, is_big_endian, self.is_whole, &mut self.bytes)?;
                self.encoding = Encoding::Utf16 { is_big_endian, held };
            }
        }
        while self.rest().len() < PIECE && self.read_piece(PIECE - self.rest().len())? {}
        let rest = self.rest();
        // Of `\r\n` the `\n` may not be read yet.
        let cr = memchr::memchr(b'\r', rest).is_some_and(|at| self.is_whole || at + 1 < rest.len());
        if cr && memchr::memchr(b'\n', rest).is_none() {
            self.ends_with_cr = true;
            self.end_lines(0);
        }
        Ok(())
    }

    /// The bytes that were read and not taken.
    pub(super) fn rest(&self) -> &[u8] {
        &self.bytes[self.start..]
    }

    /// True when nothing comes behind [`Self::rest`].
    pub(super) fn is_whole(&self) -> bool {
        self.is_whole
    }

    /// Takes bytes from the beginning.
    pub(super) fn take(&mut self, n: usize) {
        self.start += n;
    }

    /// Reads more behind the rest.
    pub(super) fn more(&mut self) -> Result<(), InputError> {
        self.bytes.drain(..self.start);
        self.start = 0;
        let held = self.bytes.len();
        if held > LONGEST_RECORD {
            return Err(InputError::TooLong);
        }
        // Half as much again: a long record is looked at from its beginning each time.
        while self.bytes.len() == held && self.read_piece(PIECE.max(held / 2))? {}
        if self.ends_with_cr {
            self.end_lines(held);
        }
        Ok(())
    }

    fn end_lines(&mut self, from: usize) {
        self.bytes[from..].iter_mut().filter(|byte| **byte == b'\r').for_each(|byte| *byte = b'\n');
    }

    /// Reads once, up to `most` bytes; false at the end.
    fn read_piece(&mut self, most: usize) -> Result<bool, InputError> {
        if self.is_whole {
            return Ok(false);
        }
        let target = match &mut self.encoding {
            Encoding::Utf8 => &mut self.bytes,
            Encoding::Utf16 { held, .. } => held,
        };
        let before = target.len();
        target.reserve_exact(most);
        target.resize(before + most, 0);
        let n = loop {
            match self.input.read(&mut target[before..]) {
                Err(e) if e.kind() == ErrorKind::Interrupted => {}
                other => break other,
            }
        };
        target.truncate(before + n.as_ref().copied().unwrap_or(0));
        self.is_whole = n.map_err(InputError::Io)? == 0;
        if let Encoding::Utf16 { is_big_endian, held } = &mut self.encoding {
            decode_utf16(held, *is_big_endian, self.is_whole, &mut self.bytes)?;
        }
        Ok(!self.is_whole)
    }
}

/// Moves the characters that are whole from `held` to `text`.
fn decode_utf16(held: &mut Vec<u8>, is_big_endian: bool, is_whole: bool, text: &mut Vec<u8>) -> Result<(), InputError> {
    let unit = |pair: &[u8]| {
        let pair = [pair[0], pair[1]];
        if is_big_endian { u16::from_be_bytes(pair) } else { u16::from_le_bytes(pair) }
    };
    let mut n = held.len() / 2 * 2;
    // The first half of a character that takes four bytes.
    let is_half = |unit: u16| (0xD800..0xDC00).contains(&unit);
    if !is_whole && n >= 2 && is_half(unit(&held[n - 2..n])) {
        n -= 2;
    }
    let broken = InputError::NotCsv("UTF-16 text that is broken; save it as CSV (UTF-8)");
    for character in char::decode_utf16(held[..n].chunks_exact(2).map(unit)) {
        match character {
            Ok(c) => text.extend_from_slice(c.encode_utf8(&mut [0; 4]).as_bytes()),
            Err(_) => return Err(broken),
        }
    }
    held.drain(..n);
    if is_whole && !held.is_empty() { Err(broken) } else { Ok(()) }
}
