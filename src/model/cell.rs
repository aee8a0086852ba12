//! One cell of a row, judged against its feature, and the public text of what is wrong with it.

use super::category::{Digits, truth};
use super::date;
use super::schema::{Feature, FeatureKind, position_as_f64};
use crate::text::date::{DateForm, Instant};
use crate::text::did_you_mean::nearest;
use crate::text::flag::flag;
use crate::text::missing::is_missing_word;
use crate::text::number::parse_number;
use crate::text::shorten::{quoted, shortened};

/// Largest size of a number that training and serving compute with: its square, times the rows there can be, is finite.
/// Past it a linear model's answer would overflow, and that would be the row's fault and not the model's.
pub const MAX_ABS: f64 = 1e150;

/// True where no number is larger than [`MAX_ABS`] in size, and each is one, or may be missing. Without a branch a value:
/// a tenth of the time.
pub(crate) fn all_bounded(values: &[f64], or_missing: bool) -> bool {
    let fits = |value: &f64| (value.abs() <= MAX_ABS) | (value.is_nan() & or_missing);
    values.chunks(64).all(|values| values.iter().fold(true, |fit, value| fit & fits(value)))
}

/// Numbers of more digits are sent back cut.
const LONGEST_NUMBER: usize = 40;

/// A cell as a body or a file gave it, not yet judged.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Cell<'a> {
    /// A number whose digits do not matter: of a numeric feature, or known by its value alone.
    Number(f64),
    /// A JSON number or a tensor's element, as it was sent.
    Digits(Digits<'a>),
    /// JSON text or a `BYTES` element: never read as a number.
    Text(&'a str),
    /// A CSV field: text that may spell a number; empty is missing.
    Field(&'a str),
    /// A JSON or tensor boolean: 0 or 1 for a numeric feature.
    Bool(bool),
    /// A point in time, of a format that has such a type: seconds since 1970, [`Instant::to_f64`].
    Instant(f64),
    /// JSON null.
    Missing,
}

impl Feature {
    /// Judges one cell: the value as a batch holds it (a number, a category's position, NaN for a missing cell that
    /// will be imputed).
    ///
    /// # Errors
    /// The public sentence, without the place: what is wrong, with the allowed range or a did-you-mean.
    #[inline]
    pub fn read(&self, cell: Cell<'_>) -> Result<f64, String> {
        match (self.kind, cell) {
            (FeatureKind::Numeric, Cell::Number(v)) if v.abs() <= MAX_ABS => Ok(v),
            _ => self.read_slowly(cell),
        }
    }

    fn read_slowly(&self, cell: Cell<'_>) -> Result<f64, String> {
        match cell {
            Cell::Missing => self.missing(),
            Cell::Field(text) if self.compared(text).is_empty() => self.missing(),
            _ => match self.kind {
                FeatureKind::Numeric => self.number(cell),
                FeatureKind::Categorical => self.category(cell),
                FeatureKind::Date(form) => self.date(form, cell),
            },
        }
    }

    fn missing(&self) -> Result<f64, String> {
        if self.accepts_missing() {
            return Ok(f64::NAN);
        }
        let why =
            if self.is_imported { "the model has no rule for that" } else { "no cell of it was missing in training" };
        Err(format!("{} is missing, and {why}{}{}", self.name, self.hint(), self.hint_of_words()))
    }

    fn number(&self, cell: Cell<'_>) -> Result<f64, String> {
        let value = match cell {
            Cell::Number(value) | Cell::Digits(Digits { value, .. }) => Some(value),
            Cell::Bool(truth) => Some(f64::from(u8::from(truth))),
            // pandas writes its booleans as words; in a table that `train` read, such a column is of categories.
            Cell::Field(text) => parse_number(text)
                .or_else(|| truth(text).filter(|_| self.is_imported))
                .or_else(|| infinite(text).filter(|_| self.unbounded)),
            Cell::Text(_) | Cell::Instant(_) | Cell::Missing => None,
        };
        let expected = match value {
            Some(v) if v.abs() <= MAX_ABS || self.unbounded && !v.is_nan() => return Ok(v),
            Some(v) if v.is_finite() => format!("between -{MAX_ABS:e} and {MAX_ABS:e}"),
            Some(_) => "finite".to_owned(),
            None => format!("a number, not {}", shown(cell)),
        };
        Err(format!("{} must be {expected}{}", self.name, self.hint()))
    }

    /// A number is refused: seconds, milliseconds and days since 1970 look alike.
    fn date(&self, form: DateForm, cell: Cell<'_>) -> Result<f64, String> {
        let seconds = match cell {
            Cell::Text(text) | Cell::Field(text) => Instant::parse(text, form).map(Instant::to_f64),
            Cell::Instant(seconds) => Instant::of_f64(seconds).map(Instant::to_f64),
            _ => None,
        };
        seconds.ok_or_else(|| {
            let advice = match cell {
                Cell::Number(_) | Cell::Digits(_) => {
                    "; a number is not read as a date: write it as text (pandas: to_json(date_format=\"iso\"))"
                }
                _ => "",
            };
            let (name, examples, hint) = (&self.name, form.examples(), self.hint());
            format!("{name} must be a date such as {examples}, not {}{advice}{hint}", shown(cell))
        })
    }

    fn category(&self, cell: Cell<'_>) -> Result<f64, String> {
        let position = match cell {
            // A text is what it says; one that is a category in a table must not pass for unknown.
            Cell::Text(text) if !self.unknown || self.is_imported => self.category_of_text(text),
            Cell::Text(text) | Cell::Field(text) => {
                self.category_of_text(text).or_else(|| self.category_of_field(text))
            }
            Cell::Bool(truth) => self.category_of_bool(truth),
            Cell::Digits(digits) => self.category_of_digits(digits),
            Cell::Number(value) => {
                self.category_of_digits(Digits { value, text: &format!("{value:?}"), by_value: true })
            }
            Cell::Instant(seconds) => self.category_of_text(&date::shown(seconds)),
            Cell::Missing => None,
        };
        // Nor may one that is a missing cell there.
        match (position, cell) {
            (None, Cell::Field(text)) if self.is_missing_text(text) => return self.missing(),
            (None, Cell::Text(text)) if self.unknown && self.is_missing_text(text) => return self.missing(),
            _ => {}
        }
        position
            .or_else(|| self.unknown.then_some(self.categories.len()))
            .map(position_as_f64)
            .ok_or_else(|| format!("{} has no category {}{}", self.name, shown(cell), self.category_hint(cell)))
    }

    /// `; training saw 3.561 to 8.78`, or the first categories.
    pub fn hint(&self) -> String {
        match (self.kind, self.stats().min, self.stats().max) {
            (FeatureKind::Categorical, ..) => format!("; it has {}", quoted(&self.categories)),
            (_, Some(min), Some(max)) => {
                let saw = if self.is_imported { "its data had" } else { "training saw" };
                format!("; {saw} {} to {}", self.shown(min), self.shown(max))
            }
            _ => String::new(),
        }
    }

    /// What to do where a category is a word that may have meant a missing cell; empty where none is, and of another
    /// library's model.
    fn hint_of_words(&self) -> String {
        let is_word = |category: &&String| is_missing_word(category);
        match self.categories.iter().find(is_word).filter(|_| !self.is_imported) {
            Some(word) => format!("; if {word:?} means a missing cell: train with {}", flag("--missing", word)),
            None => String::new(),
        }
    }

    fn category_hint(&self, cell: Cell<'_>) -> String {
        if let Cell::Text(text) | Cell::Field(text) = cell
            && is_missing_word(text.trim())
            && self.accepts_missing()
        {
            let word = text.trim();
            return format!(
                "{}; a missing cell is left empty, or null in JSON (of a file: --missing {word})",
                self.hint()
            );
        }
        let near = match cell {
            Cell::Text(text) | Cell::Field(text) | Cell::Digits(Digits { text, .. }) => {
                nearest(text, self.categories.iter().map(String::as_str))
            }
            _ => None,
        };
        near.map_or_else(|| self.hint(), |category| format!("; did you mean {category:?}?"))
    }
}

/// A number that is not finite, as pandas writes it.
fn infinite(text: &str) -> Option<f64> {
    match text.trim() {
        "inf" => Some(f64::INFINITY),
        "-inf" => Some(f64::NEG_INFINITY),
        _ => None,
    }
}

/// What a client sent, short enough to send back.
fn shown(cell: Cell<'_>) -> String {
    match cell {
        Cell::Number(v) => format!("{v}"),
        Cell::Bool(b) => format!("{b}"),
        Cell::Instant(seconds) => date::shown(seconds),
        Cell::Missing => "null".to_owned(),
        Cell::Digits(Digits { text, .. }) if text.len() <= LONGEST_NUMBER => text.to_owned(),
        Cell::Text(text) | Cell::Field(text) | Cell::Digits(Digits { text, .. }) => shortened(text),
    }
}
