//! Answers as lines: CSV as `smartserve predict` writes it, and NDJSON, an object a row.
//!
//! Stands apart from `encode`, whose answers are one JSON text: lines are written for some rows at a time, and the next
//! ones follow.

use csv::{QuoteStyle, WriterBuilder};

use crate::http::encode::class_values;
use crate::http::json::write;
use crate::model::prediction::Prediction;
use crate::model::schema::Target;

/// CSV: `prediction`, and `probability_CLASS` for each class (empty where the model gives none).
pub(in crate::http) fn csv(target: &Target, answer: &Prediction, with_header: bool) -> Vec<u8> {
    const PER_NUMBER: usize = 20;
    let out = Vec::with_capacity(PER_NUMBER * answer.n_rows() * (1 + target.classes.len()) + 128);
    let mut writer = WriterBuilder::new().quote_style(QuoteStyle::Necessary).from_writer(out);
    // Writing to a vector does not fail, and all records have as many fields.
    if with_header {
        let _ = writer.write_record(target.answer_columns());
    }
    let mut number = Vec::new();
    for row in 0..answer.n_rows() {
        match answer {
            Prediction::Regression { values } => {
                let _ = writer.write_field(text_of(&mut number, values[row]));
            }
            Prediction::Classification { classes, probability } => {
                let _ = writer.write_field(label(target, classes[row]));
                for class in 0..target.classes.len() {
                    let value = probability.as_ref().and_then(|p| p.get(row * target.classes.len() + class));
                    let _ = writer.write_field(value.map_or(&b""[..], |value| text_of(&mut number, *value)));
                }
            }
        }
        let _ = writer.write_record(None::<&[u8]>);
    }
    writer.into_inner().unwrap_or_default()
}

/// NDJSON: `{"prediction":25.0}`, with `probability` where the model gives one.
pub(in crate::http) fn ndjson(target: &Target, answer: &Prediction) -> Vec<u8> {
    const PER_ROW: usize = 40;
    let labels: Vec<Vec<u8>> = target.classes.iter().map(|label| write::quoted(label)).collect();
    let mut out = Vec::with_capacity(PER_ROW * answer.n_rows() * (1 + labels.len()));
    for row in 0..answer.n_rows() {
        out.extend_from_slice(b"{\"prediction\":");
        match answer {
            Prediction::Regression { values } => write::number(&mut out, values[row]),
            Prediction::Classification { classes, probability } => {
                write::string(&mut out, label(target, classes[row]));
                let cells = row * labels.len()..(row + 1) * labels.len();
                if let Some(values) = probability.as_ref().and_then(|p| p.get(cells)) {
                    out.extend_from_slice(b",\"probability\":");
                    class_values(&mut out, &labels, values);
                }
            }
        }
        out.extend_from_slice(b"}\n");
    }
    out
}

fn label(target: &Target, class: u32) -> &str {
    target.classes.get(class as usize).map_or("", String::as_str)
}

/// A number's text, as JSON has it.
fn text_of(room: &mut Vec<u8>, value: f64) -> &[u8] {
    room.clear();
    write::number(room, value);
    room
}
