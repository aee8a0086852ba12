//! `POST /predict`, `POST /models/{name}/predict`, and the prediction behind other protocols' routes.
//!
//! The steps: snapshot, query and media types, body, decode, predict, encode. `Server-Timing` and the log line call the
//! time of `decode` "parse".

use std::sync::Arc;
use std::time::{Duration, Instant};

use axum::body::Bytes;
use axum::extract::{Request, State};
use axum::response::Response;
use http::request::Parts;

use crate::config::Limits;
use crate::model::batch::Batch;
use crate::model::prediction::Answer;
use crate::model::question::Question;
use crate::serve::admission::is_inline_text;
use crate::serve::listener::RequestContext;
use crate::serve::predict::{PredictInput, PredictOutput, prediction_bytes};
use crate::serve::registry::{ServedModel, Snapshot};

use crate::http::app::{App, AppState};
use crate::http::body::{self, ReadableBody};
use crate::http::decode::{self, DecodeOptions, Decoded, Places, Protocol, arrow, csv, ndjson};
use crate::http::encode::{self, ResponseFormat};
use crate::http::handler_output::{HandlerOutput, Timings};
use crate::http::media::{Accepted, AnswerFormat, BodyFormat};
use crate::http::middleware::AnsweredBy;
use crate::http::path::ModelName;
use crate::http::problem::{Problem, ProblemKind};

use super::query::{self, RouteAsks};
use super::stream;

/// `POST /models/{name}/predict`: asks the model of that name.
pub(in crate::http) async fn predict_named(
    State(app): State<AppState>,
    ModelName(name): ModelName,
    request: Request,
) -> Result<HandlerOutput, Problem> {
    let snapshot = app.model(&name)?;
    let (head, body) = request.into_parts();
    predict_with(&app, snapshot, None, RouteAsks::Nothing, &head, body).await
}

/// Answers one request by a snapshot, with the keys of `protocol` if the request came by one of its routes.
pub(in crate::http) async fn predict_with(
    app: &AppState,
    snapshot: Snapshot,
    protocol: Option<Protocol>,
    route: RouteAsks,
    head: &Parts,
    body: impl ReadableBody,
) -> Result<HandlerOutput, Problem> {
    let question = query::question(&head.uri, &snapshot.model, route)?;
    let format = BodyFormat::of(&head.headers)?;
    let accepted = Accepted::of(&head.headers, format);
    if stream::is_streamed(app, &head.headers, &body, format, accepted) {
        // Boxed, because it is rare, so that the usual future is small.
        return Box::pin(stream::start(app, snapshot, accepted, question, head, body.into_owned()))
            .await
            .map(HandlerOutput::from);
    }
    let response = ResponseFormat { accepted, protocol, is_headless: false, by_inputs: false };
    let decode = move |app: &App, snapshot: &Snapshot, body: &Bytes| {
        let mut response = response;
        let (batch, places) = decode_body(body, format, &DecodeOptions::new(&app.server, snapshot), &mut response)?;
        Ok((batch.asking(question), places, response))
    };
    let form = ArrowUse {
        is_arrow_body: format == BodyFormat::Arrow,
        is_arrow_answer: accepted.format == AnswerFormat::Arrow,
    };
    run_prediction(app, head, body, snapshot, form, decode, ResponseFormat::write).await
}

/// Whether a request holds Arrow, which takes other memory than texts of its length do.
#[derive(Debug, Clone, Copy, Default)]
pub(in crate::http) struct ArrowUse {
    /// Its body is an Arrow IPC stream.
    is_arrow_body: bool,
    /// Its answer is to be one.
    is_arrow_answer: bool,
}

