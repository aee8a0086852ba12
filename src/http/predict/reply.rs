//! How a prediction is answered: the form that the client wants, in the words of the route that it asked.
//!
//! Stands apart because form and route are independent: every route gives JSON, NDJSON and CSV.

use crate::http::{encode, encode_lines};
use crate::model::prediction::Prediction;
use crate::serve::registry::Served;

use super::accept::{Form, Wanted};
use super::dialect::Protocol;

/// What an answer is to be.
#[derive(Debug, Clone, Copy)]
pub(super) struct Reply {
    /// The form.
    pub(super) wanted: Wanted,
    /// Whose words: ours when none.
    pub(super) protocol: Option<Protocol>,
    /// The body was CSV without a header line: CSV is answered without one.
    pub(super) is_headless: bool,
    /// The rows came under `inputs`.
    pub(super) by_inputs: bool,
}

/// The type of NDJSON.
pub(super) const NDJSON: &str = "application/x-ndjson";

impl Reply {
    /// The answer's type and bytes.
    pub(super) fn write(self, served: &Served, answer: &Prediction) -> (&'static str, Vec<u8>) {
        let target = served.model.schema().target();
        match (self.wanted.form, self.protocol) {
            (Form::Json, None) => ("application/json", encode::prediction(served, answer)),
            (Form::Json, Some(protocol)) => {
                // TensorFlow Serving answers `inputs` with `outputs`; KServe, on the same route, with `predictions`.
                let repeated = (self.by_inputs && protocol == Protocol::TensorFlow).then_some("outputs");
                ("application/json", encode::predictions_only(target, answer, repeated))
            }
            (Form::Lines, _) => (NDJSON, encode_lines::ndjson(target, answer)),
            (Form::Csv, _) if self.wanted.header.unwrap_or(!self.is_headless) => {
                ("text/csv; charset=utf-8; header=present", encode_lines::csv(target, answer, true))
            }
            (Form::Csv, _) => ("text/csv; charset=utf-8; header=absent", encode_lines::csv(target, answer, false)),
        }
    }
}
