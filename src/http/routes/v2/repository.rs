//! `POST /v2/repository/index`, `/v2/repository/models/{name}/load` and `…/unload`: the repository extension.
//!
//! Load and unload need the admin listener, or a token.

use std::fmt;
use std::marker::PhantomData;
use std::time::Instant;

use axum::extract::{Request, State};
use axum::response::Response;
use serde::de::value::MapAccessDeserializer;
use serde::de::{MapAccess, Visitor};
use serde::{Deserialize, Deserializer, Serialize};
use serde_json::json;

use crate::http::app::{App, AppState};
use crate::http::body;
use crate::http::leased;
use crate::http::path::ModelName;
use crate::http::problem::{FieldError, Problem, ProblemKind};
use crate::http::routes::models::ok_json;
use crate::serve::listener::RequestContext;
use crate::serve::reload::Wish;
use crate::text::shorten::cut;

/// A model in the index, where all are ready.
#[derive(Serialize)]
struct Entry<'a> {
    name: &'a str,
    version: &'a str,
    state: &'static str,
    reason: &'static str,
}

fn entry<'a>(name: &'a str, version: &'a str) -> Entry<'a> {
    Entry { name, version, state: "READY", reason: "" }
}

/// The body of an index request.
#[derive(Default, Deserialize)]
struct IndexRequest {
    /// Only models that are ready. All that are listed are.
    #[serde(rename = "ready")]
    _ready: Option<bool>,
}

/// Any object: the body of an unload request.
#[derive(Default, Deserialize)]
struct AnyObject {}

/// The body of a load request.
#[derive(Default, Deserialize)]
struct LoadRequest {
    parameters: Option<JsonObject<LoadParameters>>,
}

/// Others would override the file, and are refused.
#[derive(Default, Deserialize)]
#[serde(deny_unknown_fields)]
struct LoadParameters {
    /// A version to go back to; without it, the file's.
    version: Option<String>,
}

/// `POST /v2/repository/index`: every model that is served.
pub(in crate::http) async fn index(State(app): State<AppState>, request: Request) -> Result<Response, Problem> {
    let memory = RequestContext::of(request.extensions()).memory.clone();
    let _: IndexRequest = asked(&app, request).await?;
    let models = app.server.registry.list();
    let index: Vec<_> = models.iter().map(|served| entry(&served.name, served.model.version())).collect();
    leased::json(&memory, &index).await
}

/// `POST /v2/repository/models/{name}/load`: serves what the model's file holds now, or the version asked for.
pub(in crate::http) async fn load(
    State(app): State<AppState>,
    ModelName(name): ModelName,
    request: Request,
) -> Result<Response, Problem> {
    let asked: LoadRequest = asked(&app, request).await?;
    let version = asked.parameters.and_then(|JsonObject(parameters)| parameters.version);
    let deadline = Instant::now() + app.server.limits.compute_timeout;
    let done = app.server.changes.reload(Wish { name, version }, deadline).await?;
    Ok(ok_json(&entry(&done.name, &done.version)))
}

/// `POST /v2/repository/models/{name}/unload`: serves the model no longer; the default one stays.
pub(in crate::http) async fn unload(
    State(app): State<AppState>,
    ModelName(name): ModelName,
    request: Request,
) -> Result<Response, Problem> {
    let _: AnyObject = asked(&app, request).await?;
    app.server.changes.unload(name).await?;
    Ok(ok_json(&json!({})))
}

/// `load` and `unload` on a listener without tokens.
pub(in crate::http) async fn forbidden() -> Problem {
    let detail = "Loading and unloading need a token (serve --token-file) or the admin listener (serve --admin-bind)";
    Problem::new(ProblemKind::Forbidden, detail)
}

/// Bytes of a body at most: the longest that is asked for has a version of 12.
const MAX_BODY: usize = 4 << 10;

/// The body, which may be empty.
async fn asked<T: Default + for<'de> Deserialize<'de>>(app: &App, request: Request) -> Result<T, Problem> {
    let (head, body) = request.into_parts();
    let body = body::read_at_most(app, &head, body, MAX_BODY).await?;
    if body.is_empty() {
        return Ok(T::default());
    }
    let read = serde_json::from_slice(&body).map(|JsonObject(asked)| asked);
    read.map_err(|error| refuse(&error))
}

/// The content of a JSON object; serde alone would accept an array too.
struct JsonObject<T>(T);

impl<'de, T: Deserialize<'de>> Deserialize<'de> for JsonObject<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct ObjectVisitor<T>(PhantomData<T>);
        impl<'de, T: Deserialize<'de>> Visitor<'de> for ObjectVisitor<T> {
            type Value = JsonObject<T>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an object")
            }

            fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<Self::Value, A::Error> {
                T::deserialize(MapAccessDeserializer::new(map)).map(JsonObject)
            }
        }
        deserializer.deserialize_map(ObjectVisitor(PhantomData))
    }
}

/// 400 for what is not JSON, 422 for what is and does not fit.
fn refuse(error: &serde_json::Error) -> Problem {
    if error.is_data() {
        let error = FieldError { pointer: String::new(), detail: cut(&error.to_string()) };
        return Problem::schema(vec![error], false);
    }
    Problem::new(ProblemKind::Syntax, format!("The body is not JSON: {}", cut(&error.to_string())))
}
