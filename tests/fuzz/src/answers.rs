//! Answers bodies, by the short way and by the router, and judges what is answered.

use std::cell::RefCell;

use axum::Router;
use axum::body::Body;
use http::Request;
use serde::de::IgnoredAny;
use serde_json::Value;
use smartserve::config::Limits;
use smartserve::http::app::{Options, Side};
use smartserve::http::router::router;
use smartserve::model::compiled::Scratch;
use smartserve::serve::registry::Snapshot;
use tokio::runtime::Runtime;

use crate::bounded;
use crate::http_support::{Answer, send, serving};
use crate::short::{self, Form};

/// What a request may take in memory over its body's bytes.
const TIMES: usize = 64;

/// What any request may take: an answer of a few rows, an envelope of 20 errors, a block of rows.
const BASE: usize = 2 << 20;

/// Rows that a request may have: few, so that inputs of a few kilobytes reach the limit.
pub const MAX_ROWS: usize = 64;

/// Bytes that a body may inflate to.
const MAX_BODY: usize = 64 << 10;

/// Models by name.
pub const MODELS: [&str; 3] = ["houses", "kinds", "line"];

thread_local! {
    static SERVER: RefCell<Server> = RefCell::new(Server::start());
}

struct Server {
    runtime: Runtime,
    router: Router,
    models: [Snapshot; 3],
    scratch: Scratch,
}

impl Server {
    fn start() -> Self {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
        let limits = Limits { max_rows: MAX_ROWS, max_body_bytes: MAX_BODY, compute_threads: 1, ..Limits::default() };
        let serving = runtime.block_on(async { serving(limits) });
        let models = MODELS.map(|name| serving.registry.get(name).expect("it is served"));
        let router = router(serving, Side::Public, Options::default());
        Self { runtime, router, models, scratch: Scratch::default() }
    }
}

/// Answers a body by the short way; gives the status that it deserves.
///
/// # Panics
/// When anything is wrong with the answer.
pub fn answer(form: Form, model: usize, body: &[u8]) -> u16 {
    SERVER.with_borrow_mut(|server| {
        let Server { models, scratch, .. } = server;
        bounded(BASE + TIMES * body.len(), || short::answer(form, &models[model], body, scratch))
    })
}

/// Asks the router and checks what any client may expect of the answer: a status of the contract, a body that is what
/// its type says, errors in the envelope.
///
/// # Panics
/// When the answer is not what a client may expect.
pub fn ask(request: Request<Body>, bytes: usize) -> u16 {
    SERVER.with_borrow(|Server { runtime, router, .. }| {
        let answer = bounded(BASE + TIMES * bytes, || runtime.block_on(send(router, request)));
        let status = answer.status.as_u16();
        assert!([200, 400, 413, 415, 422].contains(&status), "{status}: {}", answer.text());
        match answer.header("content-type") {
            "application/json" => drop(answer.json()),
            "application/problem+json" => check_envelope(&answer),
            _ => assert_eq!(status, 200),
        }
        status
    })
}

fn check_envelope(answer: &Answer) {
    let envelope = answer.json();
    assert_eq!(envelope["status"], Value::from(answer.status.as_u16()));
    assert_eq!(envelope["error"], envelope["detail"]);
    assert!(envelope["errors"].as_array().is_none_or(|errors| errors.len() <= 20), "{envelope}");
}

/// Another parser's opinion: what is not JSON to it must not have been read as JSON.
///
/// # Panics
/// When it was.
pub fn check_json(body: &[u8], status: u16) {
    // Too many rows end the reading before the end of the text.
    if let Err(error) = serde_json::from_slice::<IgnoredAny>(body) {
        assert!(matches!(status, 400 | 413), "{error}: {status}");
    }
}
