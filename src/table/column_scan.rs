//! What the cells of one column are, counted before its kind is decided.

use super::columnar::Value;
use super::ndjson::JsonCell;
use super::options::TextOptions;
use super::spelling::Spellings;
use super::token::{Token, judge};
use crate::model::cell::MAX_ABS;
use crate::text::missing::NOT_A_TIME;
use crate::text::number::{MAX_EXACT_F64, is_rounded};

/// Cells of a column that are told as no numbers.
const MOST_TOLD: usize = 3;

/// What the cells of one column are.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct ColumnScan {
    /// The header's name, trimmed; empty where it has none.
    pub name: String,
    /// Cells that are finite numbers.
    pub numbers: u64,
    /// Empty cells.
    pub empty: u64,
    /// Cells that are a [missing word](crate::text::missing::MISSING_WORDS).
    pub missing_words: u64,
    /// Cells that are neither number nor missing.
    pub texts: u64,
    /// The first of these: its line and its text.
    pub first_text: Option<(u64, String)>,
    /// The first three of these, with their lines.
    pub first_texts: Vec<(u64, String)>,
    /// The first of these that is not `NaT`, which is a missing date.
    pub first_beside_nat: Option<String>,
    /// The first date of a column of Parquet or Arrow that is outside of the years 1 to 9999: its row and its text.
    pub first_beyond: Option<(u64, String)>,
    /// The ways in which all of these spell numbers.
    pub spellings: Spellings,
    /// The first number beyond `f64`: its line and its text.
    pub first_infinite: Option<(u64, String)>,
    /// True where an integer beyond 2⁵³ is not an `f64`.
    pub has_rounded: bool,
    /// The first missing word: its line and its text.
    pub first_missing_word: Option<(u64, String)>,
    /// The cells of a text as numbers, NaN where missing, shape `[n_rows]`; none where one is no number within bounds.
    pub(super) values: Option<Vec<f64>>,
}

impl ColumnScan {
    /// True when every cell that holds something is a number, and at least one does.
    pub fn is_numeric(&self) -> bool {
        self.texts == 0 && (self.numbers > 0 || self.first_infinite.is_some())
    }

    /// True when no cell holds anything but a missing word.
    pub fn is_void(&self) -> bool {
        self.texts == 0 && !self.is_numeric()
    }

    /// True when every cell is empty.
    pub fn is_empty(&self) -> bool {
        self.is_void() && self.missing_words == 0
    }

    /// A column of this name, of which nothing was read.
    pub(super) fn named(name: &str) -> Self {
        Self { name: name.to_owned(), ..Self::default() }
    }

    /// The same of a text, whose numbers are kept as long as all cells are.
    pub(super) fn of_text(name: &str) -> Self {
        Self { values: Some(Vec::new()), ..Self::named(name) }
    }

    /// Counts the cells of the same column in another file, whose rows come behind.
    pub(super) fn add(&mut self, other: &mut Self) {
        self.values = match (self.values.take(), other.values.take()) {
            (Some(mut values), Some(mut more)) => {
                values.append(&mut more);
                Some(values)
            }
            _ => None,
        };
        self.has_rounded |= other.has_rounded;
        self.numbers += other.numbers;
        self.empty += other.empty;
        self.missing_words += other.missing_words;
        self.texts += other.texts;
        self.first_text = self.first_text.take().or_else(|| other.first_text.clone());
        self.first_beyond = self.first_beyond.take().or_else(|| other.first_beyond.take());
        self.first_beside_nat = self.first_beside_nat.take().or_else(|| other.first_beside_nat.take());
        other.first_texts.iter().for_each(|(_, text)| self.spellings.narrow(text));
        let room = MOST_TOLD.saturating_sub(self.first_texts.len());
        self.first_texts.extend(other.first_texts.iter().take(room).cloned());
        self.first_infinite = self.first_infinite.take().or_else(|| other.first_infinite.clone());
        self.first_missing_word = self.first_missing_word.take().or_else(|| other.first_missing_word.clone());
    }

    /// Counts a typed cell.
    pub(super) fn count_value(&mut self, value: Value<'_>, line: u64, options: &TextOptions) {
        match value {
            Value::Missing => self.empty += 1,
            Value::Float(v) if v.is_finite() => self.numbers += 1,
            Value::Signed(number) => self.count_integer(number.into()),
            Value::Unsigned(number) => self.count_integer(number.into()),
            Value::Text(text) => self.count(text, line, options),
            Value::Float(_) | Value::Bool(_) => {
                let mut text = String::new();
                value.append_to(&mut text);
                self.count(&text, line, options);
            }
        }
    }

    /// Counts floats of which none is infinite; NaN is an empty cell.
    pub(super) fn count_floats(&mut self, values: &[f64]) {
        let empty: u64 = values.iter().map(|value| u64::from(value.is_nan())).sum();
        self.empty += empty;
        self.numbers += values.len() as u64 - empty;
    }

    /// Counts a cell of JSON, where a string is text whatever it spells.
    pub(super) fn count_json(&mut self, cell: JsonCell<'_>, line: u64, options: &TextOptions) {
        match cell {
            JsonCell::Null => self.count_empty(),
            JsonCell::Bool(truth) => self.count_value(Value::Bool(truth), line, options),
            JsonCell::Number(text) => self.count(text, line, &options.plain()),
            JsonCell::Text(text) if text.trim().is_empty() || options.is_missing(text.trim()) => self.count_empty(),
            JsonCell::Text(text) => {
                self.count_text(text, line);
                self.spellings = Spellings::none();
            }
        }
    }

    pub(super) fn count(&mut self, text: &str, line: u64, options: &TextOptions) {
        let seen = || Some((line, text.trim().to_owned()));
        match judge(text, options) {
            Token::Number(number) => {
                self.numbers += 1;
                self.has_rounded |= number.abs() > MAX_EXACT_F64 && text.trim().parse().is_ok_and(is_rounded);
                if number.abs() <= MAX_ABS { self.keep(number) } else { self.values = None }
            }
            Token::Empty => self.count_empty(),
            Token::MissingWord => {
                self.missing_words += 1;
                self.keep(f64::NAN);
                self.first_missing_word = self.first_missing_word.take().or_else(seen);
            }
            Token::Infinite => {
                self.values = None;
                self.first_infinite = self.first_infinite.take().or_else(seen);
            }
            Token::Text => {
                self.count_text(text, line);
                self.spellings.narrow(text);
            }
        }
    }

    fn count_integer(&mut self, number: i128) {
        self.numbers += 1;
        self.has_rounded |= is_rounded(number);
    }

    fn count_empty(&mut self) {
        self.empty += 1;
        self.keep(f64::NAN);
    }

    #[inline]
    fn keep(&mut self, number: f64) {
        if let Some(values) = &mut self.values {
            values.push(number);
        }
    }

    fn count_text(&mut self, text: &str, line: u64) {
        self.values = None;
        let seen = || Some((line, text.trim().to_owned()));
        self.texts += 1;
        self.first_text = self.first_text.take().or_else(seen);
        if self.first_texts.len() < MOST_TOLD {
            self.first_texts.extend(seen());
        }
        if self.first_beside_nat.is_none() && text.trim() != NOT_A_TIME {
            self.first_beside_nat = Some(text.trim().to_owned());
        }
    }
}
