//! Numbers: RFC 8259's grammar, read to the nearest `f64`, with the same bits as std's parser.
//!
//! A number of up to 19 digits takes one pass and one multiplication or division; std reads the others.

use super::error::SyntaxError;
use super::reader::{JsonReader, NO_INFINITY};
use crate::text::number;

impl JsonReader<'_> {
    /// Reads the number at the current position. One over `f64`'s range is an error, one under it is 0.
    #[inline]
    pub(super) fn number(&mut self) -> Result<f64, SyntaxError> {
        let start = self.at;
        let negative = self.peek() == Some(b'-');
        self.at += usize::from(negative);
        let mut mantissa = 0;
        let whole = self.digits(&mut mantissa);
        if whole == 0 {
            return Err(self.error(if self.peek() == Some(b'I') { NO_INFINITY } else { "expected a digit" }));
        }
        if whole > 1 && self.bytes[self.at - whole] == b'0' {
            return Err(self.error_at(self.at - whole, "a number cannot start with 0 and another digit"));
        }
        let mut fraction = 0;
        if self.peek() == Some(b'.') {
            self.at += 1;
            fraction = self.digits(&mut mantissa);
            if fraction == 0 {
                return Err(self.error("expected a digit after the decimal point"));
            }
        }
        let exponent = match self.peek() {
            Some(b'e' | b'E') => self.exponent()?,
            _ => 0,
        };
        let power = exponent - i64::try_from(fraction).unwrap_or(i64::MAX);
        match number::exact(negative, mantissa, whole + fraction, power) {
            Some(value) => Ok(value),
            None => self.slow_number(start),
        }
    }

    /// Appends the digits that follow to `mantissa` (wrapping) and returns their number.
    #[inline]
    fn digits(&mut self, mantissa: &mut u64) -> usize {
        let start = self.at;
        while let Some(byte @ b'0'..=b'9') = self.peek() {
            *mantissa = mantissa.wrapping_mul(10).wrapping_add(u64::from(byte - b'0'));
            self.at += 1;
        }
        self.at - start
    }

    /// Reads `e`, a sign and digits. An exponent over 2⁴⁰ is cut to 2⁴⁰, which is over `f64`'s range too.
    fn exponent(&mut self) -> Result<i64, SyntaxError> {
        const MAX: i64 = 1 << 40;
        self.at += 1;
        let negative = self.peek() == Some(b'-');
        if matches!(self.peek(), Some(b'+' | b'-')) {
            self.at += 1;
        }
        let start = self.at;
        let mut value = 0_i64;
        while let Some(byte @ b'0'..=b'9') = self.peek() {
            value = (value * 10 + i64::from(byte - b'0')).min(MAX);
            self.at += 1;
        }
        if self.at == start {
            return Err(self.error("expected a digit in the exponent"));
        }
        Ok(if negative { -value } else { value })
    }

    /// Parses the number from `start` to here with std.
    #[cold]
    #[inline(never)]
    fn slow_number(&self, start: usize) -> Result<f64, SyntaxError> {
        match self.text[start..self.at].parse::<f64>() {
            Ok(value) if value.is_finite() => Ok(value),
            Ok(_) => Err(self.error_at(start, "the number is beyond the range of a 64-bit float")),
            Err(_) => Err(self.error_at(start, "not a number")),
        }
    }
}
