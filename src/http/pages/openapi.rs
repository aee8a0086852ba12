//! `GET /openapi.json`: the document of the models that are served.
//!
//! A wide model's document is megabytes: it is rendered off the request path, once for each change of the models, and a
//! client that has it already gets a 304.

use std::sync::Arc;

use axum::extract::State;
use axum::response::{IntoResponse, Response};
use http::header::{CACHE_CONTROL, CONTENT_TYPE, ETAG, IF_NONE_MATCH};
use http::{HeaderMap, HeaderValue, StatusCode};

use crate::http::app::{App, AppState};
use crate::http::openapi::{Subject, document};
use crate::http::problem::Problem;
use crate::serve::registry::Snapshot;

use super::rendered::Rendered;

/// `GET /openapi.json`.
pub(in crate::http) async fn show(State(app): State<AppState>, headers: HeaderMap) -> Result<Response, Problem> {
    let rendered = current(&app).await?;
    let validators = [(ETAG, rendered.etag.clone()), (CACHE_CONTROL, HeaderValue::from_static("no-cache"))];
    if is_known(&headers, &rendered.etag) {
        return Ok((StatusCode::NOT_MODIFIED, validators).into_response());
    }
    let json = [(CONTENT_TYPE, HeaderValue::from_static("application/json"))];
    Ok((validators, json, rendered.bytes.clone()).into_response())
}

async fn current(app: &AppState) -> Result<Arc<Rendered>, Problem> {
    let models = app.serving.registry.list();
    if let Some(rendered) = app.openapi.get(&models) {
        return Ok(rendered);
    }
    let state = app.clone();
    let render = move || Rendered::new(&document(&subject(&state, &models)), &models);
    let rendered = tokio::task::spawn_blocking(render).await.map_err(|e| Problem::internal(e.to_string()))?;
    let rendered = Arc::new(rendered);
    app.openapi.put(Arc::clone(&rendered));
    Ok(rendered)
}

/// These models, as this server serves them.
fn subject<'a>(app: &App, models: &'a [Snapshot]) -> Subject<'a> {
    Subject {
        models,
        asks_tokens: app.options.tokens.is_some(),
        extra: app.serving.extra_features,
        max_rows: app.serving.limits.max_rows,
        private_metrics: app.options.private_metrics,
        no_ui: app.options.no_ui,
        vertex: app.options.vertex.clone(),
    }
}

/// True when `If-None-Match` lists the tag, weak or strong (RFC 9110 §13.1.2).
fn is_known(headers: &HeaderMap, etag: &HeaderValue) -> bool {
    let listed = |value: &HeaderValue| {
        let mut tags = value.as_bytes().split(|b| *b == b',').map(<[u8]>::trim_ascii);
        tags.any(|tag| tag == b"*" || opaque(tag) == opaque(etag.as_bytes()))
    };
    headers.get_all(IF_NONE_MATCH).iter().any(listed)
}

/// A tag without the mark of a weak one.
fn opaque(tag: &[u8]) -> &[u8] {
    tag.strip_prefix(b"W/").unwrap_or(tag)
}
