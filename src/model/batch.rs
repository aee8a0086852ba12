//! A batch: rows that are known to fit a schema. Made once, at the door; past it nobody validates again.
//!
//! Stands apart because it is the one way into [`Model::predict`](super::Model::predict): every dialect, the CSV
//! reader and the golden rows build one, through [`Feature::read`] for a cell and a `Batch` constructor for the whole.

use std::fmt::Write;

pub use super::nearest::nearest;
use super::schema::{Feature, Kind, Schema, position_as_f64};

/// Largest size of a number that training and serving compute with: its square, times the rows there can be, is finite.
/// Past it a linear model's answer would overflow, and that would be the row's fault and not the model's.
pub const LARGEST: f64 = 1e150;

/// Rows that fit a schema, row-major, shape `[n_rows, n_features]`, features in schema order.
///
/// A numeric cell is its value, at most [`LARGEST`] in size, a categorical one the position of its category, a missing one NaN (only where
/// the feature is imputed).
#[derive(Debug, Clone, PartialEq)]
pub struct Batch {
    n_rows: usize,
    n_features: usize,
    values: Vec<f64>,
}

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

/// Why a cell does not fit its feature. `Display` is the public text, without the place.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
pub enum CellError {
    /// Nothing where training never had a missing cell.
    #[error("{name} is missing, and nothing was imputed for it in training{hint}")]
    Missing {
        /// The feature.
        name: String,
        /// The allowed range or categories, as a sentence part.
        hint: String,
    },
    /// Text or a boolean where a number belongs.
    #[error("{name} must be a number, not {got}{hint}")]
    NotANumber {
        /// The feature.
        name: String,
        /// What was given, shortened.
        got: String,
        /// The allowed range, as a sentence part.
        hint: String,
    },
    /// NaN or an infinity.
    #[error("{name} must be finite{hint}")]
    NotFinite {
        /// The feature.
        name: String,
        /// The allowed range, as a sentence part.
        hint: String,
    },
    /// A number larger in size than [`LARGEST`].
    #[error("{name} must be between -{LARGEST:e} and {LARGEST:e}{hint}")]
    TooLarge {
        /// The feature.
        name: String,
        /// The allowed range, as a sentence part.
        hint: String,
    },
    /// A category that training did not see.
    #[error("{name} has no category {got}{hint}")]
    UnknownCategory {
        /// The feature.
        name: String,
        /// What was given, shortened.
        got: String,
        /// A did-you-mean or the list of categories, as a sentence part.
        hint: String,
    },
}

impl Feature {
    /// Judges one cell: the value as a batch holds it (a number, a category's position, NaN for a missing cell that
    /// will be imputed).
    ///
    /// # Errors
    /// [`CellError`] with the allowed range or a did-you-mean.
    #[inline]
    pub fn read(&self, cell: Cell<'_>) -> Result<f64, CellError> {
        match (self.kind, cell) {
            (Kind::Numeric, Cell::Number(v)) if v.abs() <= LARGEST => Ok(v),
            _ => self.read_slowly(cell),
        }
    }

    fn read_slowly(&self, cell: Cell<'_>) -> Result<f64, CellError> {
        match cell {
            Cell::Missing => self.missing(),
            Cell::Field(text) if text.trim().is_empty() => self.missing(),
            _ if self.kind == Kind::Numeric => self.number(cell),
            _ => self.category(cell),
        }
    }

    fn missing(&self) -> Result<f64, CellError> {
        if self.accepts_missing() {
            return Ok(f64::NAN);
        }
        Err(CellError::Missing { name: self.name.clone(), hint: self.hint() })
    }

    fn number(&self, cell: Cell<'_>) -> Result<f64, CellError> {
        let value = match cell {
            Cell::Number(v) => Some(v),
            Cell::Field(text) => parse_number(text),
            Cell::Text(_) | Cell::Bool(_) | Cell::Missing => None,
        };
        match value {
            Some(v) if v.abs() <= LARGEST => Ok(v),
            Some(v) if v.is_finite() => Err(CellError::TooLarge { name: self.name.clone(), hint: self.hint() }),
            Some(_) => Err(CellError::NotFinite { name: self.name.clone(), hint: self.hint() }),
            None => Err(CellError::NotANumber { name: self.name.clone(), got: shown(cell), hint: self.hint() }),
        }
    }

