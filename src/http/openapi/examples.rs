//! Rows that a model accepts as they stand, and what it answers.
//!
//! They are medians and most frequent categories, or, where statistics may not be shown, zeros and first categories.

use serde_json::{Map, Value, json};

use crate::http::encode;
use crate::model::batch::Batch;
use crate::model::cell::Cell;
use crate::model::compiled::Scratch;
use crate::model::prediction::Predicted;
use crate::model::schema::{Feature, Kind, Schema};
use crate::serve::registry::Snapshot;

use super::template::Filling;

/// Where the median stands among the quantiles.
pub(super) const MEDIAN: usize = 10;

/// Where the rows of an example stand among the quantiles: the median first.
const ROWS: [usize; 2] = [MEDIAN, 15];

/// Rows of a model, one value a feature in schema order.
pub(super) struct Rows<'s> {
    schema: &'s Schema,
    rows: Vec<Vec<Value>>,
}

impl<'s> Rows<'s> {
    /// Of this schema.
    pub(super) fn new(schema: &'s Schema, shows_statistics: bool) -> Self {
        let row = |level| schema.features().iter().map(|f| cell(f, shows_statistics, level)).collect();
        Self { schema, rows: ROWS.map(row).to_vec() }
    }

    /// How many rows there are.
    pub(super) fn len(&self) -> usize {
        self.rows.len()
    }

    /// The forms that examples have.
    pub(super) fn values(&self) -> [(&str, Filling<'_>); 7] {
        let width = self.schema.n_features();
        let labelled = |(row, cell): (usize, Value)| (row.to_string(), cell);
        let member = move |f: usize, column: Value| (self.schema.features()[f].name.as_str(), column);
        [
            ("record", Filling::Object(width, Box::new(move |f| member(f, self.rows[0][f].clone())))),
            ("records", Filling::List(self.len(), Box::new(|row| self.labelled(&self.rows[row])))),
            ("columns", Filling::Object(width, Box::new(move |f| member(f, self.column(f))))),
            (
                "labelled_columns",
                Filling::Object(
                    width,
                    Box::new(move |f| {
                        member(f, self.cells(f).enumerate().map(labelled).collect::<Map<String, Value>>().into())
                    }),
                ),
            ),
            ("lists", Filling::List(self.len(), Box::new(|row| json!(self.rows[row])))),
            ("csv", Filling::Json(self.csv().into())),
            ("ndjson", Filling::Json(self.lines().into())),
        ]
    }

    /// A feature's cells.
    pub(super) fn column(&self, feature: usize) -> Value {
        self.cells(feature).collect()
    }

    fn cells(&self, feature: usize) -> impl Iterator<Item = Value> {
        self.rows.iter().map(move |row| row[feature].clone())
    }

    /// Rows of values.
    pub(super) fn lists(&self) -> Value {
        json!(self.rows)
    }

    /// NDJSON, a record a line.
    fn lines(&self) -> String {
        let lines: Vec<String> = self.rows.iter().map(|row| self.labelled(row).to_string()).collect();
        lines.join("\n")
    }

    /// CSV with a header line.
    fn csv(&self) -> String {
        let text = |cell: &Value| cell.as_str().map_or_else(|| cell.to_string(), str::to_owned);
        let mut out = csv::Writer::from_writer(Vec::new());
        let _ = out.write_record(self.schema.features().iter().map(|f| f.name.as_str()));
        for row in &self.rows {
            let _ = out.write_record(row.iter().map(text));
        }
        String::from_utf8(out.into_inner().unwrap_or_default()).unwrap_or_default()
    }

    /// What the model answers to the first row, as its route writes it.
    pub(super) fn answer(&self, served: &Snapshot) -> Option<Value> {
        let read = |(feature, cell): (&Feature, &Value)| feature.read(as_cell(cell)).ok();
        let values: Vec<f64> = self.schema.features().iter().zip(&self.rows[0]).map(read).collect::<Option<_>>()?;
        let batch = Batch::from_rows(self.schema, values).ok()?;
        let prediction = served.model.predict(&batch, &mut Scratch::default()).ok()?;
        serde_json::from_slice(&encode::json::prediction(served, &Predicted { prediction, raw: None })).ok()
    }

    fn labelled(&self, row: &[Value]) -> Value {
        let names = self.schema.features().iter().map(|f| f.name.clone());
        names.zip(row.iter().cloned()).collect::<Map<String, Value>>().into()
    }
}

/// A value of this feature: of `level` among its quantiles, or its most frequent category.
pub(super) fn cell(feature: &Feature, shows_statistics: bool, level: usize) -> Value {
    match feature.kind {
        Kind::Categorical => {
            let most = if shows_statistics { most_frequent(feature) } else { None };
            json!(most.or(feature.categories.first().map(String::as_str)))
        }
        Kind::Numeric if shows_statistics => number(feature.stats().quantiles.get(level).copied().unwrap_or(0.0)),
        Kind::Numeric => json!(0),
    }
}

/// A number as people write it: 296, not 296.0.
#[expect(clippy::cast_possible_truncation, reason = "the value is whole and far below 2^63")]
pub(super) fn number(value: f64) -> Value {
    if value.fract() == 0.0 && value.abs() < 1e15 { Value::from(value as i64) } else { Value::from(value) }
}

/// The category that most training rows had.
pub(super) fn most_frequent(feature: &Feature) -> Option<&str> {
    let bins = &feature.stats().bins;
    let most = bins.categories.iter().zip(&bins.counts).rev().max_by_key(|(_, count)| **count);
    most.and_then(|(category, _)| feature.categories.get(*category as usize)).map(String::as_str)
}

fn as_cell(value: &Value) -> Cell<'_> {
    match value {
        Value::String(text) => Cell::Text(text),
        Value::Number(number) => Cell::Number(number.as_f64().unwrap_or(f64::NAN)),
        _ => Cell::Missing,
    }
}
