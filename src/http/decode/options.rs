//! What a body is judged by, and why it is refused.

use crate::config::ExtraFeatures;
use crate::http::json::SyntaxError;
use crate::http::problem::{Problem, ProblemKind};
use crate::model::schema::Schema;
use crate::serve::ServerState;
use crate::serve::registry::ServedModel;

use super::diagnostics::Diagnostics;

/// What a body is judged by.
#[derive(Debug, Clone, Copy)]
pub struct DecodeOptions<'s> {
    /// What a row must look like.
    pub schema: &'s Schema,
    /// The model's registered name, for the routes that an error names.
    pub model: &'s str,
    /// Most rows in a body.
    pub max_rows: usize,
    /// What unknown features do.
    pub extra: ExtraFeatures,
}

impl<'s> DecodeOptions<'s> {
    /// Of a body for this model.
    pub fn new(state: &ServerState, served: &'s ServedModel) -> Self {
        Self {
            schema: served.model.schema(),
            model: &served.name,
            max_rows: state.limits.max_rows,
            extra: state.extra_features,
        }
    }
}

/// Why a body is not a batch.
#[derive(Debug)]
pub enum DecodeError {
    /// It is not JSON: 400.
    Syntax(SyntaxError),
    /// It holds more rows than allowed: 413.
    TooManyRows(usize),
    /// Features are left out, and it holds more rows than this, which its size allows: 413.
    TooSparse(usize),
    /// It is JSON that does not fit the schema: 422.
    Schema(Diagnostics),
}

impl From<SyntaxError> for DecodeError {
    fn from(error: SyntaxError) -> Self {
        Self::Syntax(error)
    }
}

impl From<DecodeError> for Problem {
    fn from(error: DecodeError) -> Self {
        match error {
            DecodeError::Syntax(error) => Self::new(ProblemKind::Syntax, format!("The body is not JSON: {error}")),
            DecodeError::TooManyRows(limit) => {
                let detail = format!("The body has more than the {limit} rows that a request may hold");
                Self::new(ProblemKind::TooManyRows, detail)
            }
            DecodeError::TooSparse(rows) => {
                let detail = format!(
                    "The body leaves out features: of its size it may hold at most {rows} rows. Send null for what is missing"
                );
                Self::new(ProblemKind::TooManyRows, detail)
            }
            DecodeError::Schema(diagnostics) => {
                let (errors, has_more) = diagnostics.into_errors();
                Self::schema(errors, has_more)
            }
        }
    }
}
