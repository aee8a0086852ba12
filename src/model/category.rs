//! Which category a value names: text byte for byte, a number by the digits that were sent, a boolean by its spellings.
//!
//! A category is text as training saw it. `001`, `1` and `1e0` are three of them: no other numeric reading is tried, so
//! that an identifier never answers for its neighbour. Where the library that fitted a model has numbers as categories
//! ([`Feature::numbers`]), they are compared as numbers, however they are spelled.

use super::schema::Feature;
use crate::text::date::{DateForm, Instant};
use crate::text::date_spellings::date_spellings;
use crate::text::missing::is_missing_word;
use crate::text::number::{MAX_EXACT_F64, is_integer, parse_number};

/// The spellings of true and of false in a table, in the order in which they are looked for. The first three are
/// written by JSON and polars, by pandas, and by spreadsheets; the last is one where a column has no other categories.
pub const SPELLINGS: [[&str; 4]; 2] = [["true", "True", "TRUE", "1"], ["false", "False", "FALSE", "0"]];

/// A number with the digits that were sent.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Digits<'a> {
    /// Its value, rounded to the nearest `f64`.
    pub value: f64,
    /// How it was spelled.
    pub text: &'a str,
    /// True when its sender has only the value: an element of a float tensor. A whole value then names the integer,
    /// however it is spelled.
    pub by_value: bool,
}

impl Feature {
    /// The part of a text that is compared with the categories: without the white space around it, but where the
    /// model's own library counts that.
    pub fn compared<'t>(&self, text: &'t str) -> &'t str {
        if self.untrimmed { text } else { text.trim() }
    }

    /// The position of the category of this text. Of a date, as another writer spells it, where the model is of our own:
    /// other libraries compare texts alone.
    pub(super) fn category_of_text(&self, text: &str) -> Option<usize> {
        let compared = self.compared(text);
        let first = || self.categories.first().filter(|_| !self.is_imported);
        let of_date = || first().and_then(|first| other_spellings(compared, first));
        self.category_position(text).or_else(|| self.category_position(compared)).or_else(|| {
            let mut found = of_date()?.into_iter().filter_map(|spelling| self.category_position(&spelling));
            // Where two spell the same, neither is meant by a third spelling.
            found.next().filter(|_| found.next().is_none())
        })
    }

    /// The position of the category of a CSV field's digits, or of its boolean, which polars writes as `true` and pandas as
    /// `True`: a field has no type, and may be what JSON has without quotes.
    pub(super) fn category_of_field(&self, text: &str) -> Option<usize> {
        let text = self.compared(text);
        let of_bool = truth(text).and_then(|truth| self.category_of_bool(truth == 1.0));
        // Another library may have texts and booleans in one column.
        if let Some(position) = of_bool.filter(|_| self.numbers || !self.is_imported) {
            return Some(position);
        }
        self.category_of_digits(Digits { value: parse_number(text)?, text, by_value: false })
    }

    /// The position of the category that spells this boolean; 1 and 0 do where there are no other categories, or where
    /// categories are numbers.
    pub(super) fn category_of_bool(&self, truth: bool) -> Option<usize> {
        let value = f64::from(u8::from(truth));
        let text = if truth { "1" } else { "0" };
        let is_two_valued = || self.categories.iter().all(|c| matches!(c.as_str(), "0" | "1" | "0.0" | "1.0"));
        self.category_of_spelled(truth).or_else(|| self.category_of_number(value, "")).or_else(|| {
            is_two_valued().then(|| self.category_of_digits(Digits { value, text, by_value: false })).flatten()
        })
    }

    fn category_of_spelled(&self, truth: bool) -> Option<usize> {
        SPELLINGS[usize::from(!truth)][..3].iter().find_map(|spelling| self.category_position(spelling))
    }

    /// True for a text that names no category and stands for a missing cell: one of nothing but blanks, and a word for
    /// "no value" where it is one in a table of the same column. It is one among codes, whose categories are all
    /// numbers, and for another library that has a rule for missing cells, whose tables pandas reads; in a column of text it
    /// would have been a category.
    pub(super) fn is_missing_text(&self, text: &str) -> bool {
        let text = text.trim();
        let are_codes = || self.categories.iter().all(|category| parse_number(category).is_some());
        let may_be = || if self.is_imported { self.accepts_missing() } else { are_codes() };
        text.is_empty() || is_missing_word(text) && may_be()
    }

    /// The position of the category of these digits; without one, of the same integer below 2⁵³ with `.0` or without:
    /// pandas adds it to the integers of a column where a cell is missing.
    pub(super) fn category_of_digits(&self, digits: Digits<'_>) -> Option<usize> {
        let Digits { value, text, .. } = digits;
        self.category_position(text)
            .or_else(|| self.category_of_integer(digits))
            .or_else(|| self.category_of_number(value, text))
    }

    fn category_of_integer(&self, digits: Digits<'_>) -> Option<usize> {
        let Digits { value, text, by_value } = digits;
        if value.abs() >= MAX_EXACT_F64 || value.fract() != 0.0 {
            return None;
        }
        let is_float = text.strip_suffix(".0").is_some_and(is_integer);
        let integer = if is_float || by_value { integer_text(value) } else { text.to_owned() };
        if !is_integer(&integer) {
            return None;
        }
        self.category_position(&integer).or_else(|| self.category_position(&format!("{integer}.0")))
    }

    /// The position of the category that is this number, where categories are numbers: they are called by the shortest
    /// digits, with an exponent or without, and a boolean is 1 or 0. An integer from 2⁵³ on is not the `f64` it was
    /// read as: its digits alone name it.
    fn category_of_number(&self, value: f64, text: &str) -> Option<usize> {
        if !self.numbers || value.abs() >= MAX_EXACT_F64 && is_integer(text.trim_start_matches('+')) {
            return None;
        }
        if value == 0.0 {
            let zeros = ["0", "0.0", "-0", "-0.0"];
            return zeros
                .iter()
                .find_map(|zero| self.category_position(zero))
                .or_else(|| self.category_of_spelled(false));
        }
        let truth = || (value == 1.0).then(|| self.category_of_spelled(true)).flatten();
        self.category_position(&format!("{value}"))
            .or_else(|| self.category_position(&format!("{value:?}")))
            .or_else(truth)
    }
}

