//! Asks the router, and judges what it answers.

use std::cell::RefCell;
use std::io::Read as _;

use axum::body::Body;
use flate2::read::GzDecoder;
use http::Request;
use serde_json::Value;
use smartserve::config::Limits;
use smartserve::http::app::Options;
use smartserve::http::router::router;
use smartserve::http::service::Service;
use smartserve::model::compiled::Scratch;
use smartserve::serve::listener::Role;
use smartserve::serve::registry::Snapshot;
use tokio::runtime::Runtime;

use crate::bounded;
use crate::forms::{Form, MODELS};
use crate::router::{Answer, send, serving};
use crate::short::{self, BASE, MAX_ROWS, TIMES};

/// Bytes that a body may inflate to.
const MAX_BODY: usize = 64 << 10;

thread_local! {
    static SERVER: RefCell<Server> = RefCell::new(Server::start());
}

struct Server {
    runtime: Runtime,
    router: Service,
    models: [Snapshot; 3],
    scratch: Scratch,
}

impl Server {
    fn start() -> Self {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
        let limits = Limits { max_rows: MAX_ROWS, max_body_bytes: MAX_BODY, compute_threads: 1, ..Limits::default() };
        let server = runtime.block_on(async { serving(limits) });
        let models = MODELS.map(|name| server.registry.get(name).expect("it is served"));
        let router = router(server, Role::Main, Options::default());
        Self { runtime, router, models, scratch: Scratch::default() }
    }
}

/// Gives the status that the short way finds for a body, with the same models.
pub fn by_the_short_way(form: Form, model: usize, body: &[u8]) -> u16 {
    SERVER.with_borrow_mut(|Server { models, scratch, .. }| {
        short::answer_with(form, &models[model].model, MODELS[model], body, scratch)
    })
}

/// Asks the router and checks what any client may expect of the answer: a status of the contract, a body that is what
/// its type says, errors in the envelope.
///
/// # Panics
/// When the answer is not what a client may expect.
pub fn ask(request: Request<Body>, bytes: usize) -> u16 {
    SERVER.with_borrow(|Server { runtime, router, .. }| {
        let mut answer = bounded(BASE + TIMES * bytes, || runtime.block_on(send(router, request)));
        if answer.header("content-encoding") == "gzip" {
            let mut inflated = Vec::new();
            GzDecoder::new(answer.body.as_slice()).read_to_end(&mut inflated).expect("gzip");
            answer.body = inflated;
        }
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