/// Runs a prediction from body to encoded answer, for every protocol. `decode` gives the batch, its cells' places and
/// what `encode` needs. Texts up to 64 KiB are handled here, longer ones on the pool. The lease is set before body,
/// decoding and prediction; the last covers encoding.
///
/// # Errors
/// As [`body::read`] and `decode`. 503: no memory, or no permit to compute, within the admission wait. 504: it took too
/// long. 500: the model failed.
pub(in crate::http) async fn run_prediction<F: Send + 'static>(
    app: &AppState,
    head: &Parts,
    body: impl ReadableBody,
    snapshot: Snapshot,
    form: ArrowUse,
    decode: impl FnOnce(&App, &Snapshot, &Bytes) -> Result<(Batch, Places, F), Problem> + Send + 'static,
    encode: impl FnOnce(F, &ServedModel, &Answer) -> Response + Send + 'static,
) -> Result<HandlerOutput, Problem> {
    let (memory, compute) = (&RequestContext::of(&head.extensions).memory, &app.server.compute);
    let body = body::read(app, head, body).await?;
    let batch_bytes = if form.is_arrow_body {
        arrow::max_bytes(&body, &DecodeOptions::new(&app.server, &snapshot))
    } else {
        max_batch_bytes(body.len(), &snapshot, &app.server.limits)
    };
    memory.grow_within_budget(batch_bytes).await?;
    let (decoded, decode_time) = if is_inline_text(body.len()) {
        // The body ends here, as in the pool's closure: the lease counts only the batch and the answer from now on.
        let body = body;
        timed(|| decode(app, &snapshot, &body))
    } else {
        let (app, snapshot) = (app.clone(), Arc::clone(&snapshot));
        Box::pin(compute.decode_on_pool(memory, move || timed(|| decode(&app, &snapshot, &body)))).await?
    };
    let (batch, places, format) = decoded?;
    let rows = batch.n_rows();
    check_room(app, &snapshot, rows, batch.question())?;
    let (model, question) = (&snapshot.model, batch.question());
    let head_bytes = if form.is_arrow_answer { encode::max_arrow_head(model, question) } else { 0 };
    let answer_bytes = encode::max_bytes(model, rows, question) + head_bytes;
    let input = PredictInput { snapshot: &snapshot, batch, answer_bytes, other_bytes: 0 };
    let answer = app.server.predict(memory, input).await;
    let pointer = |row, feature| places.pointer(row, feature, snapshot.model.schema());
    let PredictOutput { predicted, took: predict_time } = answer.map_err(|error| Problem::of_batch(error, pointer))?;
    let answered_by = app.server.spans.is_some().then(|| AnsweredBy(Arc::clone(&snapshot)));
    let (mut response, encode_time) = if is_inline_text(answer_bytes) {
        timed(|| encode(format, &snapshot, &predicted))
    } else {
        Box::pin(compute.encode_on_pool(memory, move || timed(|| encode(format, &snapshot, &predicted)))).await?
    };
    let timings = Timings { rows, decode: decode_time, predict: predict_time, encode: encode_time };
    if let Some(answered_by) = answered_by {
        response.extensions_mut().insert(answered_by);
    }
    Ok(HandlerOutput { response, timings: Some(timings) })
}

/// 413: contributions of so many rows do not fit the budget of all bodies.
fn check_room(app: &App, served: &ServedModel, rows: usize, question: Question) -> Result<(), Problem> {
    if !question.explain {
        return Ok(());
    }
    let of_row = prediction_bytes(&served.model, 1, question) + encode::max_bytes(&served.model, 1, question);
    let most = app.server.limits.body_budget / of_row.max(1);
    if rows <= most {
        return Ok(());
    }
    let detail = format!(
        "Contributions for {rows} rows do not fit the body budget: at most {most} rows of this model may be explained at \
         once"
    );
    Err(Problem::new(ProblemKind::TooManyRows, detail))
}

/// The most bytes that a batch in a body of `length` bytes takes: its shortest cell, an element of a binary tensor or
/// an empty field, takes a byte.
fn max_batch_bytes(length: usize, served: &ServedModel, limits: &Limits) -> usize {
    length.min(limits.max_rows.saturating_mul(served.model.schema().n_features())) * size_of::<f64>()
}

/// What `work` gives, and how long it took.
fn timed<T>(work: impl FnOnce() -> T) -> (T, Duration) {
    let start = Instant::now();
    let done = work();
    (done, start.elapsed())
}

/// Decodes a whole body, and notes in `response` what its answer depends on.
fn decode_body(
    body: &Bytes,
    format: BodyFormat,
    options: &DecodeOptions<'_>,
    response: &mut ResponseFormat,
) -> Result<(Batch, Places), Problem> {
    let Decoded { batch, places, by_inputs } = match (format, response.protocol) {
        (BodyFormat::Json, None) => decode::read(body, options)?,
        (BodyFormat::Json, Some(protocol)) => decode::read_as(protocol, body, options)?,
        (BodyFormat::Csv(header), _) => {
            let (batch, has_header) = csv::read(body, header, options)?;
            response.is_headless = !has_header;
            return Ok((batch, Places::Records(&[])));
        }
        (BodyFormat::Ndjson, _) => {
            let batch = ndjson::read(body, options, &mut ndjson::LinesRead::default())?;
            return Ok((batch.ok_or_else(Problem::no_rows)?, Places::Records(&[])));
        }
        (BodyFormat::Arrow, _) => return Ok((arrow::read(body, options)?, Places::Records(&[]))),
    };
    response.by_inputs = by_inputs;
    Ok((batch, places))
}
