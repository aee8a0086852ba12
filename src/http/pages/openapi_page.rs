//! `GET /openapi.json`.
//!
//! A wide model's document is megabytes: it is rendered off the request path, once for each change of the models, sent
//! to all from the same bytes, and a client that has it already gets a 304.

use std::io::Write;

use axum::extract::State;
use axum::response::Response;
use http::HeaderMap;

use crate::http::app::AppState;
use crate::http::problem::Problem;
use crate::serve::registry::Snapshot;

use super::openapi::write;
use super::{kept, room};

/// `GET /openapi.json`.
pub(in crate::http) async fn show(State(app): State<AppState>, headers: HeaderMap) -> Result<Response, Problem> {
    room::follow(&app);
    let of_models = app.clone();
    let write = move |models: &[Snapshot], out: &mut dyn Write| write(&of_models, models, out);
    let rendered = app.openapi.get(app.server.registry.list(), &app.page_memory, write).await?;
    let (etag, plain, gzipped) = (&rendered.etag, &rendered.plain, rendered.gzipped.as_ref());
    Ok(kept::answer(&headers, kept::ASK_AGAIN, etag, "application/json", plain, gzipped))
}
