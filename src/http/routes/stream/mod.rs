//! NDJSON answered while it arrives: rows are answered as soon as their lines are whole, and neither is kept.
//!
//! Limits differ from other predictions': a line may be as long as a whole body and may take as long to arrive; the
//! number of lines is unlimited, because memory holds one chunk of them. The first rows decide the status. A later
//! error becomes the last line: the error envelope, recognised by its `status` member.

mod body;
mod rows;

use axum::body::{Body, HttpBody};
use axum::response::{IntoResponse as _, Response};
use http::HeaderMap;
use http::header::{CONTENT_ENCODING, CONTENT_TYPE};
use http::request::Parts;

use crate::http::app::{App, AppState};
use crate::http::media::{Accepted, AnswerFormat, BodyFormat};
use crate::http::middleware::AnsweredBy;
use crate::http::problem::Problem;
use crate::model::question::Question;
use crate::serve::registry::Snapshot;

use body::stream_body;
use rows::RowStream;

/// True when lines are answered with lines and the body is not known to be short. A short body is read whole first: the
/// status then covers all rows, and clients that read nothing until they have sent everything work too.
pub(in crate::http) fn is_streamed(
    app: &App,
    headers: &HeaderMap,
    body: &impl HttpBody,
    format: BodyFormat,
    accepted: Accepted,
) -> bool {
    let is_short = || {
        let is_plain = !headers.contains_key(CONTENT_ENCODING);
        let limit = app.server.limits.max_body_bytes as u64;
        is_plain && body.size_hint().exact().is_some_and(|length| length <= limit)
    };
    format == BodyFormat::Ndjson && accepted.format == AnswerFormat::Ndjson && !is_short()
}

/// Answers the first rows; the rest follows as the response's body.
///
/// # Errors
/// As any prediction, until the first rows are answered.
pub(in crate::http) async fn start(
    app: &AppState,
    snapshot: Snapshot,
    accepted: Accepted,
    question: Question,
    head: &Parts,
    body: Body,
) -> Result<Response, Problem> {
    let mut stream = RowStream::new(app, &snapshot, question, head, body)?;
    let first = stream.next().await?.ok_or_else(Problem::no_rows)?;
    stream.begin();
    let span = stream.span();
    let mut response = ([(CONTENT_TYPE, accepted.ndjson)], stream_body(first, stream)).into_response();
    if let Some(span) = span {
        response.extensions_mut().insert(span);
        response.extensions_mut().insert(AnsweredBy(snapshot));
    }
    Ok(response)
}
