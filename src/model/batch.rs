//! A batch: rows that are known to fit a schema. They are checked here once and nowhere after.
//!
//! It is the one way into [`Model::predict`](super::Model::predict): every dialect, the CSV reader and the golden rows
//! build one, through [`Feature::read`](super::schema::Feature::read) for
//! a cell and a `Batch` constructor for the whole.

use super::cell::{MAX_ABS, all_bounded};
use super::question::Question;
use super::schema::{Feature, FeatureKind, Schema, position_as_f64};
use crate::text::date::Instant;

/// Rows from which on looking at all of them first pays.
const CHECKED_TOGETHER: usize = 64;

/// Rows that fit a schema, row-major, shape `[n_rows, n_features]`, features in schema order.
///
/// A numeric cell is its value, at most [`MAX_ABS`] in size unless its feature is unbounded, a categorical one the
/// position of its category (one place beyond the list where it is not listed and the feature accepts that), a date its
/// seconds since 1970 in UTC, to the microsecond, a missing one NaN (only where the feature accepts that).
#[derive(Debug, Clone, PartialEq)]
pub struct Batch {
    n_rows: usize,
    n_features: usize,
    values: Vec<f64>,
    question: Question,
}

impl Batch {
    /// A batch from row-major cells that went through [`Feature::read`](super::schema::Feature::read).
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
        let batch = Self { n_rows: values.len() / n_features, n_features, values, question: Question::default() };
        batch.check(schema)?;
        Ok(batch)
    }

    /// A batch from one column a feature, in schema order, each of `n_rows` cells that went through
    /// [`Feature::read`](super::schema::Feature::read).
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

    /// The same rows, asking for more than predictions.
    #[must_use]
    pub fn asking(self, question: Question) -> Self {
        Self { question, ..self }
    }

    /// What is asked for beside the prediction.
    pub fn question(&self) -> Question {
        self.question
    }

    /// Gives each row another row's cell of one feature: row i that of row `order[i]` of `from`, a batch of the same
    /// schema, so that it fits. `order` has an entry a row.
    pub(crate) fn take_column(&mut self, feature: usize, from: &Self, order: &[usize]) {
        for (row, taken) in self.values.chunks_exact_mut(self.n_features).zip(order) {
            row[feature] = from.row(*taken)[feature];
        }
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
        // Many rows of numbers are looked at in one go.
        let are_numbers = || schema.features().iter().all(|feature| feature.kind == FeatureKind::Numeric);
        if self.n_rows >= CHECKED_TOGETHER && are_numbers() && all_bounded(&self.values, false) {
            return Ok(());
        }
        // One place beyond the list is a category that is not in it.
        let names_one = |value: f64, feature: &Feature| {
            let n = feature.categories.len() + usize::from(feature.unknown);
            value >= 0.0 && value < position_as_f64(n) && value.fract() == 0.0
        };
        for row in self.rows() {
            for (value, feature) in row.iter().zip(schema.features()) {
                let fits = match feature.kind {
                    FeatureKind::Numeric => value.abs() <= MAX_ABS || feature.unbounded && !value.is_nan(),
                    FeatureKind::Categorical => names_one(*value, feature),
                    FeatureKind::Date(_) => Instant::of_f64(*value).is_some(),
                };
                if !(fits || value.is_nan() && feature.accepts_missing()) {
                    return Err(format!("{value} does not fit the feature {:?}", feature.name));
                }
            }
        }
        Ok(())
    }
}
