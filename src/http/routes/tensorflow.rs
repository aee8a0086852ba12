//! `/v1/models`: `TensorFlow` Serving's REST routes, which are `KServe` v1's too.
//!
//! Their verb is part of the last segment (`boston:predict`), which no route template can express: the handlers check
//! verb and method.

use std::collections::BTreeMap;

use axum::extract::{Request, State};
use axum::response::{IntoResponse, Response};
use http::header::ALLOW;
use http::{Method, StatusCode};
use serde_json::json;

use crate::http::app::{App, AppState};
use crate::http::decode::Protocol;
use crate::http::leased::{self, RequestLease};
use crate::http::path::{ModelName, ModelVersion};
use crate::http::problem::{Problem, ProblemKind};
use crate::http::routes::models::ok_json;
use crate::http::routes::predict::predict_with;
use crate::http::routes::query::RouteAsks;
use crate::serve::registry::{ServedModel, Snapshot};
use crate::text::shorten::shortened;

/// `GET /v1/models`: `KServe`'s list.
pub(in crate::http) async fn list(
    State(app): State<AppState>,
    RequestLease(memory): RequestLease,
) -> Result<Response, Problem> {
    let models = app.server.registry.list();
    let names = models.iter().map(|served| served.name.as_str()).collect::<Vec<_>>();
    leased::json(&memory, &BTreeMap::from([("models", names)])).await
}

/// `GET /v1/models/{name}` and `POST /v1/models/{name}:predict`, and `:explain`.
pub(in crate::http) async fn model(
    State(app): State<AppState>,
    ModelName(last): ModelName,
    request: Request,
) -> Result<Response, Problem> {
    let (name, verb) = Verb::split(&last)?;
    verb.handle(&app, || app.model(name), request).await
}

/// The same of a version: `/v1/models/{name}/versions/{version}` and `…:predict`.
pub(in crate::http) async fn version(
    State(app): State<AppState>,
    ModelVersion { name, version: last }: ModelVersion,
    request: Request,
) -> Result<Response, Problem> {
    let (version, verb) = Verb::split(&last)?;
    verb.handle(&app, || app.model_version(&name, version), request).await
}

/// What a path asks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Verb {
    /// The model's state.
    State,
    /// Predictions.
    Predict,
    /// Predictions and each feature's contribution, as `KServe` has it.
    Explain,
}

impl Verb {
    /// A path's last segment: its name, and what is asked of it.
    fn split(last: &str) -> Result<(&str, Self), Problem> {
        match last.rsplit_once(':') {
            None => Ok((last, Self::State)),
            Some((name, "predict")) => Ok((name, Self::Predict)),
            Some((name, "explain")) => Ok((name, Self::Explain)),
            Some((_, verb)) => {
                Err(not_found(format!("There is no verb {}; there are predict and explain", shortened(verb))))
            }
        }
    }

    fn allowed(self) -> &'static str {
        match self {
            Self::State => "GET, HEAD, OPTIONS",
            Self::Predict | Self::Explain => "POST, OPTIONS",
        }
    }

    async fn handle(
        self,
        app: &AppState,
        snapshot: impl FnOnce() -> Result<Snapshot, Problem>,
        request: Request,
    ) -> Result<Response, Problem> {
        match (self, request.method()) {
            (_, &Method::OPTIONS) => Ok((StatusCode::NO_CONTENT, [(ALLOW, self.allowed())]).into_response()),
            (Self::State, &Method::GET | &Method::HEAD) => Ok(state(app, &*snapshot()?)),
            (Self::Predict | Self::Explain, &Method::POST) => {
                let (head, body) = request.into_parts();
                let route = if self == Self::Explain { RouteAsks::Contributions } else { RouteAsks::Nothing };
                let handled = predict_with(app, snapshot()?, Some(Protocol::TensorFlow), route, &head, body).await?;
                Ok(handled.into_response())
            }
            _ => Err(Problem::method_not_allowed(self.allowed())),
        }
    }
}

/// A model's state: `name` and `ready` for `KServe`, the rest for `TensorFlow` Serving.
fn state(app: &App, served: &ServedModel) -> Response {
    ok_json(&json!({
        "name": served.name,
        "ready": app.is_ready(),
        "model_version_status": [{
            "version": served.model.version(),
            "state": "AVAILABLE",
            "status": { "error_code": "OK", "error_message": "" },
        }],
    }))
}

fn not_found(detail: impl Into<std::borrow::Cow<'static, str>>) -> Problem {
    Problem::new(ProblemKind::NotFound, detail)
}
