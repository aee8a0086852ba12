//! `POST /invocations` for `MLflow` and `SageMaker`, Vertex AI's prediction route, and `GET /version`.
//!
//! They ask the default model.

use axum::extract::{Request, State};
use axum::response::{IntoResponse, Response};
use http::header::CONTENT_TYPE;

use crate::http::app::AppState;
use crate::http::decode::Protocol;
use crate::http::handler_output::HandlerOutput;
use crate::http::problem::Problem;
use crate::http::routes::predict::predict_with;
use crate::http::routes::query::RouteAsks;

/// `POST /invocations`: `MLflow`'s JSON forms, and CSV and NDJSON, with headers or without.
pub(in crate::http) async fn invoke(State(app): State<AppState>, request: Request) -> Result<HandlerOutput, Problem> {
    let snapshot = app.default_model()?;
    let (head, body) = request.into_parts();
    predict_with(&app, snapshot, Some(Protocol::Mlflow), RouteAsks::Nothing, &head, body).await
}

/// Vertex AI's prediction route.
pub(in crate::http) async fn vertex(State(app): State<AppState>, request: Request) -> Result<HandlerOutput, Problem> {
    let snapshot = app.default_model()?;
    let (head, body) = request.into_parts();
    predict_with(&app, snapshot, Some(Protocol::Vertex), RouteAsks::Nothing, &head, body).await
}

/// `GET /version`: ours, as text; `MLflow`'s client asks.
pub(in crate::http) async fn version() -> Response {
    ([(CONTENT_TYPE, "text/plain; charset=utf-8")], env!("CARGO_PKG_VERSION")).into_response()
}
