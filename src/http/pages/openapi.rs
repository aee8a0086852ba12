//! `GET /openapi.json`: the document of the models that are served.
//!
//! A wide model's document is megabytes: it is rendered off the request path, once for each change of the models, sent
//! to all from the same bytes, and a client that has it already gets a 304.

use std::io::{self, Write};

use axum::extract::State;
use axum::response::{IntoResponse, Response};
use http::header::{ACCEPT_ENCODING, CACHE_CONTROL, CONTENT_ENCODING, CONTENT_TYPE, ETAG, IF_NONE_MATCH, VARY};
use http::{HeaderMap, HeaderValue, StatusCode};

use crate::http::app::{App, AppState};
use crate::http::compress::accepts_gzip;
use crate::http::openapi::{Document, Subject};
use crate::http::problem::Problem;
use crate::serve::registry::Snapshot;

/// `GET /openapi.json`.
pub(in crate::http) async fn show(State(app): State<AppState>, headers: HeaderMap) -> Result<Response, Problem> {
    let of_models = app.clone();
    let write = move |models: &[Snapshot], out: &mut dyn Write| write(&of_models, models, out);
    let rendered = app.openapi.get(app.server.registry.list(), &app.page_memory, write).await?;
    let validators = [(ETAG, rendered.etag.clone()), (CACHE_CONTROL, HeaderValue::from_static("no-cache"))];
    if is_known(&headers, &rendered.etag) {
        return Ok((StatusCode::NOT_MODIFIED, validators).into_response());
    }
    let json = [(CONTENT_TYPE, HeaderValue::from_static("application/json"))];
    if let (Some(gzipped), true) = (&rendered.gzipped, headers.get(ACCEPT_ENCODING).is_some_and(accepts_gzip)) {
        let encoding = [(CONTENT_ENCODING, "gzip"), (VARY, "accept-encoding")];
        return Ok((validators, json, encoding, gzipped.clone()).into_response());
    }
    Ok((validators, json, rendered.plain.clone()).into_response())
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
