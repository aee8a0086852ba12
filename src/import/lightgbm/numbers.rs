//! Numbers of a line, by their words.

use std::str::FromStr;

use crate::import::error::ImportError;

/// One number of a word, by Rust's own rules, which take all that C writes: `1e-05`, `inf`, `-nan`.
///
/// # Errors
/// It is none, or not one of this type.
pub(super) fn number<T: FromStr>(word: &str) -> Result<T, ImportError> {
    word.parse().map_err(|_| ImportError::new(format_args!("{:?} is not a number that may stand here", short(word))))
}

/// The numbers of a list, read as they are asked for: nothing is kept of it.
#[derive(Debug, Clone)]
pub(super) struct Numbers<'a> {
    key: &'static str,
    words: std::str::SplitAsciiWhitespace<'a>,
    at: usize,
}

impl<'a> Numbers<'a> {
    /// The elements of the list under this key.
    pub(super) fn of(key: &'static str, list: &'a str) -> Self {
        Self { key, words: list.split_ascii_whitespace(), at: 0 }
    }

    /// The next one.
    ///
    /// # Errors
    /// The list is at its end, or its next word is no number of this type.
    pub(super) fn next<T: FromStr>(&mut self) -> Result<T, ImportError> {
        let Some(word) = self.words.next() else {
            return Err(ImportError::new(format_args!("`{}` ends after {} numbers, too few", self.key, self.at)));
        };
        self.at += 1;
        number(word).map_err(|error| self.wrong(error))
    }

    /// Checks that nothing is left.
    ///
    /// # Errors
    /// There are more numbers.
    pub(super) fn end(mut self) -> Result<(), ImportError> {
        match self.words.next() {
            None => Ok(()),
            Some(_) => Err(ImportError::new(format_args!("`{}` has more than {} numbers", self.key, self.at))),
        }
    }

    /// An error at the number that was read last.
    pub(super) fn wrong(&self, error: impl Into<ImportError>) -> ImportError {
        error.into().within(format_args!("{}[{}]", self.key, self.at.saturating_sub(1)))
    }
}

/// A word's first characters.
pub(super) fn short(word: &str) -> &str {
    let end = word.char_indices().nth(40).map_or(word.len(), |(at, _)| at);
    &word[..end]
}

/// A number as `LightGBM` reads it in the line of the objective: digit by digit, which is not always the nearest one.
/// `None` for a text that it would not read, and for what is not above 0.
pub(super) fn by_digits(text: &str) -> Option<f64> {
    let (digits, exponent) = match text.split_once(['e', 'E']) {
        Some((digits, exponent)) => (digits, exponent.parse::<i32>().ok()?),
        None => (text, 0),
    };
    let (whole, fraction) = digits.split_once('.').unwrap_or((digits, ""));
    if whole.len() + fraction.len() == 0 || exponent.abs() > 300 || fraction.len() > 22 {
        return None;
    }
    let value = |digits: &str| {
        let digit = |value: f64, c: char| Some(value * 10.0 + f64::from(c.to_digit(10)?));
        digits.chars().try_fold(0.0, digit)
    };
    // Up to 10^22 powers of ten are exact, in whatever order they are multiplied.
    let power = |n: u32| (0..n).fold(1.0, |power: f64, _| power * 10.0);
    let number = value(whole)? + value(fraction)? / power(u32::try_from(fraction.len()).ok()?);
    let scale = power(exponent.unsigned_abs());
    let number = if exponent < 0 { number / scale } else { number * scale };
    (number > 0.0 && number.is_finite()).then_some(number)
}