/// How else a date or a time of a column is spelled whose first category is `sample`: by pandas, polars, databases and
/// JSON, at midnight as a date alone. `None` where one of the two is no such text.
fn other_spellings(text: &str, sample: &str) -> Option<Vec<String>> {
    let is_like = |text: &str| text.len() >= 10 && text.as_bytes()[..4].iter().all(u8::is_ascii_digit);
    if !is_like(text) || !is_like(sample) {
        return None;
    }
    Instant::parse(sample, DateForm::YearFirst)?;
    Some(date_spellings(Instant::parse(text, DateForm::YearFirst)?))
}

/// 1 for a word that spells true in a table, 0 for false.
pub(super) fn truth(text: &str) -> Option<f64> {
    let text = text.trim();
    let is_word = |spellings: &[&str; 4]| spellings[..3].contains(&text);
    SPELLINGS.iter().position(is_word).map(|at| if at == 0 { 1.0 } else { 0.0 })
}

/// Two of these texts that spell the same boolean, if there are any: a boolean that a client sends could mean either.
pub fn spelled_twice(texts: &[String]) -> Option<(bool, [&str; 2])> {
    [true, false].into_iter().find_map(|truth| {
        let mut found = texts.iter().map(String::as_str).filter(|t| SPELLINGS[usize::from(!truth)].contains(t));
        Some((truth, [found.next()?, found.next()?]))
    })
}

/// The digits of a whole number below 2⁵³; integers have one zero.
#[expect(clippy::cast_possible_truncation, reason = "the value is whole and below 2^53")]
fn integer_text(value: f64) -> String {
    (value as i64).to_string()
}
