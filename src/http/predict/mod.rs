//! Rows in, answers out: `POST /predict`, `POST /models/{name}/predict`, and what stands behind other protocols' routes.
//!
//! The steps of one prediction, in the order of the house: snapshot, query and media type, body, batch, computation,
//! answer. Each step is a file or a neighbour's method; here they are only put in order.

mod accept;
pub(super) mod body;
pub(super) mod content;
mod csv;
pub mod dialect;
mod flow;
mod inflate;
mod pace;
mod pieces;
pub(super) mod query;
mod reply;
mod stream;
mod turn;

use std::sync::Arc;
use std::time::{Duration, Instant};

use axum::extract::{Request, State};
use http::request::Parts;

use crate::model::batch::Batch;
use crate::model::prediction::Prediction;
use crate::serve::admission::BodyPermit;
use crate::serve::registry::{Served, Snapshot};

use super::app::{App, AppState};
use super::encode;
use super::middleware::{Answered, Work};
use super::models::{NameOf, name_of};
use super::problem::{FieldError, Kind, Problem};
use content::Format;
use dialect::{Protocol, Rules, lines};
use reply::Reply;

pub(super) use stream::announces as announces_stream;

/// `POST /predict`, by axum's way: registers the route, whose OPTIONS and 405 are axum's; the layers answer POST by
/// [`default`].
pub(super) async fn predict_default(State(app): State<AppState>, request: Request) -> Result<Answered, Problem> {
    default(&app, request).await
}

/// `POST /predict`: asks the default model.
pub(super) async fn default(app: &AppState, request: Request) -> Result<Answered, Problem> {
    let snapshot = app.default_model()?;
    predict(app, snapshot, None, request).await
}

/// `POST /models/{name}/predict`: asks the model of that name.
pub(super) async fn predict_named(
    State(app): State<AppState>,
    name: NameOf,
    request: Request,
) -> Result<Answered, Problem> {
    let snapshot = app.model(&name_of(name)?)?;
    predict(&app, snapshot, None, request).await
}

/// Answers one request; in the words of `protocol` when it came by one of its routes.
pub(super) async fn predict(
    app: &AppState,
    snapshot: Snapshot,
    protocol: Option<Protocol>,
    request: Request,
) -> Result<Answered, Problem> {
    let (head, body) = request.into_parts();
    query::check(&head.uri)?;
    let format = content::format(&head.headers)?;
    let wanted = accept::wanted(&head.headers, format);
    if stream::is_wanted(app, &head.headers, &body, format, wanted) {
        // Boxed, as all that is seldom, so that the future of what is asked most is small.
        return Box::pin(stream::answer(app, snapshot, &head, body)).await.map(Answered::from);
    }
    let mut received = body::read(app, &head, body).await?;
    received.room_for_batch(snapshot.model.schema(), &app.serving.limits).await?;
    let reply = Reply { wanted, protocol, is_headless: false, by_inputs: false };
    let (length, state, asked) = (received.bytes().len(), app.clone(), Arc::clone(&snapshot));
    let read = move || Read::new(received, format, &rules(&state, &asked), reply);
    let Read { permit, reply, batch, parse } = app.serving.compute.read(length, read).await??;
    let write = move |served: &Served, prediction: &Prediction| reply.write(served, prediction);
    let (written, work) = compute(app, &head, snapshot, Parsed { permit, batch, parse }, write).await?;
    Ok(Answered { response: encode::respond(written), work: Some(work) })
}

/// Rows that are known to fit, with the room that their body was given.
pub(super) struct Parsed {
    /// The body's share of the budget.
    pub(super) permit: BodyPermit,
    /// The rows.
    pub(super) batch: Batch,
    /// How long reading them took.
    pub(super) parse: Duration,
}

/// From a batch to what `write` makes of its prediction, in whosever words: the room for each is taken before it is made,
/// and kept until the answer is with the kernel.
///
/// # Errors
/// 503: no room, or no permit to compute, within the admission wait. 504: it took too long. 500: the model failed.
pub(super) async fn compute<T: Send + 'static>(
    app: &App,
    head: &Parts,
    snapshot: Snapshot,
    parsed: Parsed,
    write: impl FnOnce(&Served, &Prediction) -> T + Send + 'static,
) -> Result<(T, Work), Problem> {
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
    Ok((written, Work { rows, parse, predict, encode }))
}

/// What a body became.
struct Read {
    permit: BodyPermit,
    reply: Reply,
    batch: Batch,
    /// How long it took.
    parse: Duration,
}

impl Read {
    fn new(received: body::Received, format: Format, rules: &Rules<'_>, mut reply: Reply) -> Result<Self, Problem> {
        let start = Instant::now();
        let batch = parse(received.bytes(), format, rules, &mut reply)?;
        let parse = start.elapsed();
        Ok(Self { permit: received.into_permit(), reply, batch, parse })
    }
}

/// From a whole body to a batch; notes what the answer depends on.
fn parse(body: &[u8], format: Format, rules: &Rules<'_>, reply: &mut Reply) -> Result<Batch, Problem> {
    let batch = match (format, reply.protocol) {
        (Format::Json, None) => dialect::read(body, rules)?,
        (Format::Json, Some(protocol)) => {
            let (batch, by_inputs) = dialect::read_as(protocol, body, rules)?;
            reply.by_inputs = by_inputs;
            batch
        }
        (Format::Csv(header), _) => {
            let (batch, has_header) = csv::read(body, header, rules)?;
            reply.is_headless = !has_header;
            batch
        }
        (Format::Lines, _) => lines::read(body, rules, &mut lines::Progress::default())?.ok_or_else(no_rows)?,
    };
    Ok(batch)
}

/// What a body for this model is judged by.
pub(super) fn rules<'s>(app: &App, snapshot: &'s Snapshot) -> Rules<'s> {
    Rules {
        schema: snapshot.model.schema(),
        model: &snapshot.name,
        max_rows: app.serving.limits.max_rows,
        extra: app.serving.extra_features,
    }
}

/// A body that is only blank lines.
fn no_rows() -> Problem {
    Problem::schema(vec![FieldError { pointer: String::new(), detail: "no rows".to_owned() }], false)
}

/// A media type or an encoding that is not read here.
pub(super) fn unsupported_media(detail: impl Into<String>) -> Problem {
    Problem::new(Kind::MediaType, detail.into())
}
