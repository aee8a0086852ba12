//! `GET /openapi.json`: the document of the models that are served.
//!
//! A wide model's document is megabytes: it is rendered off the request path, once for each change of the models, sent
//! to all from the same bytes, and a client that has it already gets a 304.

use std::io::{self, Write};

use axum::extract::State;
use axum::response::Response;
use http::HeaderMap;

use crate::http::app::{App, AppState};
use crate::http::openapi::{Document, Subject};
use crate::http::problem::Problem;
use crate::serve::registry::Snapshot;

use super::kept;

/// `GET /openapi.json`.
pub(in crate::http) async fn show(State(app): State<AppState>, headers: HeaderMap) -> Result<Response, Problem> {
    let of_models = app.clone();
    let write = move |models: &[Snapshot], out: &mut dyn Write| write(&of_models, models, out);
    let rendered = app.openapi.get(app.server.registry.list(), &app.page_memory, write).await?;
    let (etag, plain, gzipped) = (&rendered.etag, &rendered.plain, rendered.gzipped.as_ref());
    Ok(kept::answer(&headers, kept::ASK_AGAIN, etag, "application/json", plain, gzipped))
}

/// Writes the document of these models, as this server serves them.
pub(super) fn write(app: &App, models: &[Snapshot], out: &mut dyn Write) -> io::Result<()> {
    serde_json::to_writer(&mut *out, &Document::new(&subject(app, models)))?;
    out.write_all(b"\n")
}

/// These models, as this server serves them.
fn subject<'a>(app: &App, models: &'a [Snapshot]) -> Subject<'a> {
    Subject {
        models,
        asks_tokens: app.options.tokens.is_some(),
        extra: app.server.extra_features,
        max_rows: app.server.limits.max_rows,
        private_metrics: app.options.private_metrics,
        on_lambda: app.options.on_lambda,
        no_ui: app.options.no_ui,
        vertex: app.options.vertex.clone(),
    }
}
