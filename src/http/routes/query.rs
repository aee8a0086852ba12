//! The query of a prediction; an unknown parameter is refused, because ignoring it would mislead the client.

use axum::extract::Query;
use http::Uri;

use crate::http::problem::{Problem, ProblemKind};
use crate::text::shorten::shortened;

/// Checks the query.
///
/// # Errors
/// 400: a parameter is unknown, given twice or out of range. 422: it is valid, but not built yet.
pub(in crate::http) fn check(uri: &Uri) -> Result<(), Problem> {
    if uri.query().is_none_or(str::is_empty) {
        return Ok(());
    }
    let query = Query::<Vec<(String, String)>>::try_from_uri(uri).map_err(|e| bad(e.body_text()))?;
    let mut missing = None;
    for (i, (name, value)) in query.0.iter().enumerate() {
        missing = missing.or(one(name, value)?);
        if query.0[..i].iter().any(|(earlier, _)| earlier == name) {
            return Err(bad(format!("The query parameter {name} is given twice")));
        }
    }
    missing.map_or(Ok(()), |detail| Err(Problem::new(ProblemKind::Unsupported, detail)))
}

/// Checks one parameter: why it cannot be answered, if it asks for something.
fn one(name: &str, value: &str) -> Result<Option<&'static str>, Problem> {
    match name {
        "interval" => match value.parse::<f64>() {
            Ok(level) if level > 0.0 && level < 1.0 => Ok(Some("Prediction intervals are not built yet")),
            _ => Err(bad(format!("interval must be a level between 0 and 1, not {}", shortened(value)))),
        },
        "explain" => match value {
            "true" => Ok(Some("Contributions are not built yet")),
            "false" => Ok(None),
            _ => Err(bad(format!("explain must be true or false, not {}", shortened(value)))),
        },
        _ => Err(bad(format!("There is no query parameter {}; there are interval and explain", shortened(name)))),
    }
}

fn bad(detail: String) -> Problem {
    Problem::new(ProblemKind::BadRequest, detail)
}
