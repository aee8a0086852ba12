//! Answers as a table: the names of its columns, and each row's fields, as every CSV of answers has them.

use super::labels;
use super::prediction::{Prediction, PredictionWithRaw};
use super::schema::{Schema, Target, numbered};
use crate::text::number;

/// The columns of an answer: [`Target::answer_columns`], then `raw`, or `raw_0` and so on, of `n_raw` raw scores.
pub fn columns(target: &Target, has_probability: bool, n_raw: usize) -> impl Iterator<Item = String> {
    target.answer_columns(has_probability).chain(numbered("raw", n_raw))
}

/// Hands the fields of one row to `field`, in the order of [`columns`]. Numbers are written as JSON has them.
///
/// # Errors
/// The first that `field` gives.
pub fn write_row<E>(
    schema: &Schema,
    predicted: &PredictionWithRaw,
    row: usize,
    mut field: impl FnMut(&[u8]) -> Result<(), E>,
) -> Result<(), E> {
    let mut text = Vec::new();
    let mut write_number = |value: f64, field: &mut dyn FnMut(&[u8]) -> Result<(), E>| {
        text.clear();
        number::append(&mut text, value);
        field(&text)
    };
    match &predicted.prediction {
        Prediction::Regression { values, n_outputs } => {
            for value in &values[row * n_outputs..][..*n_outputs] {
                write_number(*value, &mut field)?;
            }
        }
        Prediction::Classification { classes, probability } => {
            let labels = &schema.target().classes;
            field(labels::shown(&labels[classes[row] as usize], schema.label_kind()).as_bytes())?;
            for value in probability.iter().flatten().skip(row * labels.len()).take(labels.len()) {
                write_number(*value, &mut field)?;
            }
        }
    }
    predicted.raw_of(row).unwrap_or_default().iter().try_for_each(|score| write_number(*score, &mut field))
}
