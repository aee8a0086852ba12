//! `POST /predict` and `POST /models/{name}/predict`: rows in, answers out.
//!
//! The steps of one prediction, in the order of the house: snapshot, query and media type, body, batch, computation,
//! answer. Each step is a file or a neighbour's method; here they are only put in order.

pub(super) mod body;
pub(super) mod content;
mod csv;
pub mod dialect;
pub(super) mod query;

use std::time::Instant;

use axum::extract::{Request, State};
use axum::response::Response;

use crate::serve::registry::Snapshot;

use super::app::{App, AppState};
use super::encode;
use super::middleware::Work;
use super::models::{NameOf, name_of};
use super::problem::{Kind, Problem};
use content::Format;
use dialect::Rules;

/// `POST /predict`: asks the default model.
pub(super) async fn predict_default(State(app): State<AppState>, request: Request) -> Result<Response, Problem> {
    let snapshot = app.default_model()?;
    predict(&app, &snapshot, request).await
}

/// `POST /models/{name}/predict`: asks the model of that name.
pub(super) async fn predict_named(
    State(app): State<AppState>,
    name: NameOf,
    request: Request,
) -> Result<Response, Problem> {
    let snapshot = app.model(&name_of(name)?)?;
    predict(&app, &snapshot, request).await
}

async fn predict(app: &App, snapshot: &Snapshot, request: Request) -> Result<Response, Problem> {
    let (head, body) = request.into_parts();
    query::check(&head.uri)?;
    let format = content::format(&head.headers)?;
    let received = body::read(app, &head, body).await?;
    let start = Instant::now();
    let rules = rules(app, snapshot);
    let batch = match format {
        Format::Json => dialect::read(received.bytes(), &rules)?,
        Format::Csv(header) => csv::read(received.bytes(), header, &rules)?,
    };
    let (rows, parse) = (batch.n_rows(), start.elapsed());
    drop(received);
    let (prediction, predict) = app.serving.compute.predict(snapshot, batch).await?;
    let start = Instant::now();
    let bytes = encode::prediction(snapshot, &prediction);
    Ok(encode::respond(bytes, Work { rows, parse, predict, encode: start.elapsed() }))
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

/// A media type that is not read here.
pub(super) fn unsupported_media(detail: impl Into<String>) -> Problem {
    Problem::new(Kind::MediaType, detail.into())
}