    fn category(&self, cell: Cell<'_>) -> Result<f64, CellError> {
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
        position.map(position_as_f64).ok_or_else(|| CellError::UnknownCategory {
            name: self.name.clone(),
            got: shown(cell),
            hint: self.category_hint(cell),
        })
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
        match (self.kind, self.stats.min, self.stats.max) {
            (Kind::Numeric, Some(min), Some(max)) => format!("; training saw {min} to {max}"),
            (Kind::Numeric, ..) => String::new(),
            (Kind::Categorical, ..) => format!("; it has {}", listed(&self.categories)),
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

impl Batch {
    /// A batch from row-major cells that went through [`Feature::read`].
    ///
    /// # Errors
    /// One sentence when there is no row, the length is not a multiple of the schema's width, or a cell does not fit
    /// its feature.
    pub fn from_rows(schema: &Schema, values: Vec<f64>) -> Result<Self, String> {
        let n_features = schema.n_features();
        if values.is_empty() {
            return Err("no rows".to_owned());
        }
        if !values.len().is_multiple_of(n_features) {
            return Err(format!("{} cells do not make rows of {n_features} features", values.len()));
        }
        let batch = Self { n_rows: values.len() / n_features, n_features, values };
        batch.check(schema)?;
        Ok(batch)
    }

    /// A batch from one column a feature, in schema order, each of `n_rows` cells that went through
    /// [`Feature::read`].
    ///
    /// # Errors
    /// As [`Batch::from_rows`], and when the columns differ in length.
    pub fn from_columns(schema: &Schema, columns: &[Vec<f64>]) -> Result<Self, String> {
        let n_features = schema.n_features();
        let n_rows = columns.first().map_or(0, Vec::len);
        if columns.len() != n_features || columns.iter().any(|c| c.len() != n_rows) {
            return Err("columns do not agree with the schema".to_owned());
        }
        let mut values = vec![0.0; n_rows * n_features];
        for (f, column) in columns.iter().enumerate() {
            for (row, v) in values.chunks_exact_mut(n_features).zip(column) {
                row[f] = *v;
            }
        }
        Self::from_rows(schema, values)
    }

    /// How many rows; at least 1.
    pub fn n_rows(&self) -> usize {
        self.n_rows
    }

    /// How many features a row has; at least 1.
    pub fn n_features(&self) -> usize {
        self.n_features
    }

    /// All cells, row-major, `[n_rows, n_features]`.
    pub fn values(&self) -> &[f64] {
        &self.values
    }

    /// One row's cells, in schema order.
    pub fn row(&self, row: usize) -> &[f64] {
        &self.values[row * self.n_features..(row + 1) * self.n_features]
    }

    /// The rows, in order.
    pub fn rows(&self) -> std::slice::ChunksExact<'_, f64> {
        self.values.chunks_exact(self.n_features)
    }

    fn check(&self, schema: &Schema) -> Result<(), String> {
        let limits: Vec<f64> = schema.features().iter().map(|f| position_as_f64(f.categories.len())).collect();
        for row in self.rows() {
            for ((value, limit), feature) in row.iter().zip(&limits).zip(schema.features()) {
                let fits = match feature.kind {
                    Kind::Numeric => value.abs() <= LARGEST,
                    Kind::Categorical => *value >= 0.0 && *value < *limit && value.fract() == 0.0,
                };
                if !(fits || value.is_nan() && feature.accepts_missing()) {
                    return Err(format!("{value} does not fit the feature {:?}", feature.name));
                }
            }
        }
        Ok(())
    }
}

/// A number as CSV and category labels spell it: what `f64` parses, without hexadecimal, `inf` or `nan`.
pub fn parse_number(text: &str) -> Option<f64> {
    let text = text.trim();
    let numeric = text.bytes().all(|b| matches!(b, b'0'..=b'9' | b'+' | b'-' | b'.' | b'e' | b'E'));
    if numeric { text.parse().ok() } else { None }
}

/// What a client sent, short enough to send back.
fn shown(cell: Cell<'_>) -> String {
    const LONGEST: usize = 40;
    match cell {
        Cell::Number(v) => format!("{v}"),
        Cell::Bool(b) => format!("{b}"),
        Cell::Missing => "null".to_owned(),
        Cell::Text(text) | Cell::Field(text) if text.chars().count() <= LONGEST => format!("{text:?}"),
        Cell::Text(text) | Cell::Field(text) => format!("{:?}…", text.chars().take(LONGEST).collect::<String>()),
    }
}

/// The first few of a list, as people write one.
fn listed(categories: &[String]) -> String {
    const SHOWN: usize = 8;
    let mut text = categories.iter().take(SHOWN).map(|c| format!("{c:?}")).collect::<Vec<_>>().join(", ");
    if categories.len() > SHOWN {
        let _ = write!(text, " and {} more", categories.len() - SHOWN);
    }
    text
}
