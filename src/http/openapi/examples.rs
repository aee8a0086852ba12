//! Rows that a model accepts as they stand, and what it answers.
//!
//! They are medians and most frequent categories, or, where there are no statistics or these may not be shown, first
//! categories and a number that the model has an answer for.

use serde_json::{Map, Value, json};

use crate::http::encode;
use crate::model::Model;
use crate::model::batch::Batch;
use crate::model::cell::Cell;
use crate::model::compiled::Scratch;
use crate::model::date;
use crate::model::example::PLAIN;
use crate::model::prediction::{Answer, Prediction};
use crate::model::schema::{Feature, FeatureKind, Schema};
use crate::model::statistics::Stats;
use crate::serve::registry::Snapshot;

use super::template::Filling;

/// Where the rows of an example stand among the quantiles: the median first.
const ROWS: [usize; 2] = [Stats::MEDIAN, 15];

/// Rows of a model, one value a feature in schema order.
pub(super) struct Rows<'s> {
    schema: &'s Schema,
    made: Vec<Vec<Value>>,
    /// A number in place of one whose range is not known.
    pub(super) plain: f64,
}

impl<'s> Rows<'s> {
    /// Of this model.
    pub(super) fn new(model: &'s Model, shows_statistics: bool) -> Self {
        let schema = model.schema();
        let rows = |plain: f64| {
            let row = |level| schema.features().iter().map(|f| cell(f, shows_statistics, level, plain)).collect();
            ROWS.map(row).to_vec()
        };
        let of = |plain: &f64| Self { schema, made: rows(*plain), plain: *plain };
        let has_answers = |rows: &Self| (0..rows.len()).all(|row| rows.predicted(model, row).is_some());
        PLAIN.iter().map(of).find(has_answers).unwrap_or_else(|| of(&PLAIN[0]))
    }

    /// How many rows there are.
    pub(super) fn len(&self) -> usize {
        self.made.len()
    }

    /// The forms that examples have.
    pub(super) fn values(&self) -> [(&str, Filling<'_>); 7] {
        let width = self.schema.n_features();
        let labelled = |(row, cell): (usize, Value)| (row.to_string(), cell);
        let member = move |f: usize, column: Value| (self.schema.features()[f].name.as_str(), column);
        [
            ("record", Filling::Object(width, Box::new(move |f| member(f, self.made[0][f].clone())))),
            ("records", Filling::List(self.len(), Box::new(|row| self.labelled(&self.made[row])))),
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
            ("lists", Filling::List(self.len(), Box::new(|row| json!(self.made[row])))),
            ("csv", Filling::Json(self.csv().into())),
            ("ndjson", Filling::Json(self.lines().into())),
        ]
    }

    /// A feature's cells.
    pub(super) fn column(&self, feature: usize) -> Value {
        self.cells(feature).collect()
    }

    fn cells(&self, feature: usize) -> impl Iterator<Item = Value> {
        self.made.iter().map(move |row| row[feature].clone())
    }

    /// Rows of values.
    pub(super) fn lists(&self) -> Value {
        json!(self.made)
    }

    /// NDJSON, a record a line.
    fn lines(&self) -> String {
        let lines: Vec<String> = self.made.iter().map(|row| self.labelled(row).to_string()).collect();
        lines.join("\n")
    }

    /// CSV with a header line.
    fn csv(&self) -> String {
        let text = |cell: &Value| cell.as_str().map_or_else(|| cell.to_string(), str::to_owned);
        let mut out = csv::Writer::from_writer(Vec::new());
        let _ = out.write_record(self.schema.features().iter().map(|f| f.name.as_str()));
        for row in &self.made {
            let _ = out.write_record(row.iter().map(text));
        }
        String::from_utf8(out.into_inner().unwrap_or_default()).unwrap_or_default()
    }

    /// What the model answers to the first row, as its route writes it.
    pub(super) fn answer(&self, served: &Snapshot) -> Option<Value> {
        let prediction = self.predicted(&served.model, 0)?;
        serde_json::from_slice(&encode::json::prediction(served, &Answer::from(prediction))).ok()
    }

    fn predicted(&self, model: &Model, row: usize) -> Option<Prediction> {
        let read = |(feature, cell): (&Feature, &Value)| feature.read(as_cell(cell)).ok();
        let values: Vec<f64> = self.schema.features().iter().zip(&self.made[row]).map(read).collect::<Option<_>>()?;
        let batch = Batch::from_rows(self.schema, values).ok()?;
        model.predict(&batch, &mut Scratch::default()).ok()
    }

    fn labelled(&self, row: &[Value]) -> Value {
        let names = self.schema.features().iter().map(|f| f.name.clone());
        names.zip(row.iter().cloned()).collect::<Map<String, Value>>().into()
    }
}

/// A value of this feature: of `level` among its quantiles, `plain` without them, or its most frequent category.
pub(super) fn cell(feature: &Feature, shows_statistics: bool, level: usize, plain: f64) -> Value {
    match feature.kind {
        FeatureKind::Categorical => {
            let most = if shows_statistics { most_frequent(feature) } else { None };
            json!(most.or(feature.categories.first().map(String::as_str)))
        }
        FeatureKind::Numeric if shows_statistics => {
            number(feature.stats().quantiles.get(level).copied().unwrap_or(plain))
        }
        FeatureKind::Numeric => number(plain),
        FeatureKind::Date(_) => {
            let seconds = if shows_statistics { feature.stats().quantiles.get(level) } else { None };
            json!(date_time(seconds.copied().unwrap_or(0.0)))
        }
    }
}

/// A date with its time, as RFC 3339 has it: generated clients read no other; whole seconds.
fn date_time(seconds: f64) -> String {
    let text = date::shown(seconds.floor());
    if text.contains('T') { text } else { text + "T00:00:00Z" }
}

/// A number as people write it: 296, not 296.0.
#[expect(clippy::cast_possible_truncation, reason = "the value is whole and far below 2^63")]
pub(super) fn number(value: f64) -> Value {
    if value.fract() == 0.0 && value.abs() < 1e15 { Value::from(value as i64) } else { Value::from(value) }
}

/// The category that most training rows had.
pub(super) fn most_frequent(feature: &Feature) -> Option<&str> {
    let most = feature.stats().bins.most_frequent()?;
    feature.categories.get(most as usize).map(String::as_str)
}

fn as_cell(value: &Value) -> Cell<'_> {
    match value {
        Value::String(text) => Cell::Text(text),
        Value::Number(number) => Cell::Number(number.as_f64().unwrap_or(f64::NAN)),
        _ => Cell::Missing,
    }
}
