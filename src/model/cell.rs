//! One cell of a row, judged against its feature, and the public text of what is wrong with it.

use super::schema::{Feature, Kind, position_as_f64};
use crate::text::did_you_mean::nearest;
use crate::text::number::parse_number;
use crate::text::shorten::{quoted, shortened};

/// Largest size of a number that training and serving compute with: its square, times the rows there can be, is finite.
/// Past it a linear model's answer would overflow, and that would be the row's fault and not the model's.
pub const MAX_ABS: f64 = 1e150;

/// A cell as a body or a file gave it, not yet judged.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Cell<'a> {
    /// A JSON number, a tensor element.
    Number(f64),
    /// JSON text or a `BYTES` element: never read as a number.
    Text(&'a str),
    /// A CSV field: text that may spell a number; empty is missing.
    Field(&'a str),
    /// A JSON or tensor boolean.
    Bool(bool),
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
            (Kind::Numeric, Cell::Number(v)) if v.abs() <= MAX_ABS => Ok(v),
            _ => self.read_slowly(cell),
        }
    }

    fn read_slowly(&self, cell: Cell<'_>) -> Result<f64, String> {
        match cell {
            Cell::Missing => self.missing(),
            Cell::Field(text) if text.trim().is_empty() => self.missing(),
            _ if self.kind == Kind::Numeric => self.number(cell),
            _ => self.category(cell),
        }
    }

    fn missing(&self) -> Result<f64, String> {
        if self.accepts_missing() {
            return Ok(f64::NAN);
        }
        Err(format!("{} is missing, and nothing was imputed for it in training{}", self.name, self.hint()))
    }

    fn number(&self, cell: Cell<'_>) -> Result<f64, String> {
        let value = match cell {
            Cell::Number(v) => Some(v),
            Cell::Field(text) => parse_number(text),
            Cell::Text(_) | Cell::Bool(_) | Cell::Missing => None,
        };
        let expected = match value {
            Some(v) if v.abs() <= MAX_ABS || self.unbounded && !v.is_nan() => return Ok(v),
            Some(v) if v.is_finite() => format!("between -{MAX_ABS:e} and {MAX_ABS:e}"),
            Some(_) => "finite".to_owned(),
            None => format!("a number, not {}", shown(cell)),
        };
        Err(format!("{} must be {expected}{}", self.name, self.hint()))
    }

    fn category(&self, cell: Cell<'_>) -> Result<f64, String> {
        let position = match cell {
            Cell::Text(text) => self.category_position(text),
            Cell::Field(text) => self.category_position(text).or_else(|| {
                self.category_position(text.trim())
                    .or_else(|| parse_number(text).and_then(|v| self.numeric_category(v)))
            }),
            Cell::Bool(b) => self.category_position(if b { "true" } else { "false" }),
            Cell::Number(v) => self.numeric_category(v),
            Cell::Missing => None,
        };
        position
            .or_else(|| self.unknown.then_some(self.categories.len()))
            .map(position_as_f64)
            .ok_or_else(|| format!("{} has no category {}{}", self.name, shown(cell), self.category_hint(cell)))
    }

    /// The category that is a number's text: 1, 1.0 and 1e0 all name the category `1`, or `1.0`, or `1.00`. Categories
    /// spelled otherwise (`01`, `1e0`) are found where there are few: reading all of them for every cell would let a body
    /// cost as much as its cells times the categories.
    fn numeric_category(&self, value: f64) -> Option<usize> {
        const FEW: usize = 256;
        // Negative zero is zero here.
        let value = value + 0.0;
        let is_it = |category: &str| parse_number(category) == Some(value);
        // Rounded to few digits it may be another number.
        let spelled = |text: String| self.category_position(&text).filter(|_| is_it(&text));
        spelled(format!("{value}")).or_else(|| (1..=6).find_map(|n| spelled(format!("{value:.n$}")))).or_else(|| {
            let few = self.categories.len() <= FEW;
            few.then(|| self.categories.iter().position(|c| is_it(c))).flatten()
        })
    }

    /// `; training saw 3.561 to 8.78`, or the first categories.
    pub fn hint(&self) -> String {
        match (self.kind, self.stats().min, self.stats().max) {
            (Kind::Numeric, Some(min), Some(max)) => format!("; training saw {min} to {max}"),
            (Kind::Numeric, ..) => String::new(),
            (Kind::Categorical, ..) => format!("; it has {}", quoted(&self.categories)),
        }
    }

    fn category_hint(&self, cell: Cell<'_>) -> String {
        let near = match cell {
            Cell::Text(text) | Cell::Field(text) => nearest(text, self.categories.iter().map(String::as_str)),
            _ => None,
        };
        near.map_or_else(|| self.hint(), |category| format!("; did you mean {category:?}?"))
    }
}

/// What a client sent, short enough to send back.
fn shown(cell: Cell<'_>) -> String {
    match cell {
        Cell::Number(v) => format!("{v}"),
        Cell::Bool(b) => format!("{b}"),
        Cell::Missing => "null".to_owned(),
        Cell::Text(text) | Cell::Field(text) => shortened(text),
    }
}
