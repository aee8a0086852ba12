//! The query of a prediction; an unknown parameter is refused, because ignoring it would mislead the client.

use axum::extract::Query;
use http::Uri;

use crate::model::Model;
use crate::model::question::{Asked, Question};

use crate::http::problem::{Problem, ProblemKind};
use crate::text::shorten::shortened;

/// What a route itself asks for beside predictions.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::http) enum RouteAsks {
    /// Query and body say what.
    Nothing,
    /// Those of `:explain` on `/v1`.
    Contributions,
}

/// What the query and the route ask for beside predictions. Checks all of it.
///
/// # Errors
/// 400: a parameter is unknown, given twice, out of range, or against the route. 422: it is valid, but the model cannot
/// answer it.
pub(in crate::http) fn question(uri: &Uri, model: &Model, route: RouteAsks) -> Result<Question, Problem> {
    let mut asked = Asked { explain: route == RouteAsks::Contributions, ..Asked::default() };
    if uri.query().is_none_or(str::is_empty) && !asked.explain {
        return Ok(Question::default());
    }
    let query = Query::<Vec<(String, String)>>::try_from_uri(uri).map_err(|e| bad(e.body_text()))?;
    for (i, (name, value)) in query.0.iter().enumerate() {
        match name.as_str() {
            "raw" => asked.raw = switch(name, value)?,
            "explain" => asked.explain = switch(name, value)?,
            "interval" => asked.interval = Some(level(value)?),
            _ => {
                let detail =
                    format!("There is no query parameter {}; there are raw, explain and interval", shortened(name));
                return Err(bad(detail));
            }
        }
        if query.0[..i].iter().any(|(earlier, _)| earlier == name) {
            return Err(bad(format!("The query parameter {name} is given twice")));
        }
    }
    if route == RouteAsks::Contributions && !asked.explain {
        return Err(bad(
            "explain=false is against :explain, which explains each row; send the request to :predict".into()
        ));
    }
    check(asked, model)
}

/// What is asked, if the model can answer it.
///
/// # Errors
/// 422: why it cannot.
pub(in crate::http) fn check(asked: Asked, model: &Model) -> Result<Question, Problem> {
    let unsupported = |detail: String| Problem::new(ProblemKind::Unsupported, detail);
    if asked.raw && model.n_raw().is_none() {
        return Err(unsupported(NO_RAW.to_owned()));
    }
    if let (true, Some(reason)) = (asked.explain, model.unexplained()) {
        return Err(unsupported(reason.to_owned()));
    }
    model.question(asked).map_err(unsupported)
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

/// A level, above 0 and below 1.
fn level(value: &str) -> Result<f64, Problem> {
    match value.parse::<f64>() {
        Ok(level) if level > 0.0 && level < 1.0 => Ok(level),
        _ => Err(bad(format!("interval must be a level between 0 and 1, not {}", shortened(value)))),
    }
}

fn bad(detail: String) -> Problem {
    Problem::new(ProblemKind::BadRequest, detail)
}
