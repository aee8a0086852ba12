//! From an [`Answer`] to its bytes: JSON, NDJSON, CSV, Arrow, or tensors of the Open Inference Protocol.

pub(super) mod arrow;
mod contributions;
pub(super) mod csv;
pub(super) mod json;
pub(super) mod ndjson;
pub(super) mod tensors;

use axum::body::Body;
use axum::response::{IntoResponse as _, Response};
use http::HeaderValue;
use http::header::CONTENT_TYPE;

use crate::model::Model;
use crate::model::answer_table;
use crate::model::intervals::IntervalKind;
use crate::model::prediction::{Answer, Beside};
use crate::model::question::Question;
use crate::serve::registry::ServedModel;

use super::decode::Protocol;
use super::json::write;
use super::media::{ARROW, Accepted, AnswerFormat};

/// How an answer is written: the format that the client accepts, with the keys of the protocol whose route it asked.
#[derive(Debug, Clone, Copy)]
pub(super) struct ResponseFormat {
    /// The format.
    pub(super) accepted: Accepted,
    /// The protocol; none on our own routes.
    pub(super) protocol: Option<Protocol>,
    /// The body was CSV without a header line: CSV is answered without one.
    pub(super) is_headless: bool,
    /// The rows came under `inputs`.
    pub(super) by_inputs: bool,
}

impl ResponseFormat {
    /// A 200 with the answer.
    pub(super) fn write(self, served: &ServedModel, answer: &Answer) -> Response {
        let schema = served.model.schema();
        let (content_type, bytes) = match (self.accepted.format, self.protocol) {
            (AnswerFormat::Json, None) => (json::MEDIA_TYPE, json::prediction(served, answer)),
            (AnswerFormat::Json, Some(protocol)) => {
                (json::MEDIA_TYPE, json::of_protocol(schema, answer, protocol, self.by_inputs))
            }
            (AnswerFormat::Arrow, _) => match arrow::rows(schema, answer) {
                Ok(bytes) => (ARROW, bytes),
                Err(problem) => return problem.into_response(),
            },
            (AnswerFormat::Ndjson, _) => (self.accepted.ndjson, ndjson::rows(schema, answer)),
            (AnswerFormat::Csv, _) if self.accepted.header.unwrap_or(!self.is_headless) => {
                ("text/csv; charset=utf-8; header=present", csv::rows(schema, answer, true))
            }
            (AnswerFormat::Csv, _) => ("text/csv; charset=utf-8; header=absent", csv::rows(schema, answer, false)),
        };
        let mut response = Response::new(Body::from(bytes));
        response.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static(content_type));
        response
    }
}

/// The most bytes that the answer to a question about this many rows takes, in any format.
pub(super) fn max_bytes(model: &Model, n_rows: usize, question: Question) -> usize {
    // Of NDJSON, the longest format: `{"prediction":` and a number; a class once more, with its probability.
    const PER_ROW: usize = 42;
    const PER_CLASS: usize = 30;
    // `,"interval":[` and two numbers.
    const INTERVAL: usize = 64;
    // A label that is a number is written as one.
    const NUMBER: usize = 24;
    let (target, n_raw) = (model.schema().target(), model.n_raw_for(question));
    let labels: usize = target.classes.iter().map(|label| PER_CLASS + label.len()).sum();
    let longest = target.classes.iter().map(|label| label.len().max(NUMBER)).max().unwrap_or(0);
    let explained = if question.explain { contributions_bytes(model) } else { 0 };
    let of_interval = match model.interval_for(question) {
        None => 0,
        Some(IntervalKind::Range) => INTERVAL,
        Some(IntervalKind::Set) => INTERVAL + labels,
    };
    n_rows * (of_interval + explained + PER_ROW + PER_CLASS * (target.n_outputs() - 1 + n_raw) + longest + labels)
}

/// The most bytes that the baseline and the contributions of a row take: a key and a number each, and the braces.
fn contributions_bytes(model: &Model) -> usize {
    const NUMBER: usize = 27;
    const MEMBERS: usize = 34;
    // In JSON a byte of a name may take six.
    let quoted = |name: &str| write::quoted(name).len() + NUMBER;
    let schema = model.schema();
    let n_scores = model.n_explained();
    let features: usize = schema.features().iter().map(|feature| quoted(&feature.name)).sum();
    let scores: usize = answer_table::score_names(schema, n_scores).iter().map(|score| quoted(score) + 4).sum();
    MEMBERS + NUMBER + 2 * scores + n_scores * (features + 4)
}

/// The most bytes that an Arrow answer has beside what [`max_bytes`] counts: its schema, and the places of its columns.
pub(super) fn max_arrow_head(model: &Model, question: Question) -> usize {
    // A field with its type and its name's padding, then a node, two or three buffers and their padding.
    const PER_COLUMN: usize = 256;
    const HEADS: usize = 1_024;
    let n_explained = if question.explain { model.n_explained() } else { 0 };
    let beside = Beside { n_raw: model.n_raw_for(question), n_explained, interval: model.interval_for(question) };
    let names = answer_table::columns(model.schema(), model.has_probability(), beside);
    HEADS + names.map(|name| PER_COLUMN + name.len()).sum::<usize>()
}
