//! Answers as an Arrow IPC stream: the columns of [`answer_table`].

use crate::http::problem::Problem;
use crate::model::answer_table;
use crate::model::prediction::{Answer, Prediction};
use crate::model::schema::Schema;
use crate::table::arrow_answers;

/// One record batch of a row each.
///
/// # Errors
/// 500: arrow-ipc refuses what is written, which is a fault of ours.
pub(super) fn rows(schema: &Schema, predicted: &Answer) -> Result<Vec<u8>, Problem> {
    let has_probability = matches!(predicted.prediction, Prediction::Classification { probability: Some(_), .. });
    let names: Vec<String> = answer_table::columns(schema, has_probability, predicted.beside()).collect();
    arrow_answers(schema, predicted, &names).map_err(|e| Problem::internal(format!("an Arrow answer: {e}")))
}
