//! `POST /v2/repository/index`, `/v2/repository/models/{name}/load` and `…/unload`: the repository extension.
//!
//! Stands apart because these are an operator's routes: the admin listener has them, and clients get to change what is
//! served only with a token.

use axum::extract::{Request, State};
use axum::response::Response;
use serde::{Deserialize, Serialize};

use crate::http::app::{App, AppState};
use crate::http::models::{NameOf, json, name_of};
use crate::http::predict::body;
use crate::http::problem::{FieldError, Kind, Problem};
use crate::serve::registry::Snapshot;

/// A model in the index.
#[derive(Serialize)]
struct Entry<'a> {
    name: &'a str,
    version: &'a str,
    state: &'static str,
    reason: &'static str,
}

impl<'a> Entry<'a> {
    fn of(served: &'a Snapshot) -> Self {
        Self { name: &served.name, version: served.model.version(), state: "READY", reason: "" }
    }
}

/// What the index may be asked for.
#[derive(Default, Deserialize)]
struct Index {
    /// Only models that are ready. All that are listed are.
    #[serde(rename = "ready")]
    _ready: Option<bool>,
}

/// What a load may be asked for.
#[derive(Default, Deserialize)]
struct Load {
    parameters: Option<LoadParameters>,
}

#[derive(Default, Deserialize)]
struct LoadParameters {
    /// A version to go back to; the file's when absent.
    version: Option<String>,
}

/// `POST /v2/repository/index`: every model that is served.
pub(in crate::http) async fn index(State(app): State<AppState>, request: Request) -> Result<Response, Problem> {
    let _: Index = asked(&app, request).await?;
    let models = app.serving.registry.list();
    Ok(json(&models.iter().map(Entry::of).collect::<Vec<_>>()))
}

/// `POST /v2/repository/models/{name}/load`: looks at the model's file again.
pub(in crate::http) async fn load(
    State(app): State<AppState>,
    name: NameOf,
    request: Request,
) -> Result<Response, Problem> {
    let served = app.model(&name_of(name)?)?;
    let asked: Load = asked(&app, request).await?;
    let version = asked.parameters.and_then(|parameters| parameters.version);
    reload(&served, version.as_deref())
}

/// `POST /v2/repository/models/{name}/unload`.
pub(in crate::http) async fn unload(State(app): State<AppState>, name: NameOf) -> Result<Response, Problem> {
    let served = app.model(&name_of(name)?)?;
    let detail = format!("{} cannot be unloaded: models leave when the server ends", served.name);
    Err(Problem::new(Kind::Unsupported, detail))
}

/// `load` and `unload` where anybody could ask.
pub(in crate::http) async fn forbidden() -> Problem {
    let detail = "Loading and unloading need a token (serve --token-file) or the admin listener (serve --admin-bind)";
    Problem::new(Kind::Forbidden, detail)
}

/// Where a running server would take another version in.
fn reload(served: &Snapshot, version: Option<&str>) -> Result<Response, Problem> {
    let current = served.model.version();
    if version == Some(current) {
        return Ok(json(&serde_json::json!({})));
    }
    let detail = format!("{} stays in version {current}: models are read when the server starts", served.name);
    Err(Problem::new(Kind::Unsupported, detail))
}

/// The body, which may be empty.
async fn asked<T: Default + for<'de> Deserialize<'de>>(app: &App, request: Request) -> Result<T, Problem> {
    let (head, body) = request.into_parts();
    let received = body::read_any(app, &head, body).await?;
    if received.bytes().trim_ascii().is_empty() {
        return Ok(T::default());
    }
    serde_json::from_slice(received.bytes()).map_err(|error| refuse(&error))
}

/// 400 for what is not JSON, 422 for what is and does not fit.
fn refuse(error: &serde_json::Error) -> Problem {
    if error.is_data() {
        let error = FieldError { pointer: String::new(), detail: error.to_string() };
        return Problem::schema(vec![error], false);
    }
    Problem::new(Kind::Syntax, format!("The body is not JSON: {error}"))
}
