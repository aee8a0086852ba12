//! `GET /openapi.json`: the document's bytes, made once for the models that are served.
//!
//! Stands apart because a wide model's document is megabytes: it is made off the request path, once a change of models,
//! and a client that has it already is told so.

use std::sync::{Arc, Weak};

use arc_swap::ArcSwapOption;
use axum::body::Bytes;
use axum::extract::State;
use axum::response::{IntoResponse, Response};
use http::header::{CACHE_CONTROL, CONTENT_TYPE, ETAG, IF_NONE_MATCH};
use http::{HeaderMap, HeaderValue, StatusCode};
use sha2::{Digest as _, Sha256};

use crate::http::app::{App, AppState};
use crate::http::problem::Problem;
use crate::serve::registry::{ServedModel, Snapshot};

use super::{Subject, document};

/// The document made last.
#[derive(Debug, Default)]
pub struct Cache(ArcSwapOption<Rendered>);

/// A document's bytes.
#[derive(Debug)]
struct Rendered {
    /// The models it is about: as long as these are served it holds. It keeps none of them in memory.
    models: Vec<Weak<ServedModel>>,
    bytes: Bytes,
    /// Weak: the answer may be gzipped on its way out.
    etag: HeaderValue,
}

impl Rendered {
    fn of(app: &App, models: &[Snapshot]) -> Result<Self, Problem> {
        let document = document(&Subject::served_by(app, models));
        let failed = |cause: String| Problem::internal(format!("the OpenAPI document cannot be written: {cause}"));
        let bytes = serde_json::to_vec(&document).map_err(|e| failed(e.to_string()))?;
        let hash = Sha256::digest(&bytes).iter().take(8).fold(0_u64, |hash, byte| hash << 8 | u64::from(*byte));
        let etag = HeaderValue::try_from(format!("W/\"{hash:016x}\"")).map_err(|e| failed(e.to_string()))?;
        Ok(Self { models: models.iter().map(Arc::downgrade).collect(), bytes: bytes.into(), etag })
    }

    fn is_about(&self, models: &[Snapshot]) -> bool {
        self.models.len() == models.len()
            && self.models.iter().zip(models).all(|(a, b)| Weak::as_ptr(a) == Arc::as_ptr(b))
    }
}

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
    if let Some(rendered) = app.openapi.0.load_full().filter(|rendered| rendered.is_about(&models)) {
        return Ok(rendered);
    }
    let state = app.clone();
    let made = tokio::task::spawn_blocking(move || Rendered::of(&state, &models)).await;
    let rendered = Arc::new(made.map_err(|e| Problem::internal(e.to_string()))??);
    app.openapi.0.store(Some(Arc::clone(&rendered)));
    Ok(rendered)
}

/// Does `If-None-Match` list the tag, weak or strong (RFC 9110 §13.1.2)?
fn is_known(headers: &HeaderMap, etag: &HeaderValue) -> bool {
    let listed = |value: &HeaderValue| {
        let mut tags = value.as_bytes().split(|b| *b == b',').map(<[u8]>::trim_ascii);
        tags.any(|tag| tag == b"*" || opaque(tag) == opaque(etag.as_bytes()))
    };
    headers.get_all(IF_NONE_MATCH).iter().any(listed)
}

/// A tag without what makes it a weak one.
fn opaque(tag: &[u8]) -> &[u8] {
    tag.strip_prefix(b"W/").unwrap_or(tag)
}
