//! `POST /predict`, `POST /models/{name}/predict`, and the prediction behind other protocols' routes.
//!
//! The steps: snapshot, query and media type, body, batch, computation, answer.

use std::sync::Arc;
use std::time::{Duration, Instant};

use axum::extract::{Request, State};
use http::request::Parts;

use crate::model::batch::Batch;
use crate::model::prediction::Prediction;
use crate::serve::admission::MemoryLease;
use crate::serve::registry::{ServedModel, Snapshot};

use crate::http::answer::{Handled, Timings};
use crate::http::app::{App, AppState};
use crate::http::body;
use crate::http::decode::{self, DecodeOptions, Protocol, csv, ndjson};
use crate::http::encode::{self, ResponseFormat};
use crate::http::media::{Accepted, BodyFormat};
use crate::http::path::ModelName;
use crate::http::problem::Problem;

use super::{query, stream};

/// `POST /predict`: asks the default model.
pub(in crate::http) async fn predict_default(app: &AppState, request: Request) -> Result<Handled, Problem> {
    let snapshot = app.default_model()?;
    predict(app, snapshot, None, request).await
}

/// `POST /models/{name}/predict`: asks the model of that name.
pub(in crate::http) async fn predict_named(
    State(app): State<AppState>,
    ModelName(name): ModelName,
    request: Request,
) -> Result<Handled, Problem> {
    let snapshot = app.model(&name)?;
    predict(&app, snapshot, None, request).await
}

/// Answers one request; in the words of `protocol` when it came by one of its routes.
pub(in crate::http) async fn predict(
    app: &AppState,
    snapshot: Snapshot,
    protocol: Option<Protocol>,
    request: Request,
) -> Result<Handled, Problem> {
    let (head, body) = request.into_parts();
    query::check(&head.uri)?;
    let format = BodyFormat::of(&head.headers)?;
    let accepted = Accepted::of(&head.headers, format);
    if stream::is_wanted(app, &head.headers, &body, format, accepted) {
        // Boxed, as all that is seldom, so that the future of what is asked most is small.
        return Box::pin(stream::answer(app, snapshot, &head, body)).await.map(Handled::from);
    }
    let mut received = body::read(app, &head, body).await?;
    received.room_for_batch(snapshot.model.schema(), &app.serving.limits).await?;
    let response = ResponseFormat { accepted, protocol, is_headless: false, by_inputs: false };
    let (length, state, asked) = (received.bytes().len(), app.clone(), Arc::clone(&snapshot));
    let read = move || Read::new(received, format, &decode_options(&state, &asked), response);
    let Read { permit, response, batch, parse } = app.serving.compute.read(length, read).await??;
    let write = move |served: &ServedModel, prediction: &Prediction| response.write(served, prediction);
    let (written, timings) = compute(app, &head, snapshot, Parsed { permit, batch, parse }, write).await?;
    Ok(Handled { response: encode::respond(written), timings: Some(timings) })
}

/// Rows that are known to fit, with the room that their body was given.
pub(in crate::http) struct Parsed {
    /// The body's share of the budget.
    pub(in crate::http) permit: MemoryLease,
    /// The rows.
    pub(in crate::http) batch: Batch,
    /// How long reading them took.
    pub(in crate::http) parse: Duration,
}

/// From a batch to what `write` makes of its prediction, in whosever words: the room for each is taken before it is made,
/// and kept until the answer is with the kernel.
///
/// # Errors
/// 503: no room, or no permit to compute, within the admission wait. 504: it took too long. 500: the model failed.
pub(in crate::http) async fn compute<T: Send + 'static>(
    app: &App,
    head: &Parts,
    snapshot: Snapshot,
    parsed: Parsed,
    write: impl FnOnce(&ServedModel, &Prediction) -> T + Send + 'static,
) -> Result<(T, Timings), Problem> {
    let Parsed { mut permit, batch, parse } = parsed;
    let rows = batch.n_rows();
    let room = body::hold(&mut permit, &batch, snapshot.model.schema()).await?;
    let compute = &app.serving.compute;
    let (prediction, predict, permit) = compute.predict_within(permit, &snapshot, batch).await?;
    let write = move || {
        let start = Instant::now();
        (write(&snapshot, &prediction), start.elapsed(), permit)
    };
    let (written, encode, permit) = compute.write(room, write).await?;
    body::hold_until_written(head, permit);
    Ok((written, Timings { rows, parse, predict, encode }))
}

/// What a body became.
struct Read {
    permit: MemoryLease,
    response: ResponseFormat,
    batch: Batch,
    /// How long it took.
    parse: Duration,
}

impl Read {
    fn new(
        received: body::ReceivedBody,
        format: BodyFormat,
        options: &DecodeOptions<'_>,
        mut response: ResponseFormat,
    ) -> Result<Self, Problem> {
        let start = Instant::now();
        let batch = parse(received.bytes(), format, options, &mut response)?;
        let parse = start.elapsed();
        Ok(Self { permit: received.into_permit(), response, batch, parse })
    }
}

/// From a whole body to a batch; notes what the answer depends on.
fn parse(
    body: &[u8],
    format: BodyFormat,
    options: &DecodeOptions<'_>,
    response: &mut ResponseFormat,
) -> Result<Batch, Problem> {
    let batch = match (format, response.protocol) {
        (BodyFormat::Json, None) => decode::read(body, options)?,
        (BodyFormat::Json, Some(protocol)) => {
            let (batch, by_inputs) = decode::read_as(protocol, body, options)?;
            response.by_inputs = by_inputs;
            batch
        }
        (BodyFormat::Csv(header), _) => {
            let (batch, has_header) = csv::read(body, header, options)?;
            response.is_headless = !has_header;
            batch
        }
        (BodyFormat::Ndjson, _) => {
            ndjson::read(body, options, &mut ndjson::LinesRead::default())?.ok_or_else(Problem::no_rows)?
        }
    };
    Ok(batch)
}

/// What a body for this model is judged by.
pub(in crate::http) fn decode_options<'s>(app: &App, snapshot: &'s Snapshot) -> DecodeOptions<'s> {
    DecodeOptions {
        schema: snapshot.model.schema(),
        model: &snapshot.name,
        max_rows: app.serving.limits.max_rows,
        extra: app.serving.extra_features,
    }
}
