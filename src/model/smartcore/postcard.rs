//! A reader of postcard's format that trusts nothing: no recursion, no allocation ahead of the bytes that fill it.
//!
//! Not the `postcard` crate's, because smartcore's fields are private and its boosted trees are nested boxes: a derived
//! decoder would recurse as deep as the bytes say. The format is postcard 1.0's: integers wider than a
//! byte are LEB128 varints, f64 is 8 little-endian bytes, an option is a 0 or 1 byte, a sequence is its length and its
//! elements, structs are their fields, unit types are nothing.
#![expect(clippy::inline_always, reason = "without it each number of a forest is a call")]

use std::fmt::Display;

/// A cursor over a section's bytes.
#[derive(Debug, Clone)]
pub(in crate::model) struct PostcardReader<'a> {
    rest: &'a [u8],
    len: usize,
    /// The section's name, for errors.
    section: &'static str,
}

impl<'a> PostcardReader<'a> {
    /// A reader of the section of this name.
    pub(in crate::model) fn of(bytes: &'a [u8], section: &'static str) -> Self {
        Self { rest: bytes, len: bytes.len(), section }
    }

    /// Fails with `what` and the place.
    pub(in crate::model) fn fault<T>(&self, what: impl Display) -> Result<T, String> {
        Err(self.placed(&what))
    }

    /// `what`, and the place. Apart, so that what reads a number is small and is inlined: a forest of 62 MB has 20 million.
    #[cold]
    #[inline(never)]
    fn placed(&self, what: &dyn Display) -> String {
        format!("{what} (byte {} of the {} section)", self.len - self.rest.len(), self.section)
    }

    #[inline(always)]
    pub(in crate::model) fn byte(&mut self) -> Result<u8, String> {
        match self.rest.split_first() {
            Some((byte, rest)) => {
                self.rest = rest;
                Ok(*byte)
            }
            None => self.fault("it ends too early"),
        }
    }

    /// A varint of at most 64 bits.
    #[inline(always)]
    pub(in crate::model) fn u64(&mut self) -> Result<u64, String> {
        match self.rest {
            [first @ ..0x80, rest @ ..] => {
                self.rest = rest;
                Ok(u64::from(*first))
            }
            _ => self.long_u64(),
        }
    }

    /// One of several bytes.
    fn long_u64(&mut self) -> Result<u64, String> {
        let first = self.byte()?;
        let mut value = u64::from(first & 0x7f);
        for shift in (7..64).step_by(7) {
            let byte = self.byte()?;
            if shift == 63 && byte > 1 {
                break;
            }
            value |= u64::from(byte & 0x7f) << shift;
            if byte < 0x80 {
                return Ok(value);
            }
        }
        self.fault("an integer is too long")
    }

    /// A varint that must fit 32 bits.
    #[inline]
    pub(in crate::model) fn u32(&mut self) -> Result<u32, String> {
        let value = self.u64()?;
        u32::try_from(value).or_else(|_| self.fault(format_args!("{value} is too large an index")))
    }

    #[inline(always)]
    pub(in crate::model) fn f64(&mut self) -> Result<f64, String> {
        match self.rest.split_first_chunk::<8>() {
            Some((bytes, rest)) => {
                self.rest = rest;
                Ok(f64::from_le_bytes(*bytes))
            }
            None => self.fault("it ends too early"),
        }
    }

    /// An f64 that is not NaN, which smartcore never writes, not even where nothing reads it; `what` names it.
    #[inline(always)]
    pub(in crate::model) fn number(&mut self, what: &str) -> Result<f64, String> {
        let value = self.f64()?;
        if value.is_nan() { self.fault(format_args!("a {what} is NaN")) } else { Ok(value) }
    }

    /// A finite f64; `what` names it in the error.
    #[inline(always)]
    pub(in crate::model) fn finite(&mut self, what: &str) -> Result<f64, String> {
        let value = self.f64()?;
        if value.is_finite() { Ok(value) } else { self.fault(format_args!("a {what} is not finite")) }
    }

    /// A boolean, or the tag of an option.
    #[inline(always)]
    pub(in crate::model) fn flag(&mut self) -> Result<bool, String> {
        match self.byte()? {
            0 => Ok(false),
            1 => Ok(true),
            other => self.fault(format_args!("{other} is neither 0 nor 1")),
        }
    }

    /// An option that must be there: smartcore has `None` only before a fit.
    pub(in crate::model) fn some(&mut self, what: &str) -> Result<(), String> {
        if self.flag()? { Ok(()) } else { self.fault(format_args!("{what} is absent: the estimator was never fitted")) }
    }

    /// An optional value.
    #[inline(always)]
    pub(in crate::model) fn option<T>(
        &mut self,
        read: impl FnOnce(&mut Self) -> Result<T, String>,
    ) -> Result<Option<T>, String> {
        if self.flag()? { read(self).map(Some) } else { Ok(None) }
    }

    /// A sequence's length, refused when that many elements of at least `smallest` bytes cannot follow.
    pub(in crate::model) fn length(&mut self, smallest: usize, what: &str) -> Result<usize, String> {
        let value = self.u64()?;
        match usize::try_from(value) {
            Ok(n) if n.saturating_mul(smallest) <= self.rest.len() => Ok(n),
            _ => self.fault(format_args!("{value} {what} cannot fit")),
        }
    }

    /// `n` finite f64s.
    pub(in crate::model) fn finites(&mut self, what: &str) -> Result<Vec<f64>, String> {
        let n = self.length(8, what)?;
        (0..n).map(|_| self.finite(what)).collect()
    }

    /// The section must end here.
    pub(in crate::model) fn end(&self) -> Result<(), String> {
        if self.rest.is_empty() { Ok(()) } else { self.fault(format_args!("{} bytes too many", self.rest.len())) }
    }
}
