//! The one list of layers, from the outermost to the innermost.
//!
//! Stands apart from `router` because every route, known or not, passes all of them in this order, and the order is
//! what makes refusals countable and readable.

mod gate;
mod observe;
mod settle;

use std::any::Any;
use std::sync::Arc;

use axum::Router;
use axum::middleware::from_fn_with_state;
use axum::response::{IntoResponse, Response};
use tower_http::catch_panic::CatchPanicLayer;

use crate::serve::metrics::Metrics;

use super::app::AppState;
use super::problem::Problem;

pub(super) use gate::too_large;
pub(super) use observe::Work;

/// Puts the layers around all routes. Read from the bottom up: the last one added is the outermost.
pub(super) fn layers(routes: Router<AppState>, app: &AppState) -> Router<AppState> {
    routes
        // 4. Refusals that need nothing but the head: target and head too long, Host, method, token, declared length.
        //    Innermost, so that they are answered, counted, logged and readable like any other answer.
        .layer(from_fn_with_state(app.clone(), gate::gate))
        // 3. A panic below becomes a 500. Within 1 and 2, so that it is counted and its body read to the end.
        .layer(CatchPanicLayer::custom({
            let metrics = Arc::clone(&app.serving.metrics);
            move |panic: Box<dyn Any + Send>| panicked(&metrics, &*panic)
        }))
        // 2. What is left of a refused body is read, within bounds, before the answer goes out: a client that is
        //    still sending would otherwise see a broken pipe instead of the refusal. Within 1: it is part of answering.
        .layer(from_fn_with_state(app.clone(), settle::settle))
        // 1. Request id, in-flight gauge, duration, the envelope of errors, the log line. Outermost, so that every
        //    request that is answered is seen, whoever answered it.
        .layer(from_fn_with_state(app.clone(), observe::observe))
}

fn panicked(metrics: &Metrics, panic: &(dyn Any + Send)) -> Response {
    metrics.panicked();
    let text = panic.downcast_ref::<&str>().copied().or_else(|| panic.downcast_ref::<String>().map(String::as_str));
    Problem::internal(format!("a handler panicked: {}", text.unwrap_or("no text"))).into_response()
}
