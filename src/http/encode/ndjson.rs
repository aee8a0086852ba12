//! Answers as NDJSON: an object a row, `{"prediction":25.0}`, with `probability` where the model gives one, and `raw`,
//! `interval` or `set`, `baseline` and `contributions` where they are asked for.

use crate::http::json::write;
use crate::model::prediction::{Answer, Prediction};
use crate::model::schema::Schema;

use super::contributions::NamedContributions;
use super::json::{ClassLabels, interval_key, interval_row, list, raw_row};

/// A line a row.
pub(in crate::http) fn rows(schema: &Schema, predicted: &Answer) -> Vec<u8> {
    const PER_ROW: usize = 40;
    let answer = &predicted.prediction;
    let labels = ClassLabels::of(schema);
    let mut out = Vec::with_capacity(PER_ROW * answer.n_rows() * (schema.target().n_outputs() + labels.len()));
    let named = predicted.contributions.as_ref().map(|contributions| NamedContributions::new(schema, contributions));
    for row in 0..answer.n_rows() {
        out.extend_from_slice(b"{\"prediction\":");
        match answer {
            Prediction::Regression { values, n_outputs: 1 } => write::number(&mut out, values[row]),
            Prediction::Regression { values, n_outputs } => list(&mut out, &values[row * n_outputs..][..*n_outputs]),
            Prediction::Classification { classes, probability } => {
                out.extend_from_slice(labels.get(classes[row]));
                let cells = row * labels.len()..(row + 1) * labels.len();
                if let Some(values) = probability.as_ref().and_then(|p| p.get(cells)) {
                    out.extend_from_slice(b",\"probability\":");
                    labels.write_values(&mut out, values);
                }
            }
        }
        if let Some(raw) = predicted.raw_of(row) {
            out.extend_from_slice(b",\"raw\":");
            raw_row(&mut out, raw);
        }
        if let Some(intervals) = &predicted.intervals {
            out.extend_from_slice(interval_key(intervals));
            interval_row(&mut out, &labels, intervals, row);
        }
        if let Some(named) = &named {
            out.extend_from_slice(b",\"baseline\":");
            named.write_baseline(&mut out);
            out.extend_from_slice(b",\"contributions\":");
            named.write_row(&mut out, row);
        }
        out.extend_from_slice(b"}\n");
    }
    out
}
