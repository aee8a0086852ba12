//! Texts that are numbers to a reader: with a decimal comma, marks between thousands, a percent or a currency sign. What
//! would read them, for the error that names them.

use super::options::Numerals;

/// The ways in which all the texts of a column may spell numbers; a bit each.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Spellings(u8);

/// Numbers in another writing, and the flags that read it.
const WRITINGS: [(Numerals, &str); 6] = [
    (Numerals { decimal: '.', thousands: Some(',') }, "--thousands ,"),
    (Numerals { decimal: ',', thousands: None }, "--decimal ,"),
    (Numerals { decimal: ',', thousands: Some('.') }, "--decimal , --thousands ."),
    (Numerals { decimal: '.', thousands: Some(' ') }, "--thousands ' '"),
    (Numerals { decimal: ',', thousands: Some(' ') }, "--decimal , --thousands ' '"),
    (Numerals { decimal: '.', thousands: Some('\'') }, "--thousands \"'\""),
];

const PERCENT: u8 = 1 << 6;
const CURRENCY: u8 = 1 << 7;

/// Signs of currencies.
const CURRENCIES: [char; 8] = ['$', '€', '£', '¥', '₹', '₽', '₩', '₺'];

impl Default for Spellings {
    /// Of no text: every way.
    fn default() -> Self {
        Self(u8::MAX)
    }
}

impl Spellings {
    /// No way.
    pub(super) fn none() -> Self {
        Self(0)
    }

    /// The ways in which a text that is no number as programs write them spells one.
    pub fn of(text: &str) -> Self {
        let text = text.trim();
        if !text.bytes().any(|b| b.is_ascii_digit()) {
            return Self(0);
        }
        let number = |text: &str| Numerals::default().parse(text).is_some() || writings(text) != 0;
        let is_percent = text.strip_suffix('%').is_some_and(|rest| number(rest.trim_end()));
        let unsigned = text.strip_prefix('-').unwrap_or(text);
        let amount = unsigned.strip_prefix(CURRENCIES).or_else(|| text.strip_suffix(CURRENCIES));
        let is_amount = amount.is_some_and(|rest| number(rest.trim()));
        Self(writings(text) | (PERCENT * u8::from(is_percent)) | (CURRENCY * u8::from(is_amount)))
    }

    /// Keeps the ways in which this text spells a number, too.
    pub(super) fn narrow(&mut self, text: &str) {
        if self.0 != 0 {
            self.0 &= Self::of(text).0;
        }
    }

    /// What is special about such a text, and what reads it; none where it is no number, or the same without flags.
    pub fn advice(self, text: &str) -> Option<String> {
        if self.0 & PERCENT != 0 {
            return Some("it has a percent sign: write the number alone (pandas: str.rstrip(\"%\"))".to_owned());
        }
        if self.0 & CURRENCY != 0 {
            return Some("it has a currency sign: write the number alone (pandas: str.strip(\"$€ \"))".to_owned());
        }
        let fitting = WRITINGS.iter().enumerate().filter(|(bit, _)| self.0 & 1 << bit != 0);
        let read = fitting.filter_map(|(_, (numerals, flags))| Some((numerals.parse(text)?, *flags)));
        let plain = Numerals::default().parse(text);
        let mut told: Vec<(f64, &str)> = Vec::new();
        for (number, flags) in read.filter(|(number, _)| plain != Some(*number)) {
            // The shortest of those that agree comes first.
            if !told.iter().any(|(other, _)| *other == number) {
                told.push((number, flags));
            }
        }
        let told: Vec<String> = told.iter().map(|(number, flags)| format!("{flags} reads it as {number}")).collect();
        (!told.is_empty()).then(|| told.join(", "))
    }
}

fn writings(text: &str) -> u8 {
    let fitting = WRITINGS.iter().enumerate().filter(|(_, (numerals, _))| numerals.parse(text).is_some());
    fitting.fold(0, |bits, (bit, _)| bits | 1 << bit)
}
