//! How the text of a table is to be read where that is not recognised.

use std::borrow::Cow;

use crate::text::number::parse_number;

/// What a reader is told of a CSV input. The default recognises the delimiter and takes numbers as programs write them.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct TextOptions {
    /// What stands between fields, an ASCII character; `None`: recognised.
    pub delimiter: Option<u8>,
    /// How numbers are written.
    pub numerals: Numerals,
    /// Texts that mean a missing cell in every column, beside those that mean it anyway.
    pub missing: Vec<String>,
    /// True for the CSV that NDJSON is handed on as: the first line is a header that the file itself does not have, and
    /// what was text is in quotes.
    pub is_ndjson: bool,
    /// True where the reader was started by a command, whose flags an error may name.
    pub names_flags: bool,
}

/// How numbers are written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Numerals {
    /// What stands before the fraction.
    pub decimal: char,
    /// What stands between groups of three digits; `None`: nothing.
    pub thousands: Option<char>,
}

impl Default for Numerals {
    fn default() -> Self {
        Self { decimal: '.', thousands: None }
    }
}

/// The whole number and the fraction of a text, its sign and its exponent.
struct Parts<'a> {
    sign: &'a str,
    whole: &'a str,
    fraction: Option<&'a str>,
    exponent: &'a str,
}

impl TextOptions {
    /// How a command with these flags reads a table: what stands between columns, how numbers are written, the words that
    /// are missing.
    pub fn new(delimiter: Option<u8>, numerals: Numerals, missing: Vec<String>) -> Self {
        Self { delimiter, numerals, missing, is_ndjson: false, names_flags: true }
    }

    /// The same for the CSV that NDJSON is handed on as.
    pub(super) fn of_ndjson(self) -> Self {
        Self { delimiter: Some(b','), numerals: Numerals::default(), is_ndjson: true, ..self }
    }

    /// The same, where numbers are written as programs do.
    pub(super) fn plain(&self) -> Self {
        Self { numerals: Numerals::default(), ..self.clone() }
    }

    /// The number of the input's first line.
    pub(super) fn first_line(&self) -> u64 {
        u64::from(!self.is_ndjson)
    }

    /// True when a cell that holds `text` is missing because it was said so.
    pub fn is_missing(&self, text: &str) -> bool {
        !self.missing.is_empty() && self.missing.iter().any(|word| word == text)
    }

    /// True when cells are read as without options.
    pub(super) fn are_cells_plain(&self) -> bool {
        self.missing.is_empty() && self.numerals == Numerals::default()
    }
}

impl Numerals {
    /// The number that a cell's text spells.
    pub fn parse(self, text: &str) -> Option<f64> {
        parse_number(&self.plain(text)?)
    }

    /// The same number with a point before its fraction and nothing between its digits; none where `text` is no number
    /// of this writing.
    pub fn plain(self, text: &str) -> Option<Cow<'_, str>> {
        if self == Self::default() {
            return Some(Cow::Borrowed(text));
        }
        let Parts { sign, whole, fraction, exponent } = self.parts(text.trim())?;
        let digits: String = match self.thousands {
            Some(mark) if whole.contains(|c| is_same(mark, c)) => {
                let mut groups = whole.split(|c| is_same(mark, c));
                let first = groups.next()?;
                let is_first = (1..=3).contains(&first.len());
                if !is_first || !groups.all(|group| group.len() == 3) {
                    return None;
                }
                whole.split(|c| is_same(mark, c)).collect()
            }
            _ => whole.to_owned(),
        };
        let is_digits = |text: &str| text.bytes().all(|b| b.is_ascii_digit());
        let fraction = fraction.unwrap_or_default();
        if !is_digits(&digits) || !is_digits(fraction) || digits.is_empty() && fraction.is_empty() {
            return None;
        }
        Some(Cow::Owned(format!("{sign}{digits}.{fraction}0{exponent}")))
    }

    fn parts(self, text: &str) -> Option<Parts<'_>> {
        let unsigned = text.strip_prefix(['+', '-']).unwrap_or(text);
        let sign = &text[..text.len() - unsigned.len()];
        let (number, exponent) = unsigned.split_at(unsigned.find(['e', 'E']).unwrap_or(unsigned.len()));
        let power = exponent.get(1..).map(|power| power.strip_prefix(['+', '-']).unwrap_or(power));
        if power.is_some_and(|power| power.is_empty() || !power.bytes().all(|b| b.is_ascii_digit())) {
            return None;
        }
        let (whole, fraction) = match number.split_once(self.decimal) {
            Some((whole, fraction)) => (whole, Some(fraction)),
            None => (number, None),
        };
        Some(Parts { sign, whole, fraction, exponent })
    }
}

/// True for the mark, and for what is written in its place: the blanks and apostrophes of typography.
fn is_same(mark: char, c: char) -> bool {
    match mark {
        ' ' => matches!(c, ' ' | '\u{a0}' | '\u{2009}' | '\u{202f}'),
        '\'' => matches!(c, '\'' | '\u{2019}'),
        _ => c == mark,
    }
}
