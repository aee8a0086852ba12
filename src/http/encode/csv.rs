//! Answers as CSV: `prediction`, `probability_CLASS` for each class where the model has probabilities, `raw` or `raw_0` and
//! so on where they are asked for.

use csv::{QuoteStyle, WriterBuilder};

use crate::http::json::write;
use crate::model::labels;
use crate::model::prediction::{Predicted, Prediction};
use crate::model::schema::{Schema, numbered};

/// A line a row, and a header line if `with_header`. Numbers are written as JSON has them.
pub(super) fn rows(schema: &Schema, predicted: &Predicted, with_header: bool) -> Vec<u8> {
    const PER_NUMBER: usize = 20;
    let answer = &predicted.prediction;
    let n_raw = predicted.raw_of(0).map_or(0, <[f64]>::len);
    let target = schema.target();
    let out = Vec::with_capacity(PER_NUMBER * answer.n_rows() * (target.n_outputs() + target.classes.len()) + 128);
    let mut writer = WriterBuilder::new().quote_style(QuoteStyle::Necessary).from_writer(out);
    // Writing to a vector does not fail, and all records have as many fields.
    if with_header {
        let has_probability = matches!(answer, Prediction::Classification { probability: Some(_), .. });
        let _ = writer.write_record(target.answer_columns(has_probability).chain(numbered("raw", n_raw)));
    }
    let mut number = Vec::new();
    for row in 0..answer.n_rows() {
        match answer {
            Prediction::Regression { values, n_outputs } => {
                for value in values.iter().skip(row * n_outputs).take(*n_outputs) {
                    let _ = writer.write_field(text_of(&mut number, *value));
                }
            }
            Prediction::Classification { classes, probability } => {
                let label = target.classes.get(classes[row] as usize).map_or("", String::as_str);
                let _ = writer.write_field(&*labels::shown(label, schema.label_kind()));
                let n_classes = target.classes.len();
                for value in probability.iter().flatten().skip(row * n_classes).take(n_classes) {
                    let _ = writer.write_field(text_of(&mut number, *value));
                }
            }
        }
        for score in predicted.raw_of(row).unwrap_or_default() {
            let _ = writer.write_field(text_of(&mut number, *score));
        }
        let _ = writer.write_record(None::<&[u8]>);
    }
    writer.into_inner().unwrap_or_default()
}

/// A number's text, in `buffer`.
fn text_of(buffer: &mut Vec<u8>, value: f64) -> &[u8] {
    buffer.clear();
    write::number(buffer, value);
    buffer
}
