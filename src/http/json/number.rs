//! Numbers: RFC 8259's grammar, read to the nearest `f64`, with the same bits as std's parser.
//!
//! A number of up to 19 digits takes one pass and one multiplication or division; std reads the others.

use super::error::SyntaxError;
use super::reader::{NO_INFINITY, Reader};
use crate::text::number;

impl Reader<'_> {
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

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::super::{Reader, Value};

    fn read(text: &str) -> Result<f64, String> {
        let mut reader = Reader::new(text.as_bytes()).map_err(|e| e.to_string())?;
        let value = reader.next_value().map_err(|e| e.to_string())?;
        reader.finish().map_err(|e| e.to_string())?;
        match value {
            Value::Number(number) => Ok(number),
            other => Err(format!("{other:?}")),
        }
    }

    #[test]
    fn numbers_outside_the_grammar_are_refused() {
        for text in ["01", "-", "+1", "1.", ".5", "1e", "1e+", "--1", "1.e3", "0x10", "1_000", "NaN", "Infinity", "-00"]
        {
            assert!(read(text).is_err(), "{text}");
        }
    }

    #[test]
    fn a_number_over_the_range_is_refused_and_one_under_it_is_zero() {
        for text in ["1e999", "-1e309", "1e99999999999999999999", "179769313486231580793e289"] {
            assert!(read(text).unwrap_err().contains("beyond the range"), "{text}");
        }
        assert_eq!(read("1e-400"), Ok(0.0));
        assert_eq!(read("0e99999999999999999999"), Ok(0.0));
        assert_eq!(read("1e-99999999999999999999"), Ok(0.0));
        assert_eq!(read("-0").map(f64::to_bits), Ok((-0.0_f64).to_bits()));
    }

    proptest! {
        #[test]
        fn every_spelling_reads_as_std_reads_it(
            text in r"-?(0|[1-9][0-9]{0,20})(\.[0-9]{1,22})?([eE][+-]?[0-9]{1,3})?"
        ) {
            let expected: f64 = text.parse().unwrap();
            match read(&text) {
                Ok(value) => prop_assert_eq!(value.to_bits(), expected.to_bits(), "{}", text),
                Err(_) => prop_assert!(expected.is_infinite(), "{}", text),
            }
        }

        #[test]
        fn every_float_survives_its_shortest_spelling(bits in any::<u64>()) {
            let value = f64::from_bits(bits);
            if value.is_finite() {
                prop_assert_eq!(read(&serde_json::to_string(&value).unwrap()).map(f64::to_bits), Ok(bits));
            }
        }
    }
}
