//! From a [`PredictionWithRaw`] to an answer's bytes: JSON, NDJSON, CSV, or tensors of the Open Inference Protocol.

pub(super) mod csv;
pub(super) mod json;
pub(super) mod ndjson;
pub(super) mod tensors;

use axum::body::Body;
use axum::response::Response;
use http::HeaderValue;
use http::header::CONTENT_TYPE;

use crate::model::prediction::PredictionWithRaw;
use crate::model::schema::Target;
use crate::serve::registry::ServedModel;

use super::decode::Protocol;
use super::media::{Accepted, AnswerFormat};

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
    pub(super) fn write(self, served: &ServedModel, answer: &PredictionWithRaw) -> Response {
        let schema = served.model.schema();
        let (content_type, bytes) = match (self.accepted.format, self.protocol) {
            (AnswerFormat::Json, None) => (json::MEDIA_TYPE, json::prediction(served, answer)),
            (AnswerFormat::Json, Some(protocol)) => {
                // TensorFlow Serving answers `inputs` with `outputs`; KServe, on the same route, with `predictions`.
                let repeated = (self.by_inputs && protocol == Protocol::TensorFlow).then_some("outputs");
                (json::MEDIA_TYPE, json::predictions_only(schema, &answer.prediction, repeated))
            }
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

/// The most bytes that an answer for this many rows takes, in any format; `n_raw` raw scores a row are in it.
pub(super) fn max_bytes(target: &Target, n_rows: usize, n_raw: usize) -> usize {
    // Of NDJSON, the longest format: `{"prediction":` and a number; a class once more, with its probability.
    const PER_ROW: usize = 42;
    const PER_CLASS: usize = 30;
    // A label that is a number is written as one.
    const NUMBER: usize = 24;
    let labels: usize = target.classes.iter().map(|label| PER_CLASS + label.len()).sum();
    let longest = target.classes.iter().map(|label| label.len().max(NUMBER)).max().unwrap_or(0);
    n_rows * (PER_ROW + PER_CLASS * (target.n_outputs() - 1 + n_raw) + longest + labels)
}
