//! Answers as CSV: the columns of [`answer_table`].

use std::convert::Infallible;

use csv::{QuoteStyle, WriterBuilder};

use crate::model::answer_table;
use crate::model::prediction::{Answer, Prediction};
use crate::model::schema::Schema;

/// A line a row, and a header line if `with_header`.
pub(super) fn rows(schema: &Schema, predicted: &Answer, with_header: bool) -> Vec<u8> {
    const PER_NUMBER: usize = 20;
    let (n_rows, target) = (predicted.prediction.n_rows(), schema.target());
    let out = Vec::with_capacity(PER_NUMBER * n_rows * (target.n_outputs() + target.classes.len()) + 128);
    let mut writer = WriterBuilder::new().quote_style(QuoteStyle::Necessary).from_writer(out);
    // Writing to a vector does not fail, and all records have as many fields.
    if with_header {
        let has_probability = matches!(predicted.prediction, Prediction::Classification { probability: Some(_), .. });
        let _ = writer.write_record(answer_table::columns(schema, has_probability, predicted.beside()));
    }
    for row in 0..n_rows {
        let Ok(()) = answer_table::write_row(schema, predicted, row, |field| {
            let _ = writer.write_field(field);
            Ok::<(), Infallible>(())
        });
        let _ = writer.write_record(None::<&[u8]>);
    }
    writer.into_inner().unwrap_or_default()
}
