//! The query of a prediction; an unknown parameter is refused, because ignoring it would mislead the client.

use axum::extract::Query;
use http::Uri;

use crate::model::Model;

use crate::http::problem::{Problem, ProblemKind};
use crate::text::shorten::shortened;

/// True when the query asks for raw scores. Checks all of it.
///
/// # Errors
/// 400: a parameter is unknown, given twice or out of range. 422: it is valid, but not built yet, or the model cannot
/// answer it.
pub(in crate::http) fn wants_raw(uri: &Uri, model: &Model) -> Result<bool, Problem> {
    if uri.query().is_none_or(str::is_empty) {
        return Ok(false);
    }
    let query = Query::<Vec<(String, String)>>::try_from_uri(uri).map_err(|e| bad(e.body_text()))?;
    let (mut missing, mut wants_raw) = (None, false);
    for (i, (name, value)) in query.0.iter().enumerate() {
        if name == "raw" {
            wants_raw = switch(name, value)?;
        } else {
            missing = missing.or(check_parameter(name, value)?);
        }
        if query.0[..i].iter().any(|(earlier, _)| earlier == name) {
            return Err(bad(format!("The query parameter {name} is given twice")));
        }
    }
    if wants_raw && model.n_raw().is_none() {
        missing = missing.or(Some(NO_RAW));
    }
    missing.map_or(Ok(wants_raw), |detail| Err(Problem::new(ProblemKind::Unsupported, detail)))
}

/// Why a model of nearest neighbours, kernels or likelihoods has no raw scores.
pub(in crate::http) const NO_RAW: &str =
    "This model has no raw scores: its answers are not made from sums before a link";

/// `true` or `false`.
fn switch(name: &str, value: &str) -> Result<bool, Problem> {
    match value {
        "true" => Ok(true),
        "false" => Ok(false),
        _ => Err(bad(format!("{name} must be true or false, not {}", shortened(value)))),
    }
}

/// Checks one parameter: why it cannot be answered, if it asks for something.
fn check_parameter(name: &str, value: &str) -> Result<Option<&'static str>, Problem> {
    match name {
        "interval" => match value.parse::<f64>() {
            Ok(level) if level > 0.0 && level < 1.0 => Ok(Some("Prediction intervals are not built yet")),
            _ => Err(bad(format!("interval must be a level between 0 and 1, not {}", shortened(value)))),
        },
        "explain" => Ok(switch(name, value)?.then_some("Contributions are not built yet")),
        _ => Err(bad(format!("There is no query parameter {}; there is raw", shortened(name)))),
    }
}

fn bad(detail: String) -> Problem {
    Problem::new(ProblemKind::BadRequest, detail)
}
