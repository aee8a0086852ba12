//! A pickle's bytes, one opcode or argument after the other; a length is checked before anything of it is taken.

use crate::import::error::ImportError;
use crate::import::sklearn::arena::Span;

pub(super) struct Scan<'a> {
    bytes: &'a [u8],
    at: usize,
}

impl<'a> Scan<'a> {
    /// Bytes, at most 4 GiB.
    pub(super) fn new(bytes: &'a [u8]) -> Self {
        Self { bytes, at: 0 }
    }

    /// The position of the next byte.
    pub(super) fn at(&self) -> usize {
        self.at
    }

    pub(super) fn take(&mut self, n: usize) -> Result<&'a [u8], ImportError> {
        let taken = self.bytes.get(self.at..).and_then(|rest| rest.get(..n)).ok_or_else(|| self.short(n))?;
        self.at += n;
        Ok(taken)
    }

    fn short(&self, n: usize) -> ImportError {
        let left = self.bytes.len() - self.at;
        ImportError::new(format_args!("{n} bytes should follow and {left} do: the file is cut off or no pickle"))
    }

    pub(super) fn u8(&mut self) -> Result<u8, ImportError> {
        Ok(self.take(1)?[0])
    }

    pub(super) fn array<const N: usize>(&mut self) -> Result<[u8; N], ImportError> {
        let mut array = [0; N];
        array.copy_from_slice(self.take(N)?);
        Ok(array)
    }

    /// A length in this many bytes, little-endian.
    pub(super) fn length(&mut self, width: usize) -> Result<usize, ImportError> {
        let length = self.take(width)?.iter().rev().fold(0_u64, |length, byte| length << 8 | u64::from(*byte));
        usize::try_from(length).map_err(|_| ImportError::new("a length is larger than memory"))
    }

    /// So many bytes, as a range.
    pub(super) fn span(&mut self, length: usize) -> Result<Span, ImportError> {
        let start = self.at;
        self.take(length)?;
        Ok(span(start, length))
    }

    /// A line without its end, as a range.
    pub(super) fn line(&mut self) -> Result<(&'a [u8], Span), ImportError> {
        let start = self.at;
        let rest = self.bytes.get(start..).unwrap_or_default();
        let length =
            memchr::memchr(b'\n', rest).ok_or_else(|| ImportError::new("a line has no end: the file is cut off"))?;
        self.at = start + length + 1;
        Ok((&rest[..length], span(start, length)))
    }
}

/// A range of bytes that are in the file, so that it fits 32 bits.
fn span(start: usize, length: usize) -> Span {
    let fits = |n| u32::try_from(n).expect("an arena's bytes are at most 4 GiB");
    Span { start: fits(start), length: fits(length) }
}
