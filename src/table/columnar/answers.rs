//! Answers as columns of a type.

use std::borrow::Cow;
use std::convert::Infallible;
use std::sync::Arc;

use arrow_array::{ArrayRef, Float64Array, Int64Array, StringArray};

use crate::model::answer_table::{AnswerCell, cells, joined};
use crate::model::labels::{self, LabelKind};
use crate::model::prediction::{Answer, Prediction};
use crate::model::schema::Schema;

/// One column in the making.
enum Column<'a> {
    Numbers(Vec<f64>),
    Integers(Vec<i64>),
    Texts(Vec<Cow<'a, str>>),
}

impl<'a> Column<'a> {
    fn new(cell: &AnswerCell<'a>, kind: LabelKind, n_rows: usize) -> Self {
        match (cell, kind) {
            (AnswerCell::Set(_), _) => Self::Texts(Vec::with_capacity(n_rows)),
            (AnswerCell::Number(_), _) | (_, LabelKind::Numbers) => Self::Numbers(Vec::with_capacity(n_rows)),
            (_, LabelKind::Integers) => Self::Integers(Vec::with_capacity(n_rows)),
            (_, LabelKind::Text) => Self::Texts(Vec::with_capacity(n_rows)),
        }
    }

    /// A label that is no number of the column's kind has none there: the kind is that of all labels.
    fn push(&mut self, cell: AnswerCell<'a>, kind: LabelKind) {
        match (self, cell) {
            (Self::Numbers(numbers), AnswerCell::Number(value)) => numbers.push(value),
            (Self::Numbers(numbers), AnswerCell::Label(label)) => {
                numbers.push(labels::number(label).unwrap_or(f64::NAN));
            }
            (Self::Integers(integers), AnswerCell::Label(label)) => {
                integers.push(labels::integer(label).unwrap_or_default());
            }
            (Self::Texts(texts), AnswerCell::Label(label)) => texts.push(Cow::Borrowed(label)),
            (Self::Texts(texts), AnswerCell::Set(set)) => texts.push(Cow::Owned(joined(&set, kind))),
            (Self::Integers(_) | Self::Texts(_), AnswerCell::Number(_))
            | (Self::Integers(_) | Self::Numbers(_), AnswerCell::Set(_)) => {}
        }
    }
}

/// The columns of [`answer_table::columns`](crate::model::answer_table::columns), in that order, each of a cell a row:
/// numbers are `Float64`, labels that are integers `Int64`, other labels and sets `Utf8`.
pub(crate) fn answer_arrays(schema: &Schema, predicted: &Answer) -> Vec<ArrayRef> {
    let n_rows = predicted.prediction.n_rows();
    if let (Prediction::Regression { values, n_outputs }, true) = (&predicted.prediction, predicted.is_alone()) {
        let column = |output| values.iter().skip(output).step_by(*n_outputs).copied().collect::<Vec<f64>>();
        return (0..*n_outputs).map(|output| -> ArrayRef { Arc::new(Float64Array::from(column(output))) }).collect();
    }
    let mut columns: Vec<Column<'_>> = Vec::new();
    for row in 0..n_rows {
        let mut at = 0;
        let Ok(()) = cells(schema, predicted, row, |cell| {
            if at == columns.len() {
                columns.push(Column::new(&cell, schema.label_kind(), n_rows));
            }
            columns[at].push(cell, schema.label_kind());
            at += 1;
            Ok::<(), Infallible>(())
        });
    }
    let array = |column| -> ArrayRef {
        match column {
            Column::Numbers(numbers) => Arc::new(Float64Array::from(numbers)),
            Column::Integers(integers) => Arc::new(Int64Array::from(integers)),
            Column::Texts(texts) => Arc::new(StringArray::from_iter_values(texts)),
        }
    };
    columns.into_iter().map(array).collect()
}
