//! `GET /livez`, `/healthz`, `/readyz`, `/ping` and `/metrics`: the probes and the metrics.
//!
//! The probes need no model and no memory lease, so they answer in any state and under any load.

use axum::extract::State;
use axum::response::{IntoResponse, Response};
use http::HeaderMap;
use http::header::CONTENT_TYPE;

use crate::http::app::AppState;
use crate::http::leased::shared;
use crate::http::problem::Problem;
use crate::serve::listener::Role;

/// `GET /livez`, `/healthz`: 200 while the runtime makes progress.
pub(in crate::http) async fn live(State(app): State<AppState>) -> Result<Response, Problem> {
    app.check_alive().map(|()| status("{\"status\":\"alive\"}\n"))
}

/// `GET /readyz`, `/ping`: 200 while predictions should be sent here.
pub(in crate::http) async fn ready(State(app): State<AppState>) -> Result<Response, Problem> {
    app.check_ready().map(|()| status("{\"status\":\"ready\"}\n"))
}

/// `GET /metrics`: the Prometheus text exposition. Concurrent scrapes share one rendering. On the main listener with
/// tokens enabled, requests without a token get no bins: their edges are deciles of the training data.
pub(in crate::http) async fn metrics(State(app): State<AppState>, headers: HeaderMap) -> Result<Response, Problem> {
    let tokens = app.options.tokens.as_ref().filter(|_| app.role == Role::Main);
    let with_bins = tokens.is_none_or(|tokens| tokens.are_with(&headers));
    let render = async {
        let exposition = app.server.metrics.exposition(with_bins);
        let lease = app.page_memory.reserve(exposition.max_bytes()).await?;
        let text = exposition.render();
        lease.resize_to(text.capacity()).await?;
        Ok(shared(text.into_bytes(), lease))
    };
    let page = if with_bins { &app.metrics } else { &app.open_metrics };
    let text = page.get(app.page_memory.wait(), render).await?;
    Ok(([(CONTENT_TYPE, "text/plain; version=0.0.4; charset=utf-8")], text).into_response())
}

fn status(body: &'static str) -> Response {
    ([(CONTENT_TYPE, "application/json")], body).into_response()
}
