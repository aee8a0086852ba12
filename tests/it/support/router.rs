//! A router over small models trained on the spot, asked directly: no socket, no file.

use std::convert::Infallible;
use std::fmt::Write as _;
use std::pin::Pin;
use std::sync::{Arc, OnceLock};
use std::task::{Context, Poll};

use axum::body::{Body, Bytes};
use http::{HeaderMap, Request, StatusCode};
use http_body::Frame;
use http_body_util::BodyExt as _;
use smartserve::config::{ExtraFeatures, Limits};
use smartserve::http::app::Options;
use smartserve::http::router::router;
use smartserve::http::service::Service;
use smartserve::model::Model;
use smartserve::model::algorithm::Algorithm;
use smartserve::serve::ServerState;
use smartserve::serve::listener::Role;
use smartserve::serve::registry::{ServedModel, Snapshot};
use smartserve::table::TableFile;
use smartserve::train::{TrainSpec, train};
use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel};
use tower::ServiceExt as _;

/// Houses by rooms, tax (sometimes missing) and colour; the price steps with the rooms.
fn houses() -> String {
    let mut csv = String::from("RM,TAX,colour,MEDV\n");
    for i in 0..40_u32 {
        let tax = if i % 10 == 3 { String::new() } else { (200 + 10 * i).to_string() };
        let colour = ["blue", "green", "red"][(i / 7 % 3) as usize];
        writeln!(csv, "{}.5,{tax},{colour},{}.25", 3 + i % 6, 10 + 5 * (i % 6)).unwrap();
    }
    csv
}

/// y = 3 x.
fn line() -> String {
    let rows = (1..30).map(|x| format!("{x},{}\n", 3 * x));
    std::iter::once("x,y\n".to_owned()).chain(rows).collect()
}

/// Two classes, told by x.
fn classes() -> String {
    let rows = (0..40).map(|i| format!("{i},{},{}\n", (i * 7) % 5, if i < 20 { "no \"a\"" } else { "yes" }));
    std::iter::once("x,z,kind\n".to_owned()).chain(rows.map(|r| r.replace("no \"a\"", "\"no \"\"a\"\"\""))).collect()
}

/// A model of `csv`, trained on the spot.
pub(crate) fn artifact(name: &str, csv: &str, target: &str, algorithm: Algorithm) -> Vec<u8> {
    let table = TableFile::from_bytes("test.csv", csv.as_bytes().to_vec());
    let mut spec = TrainSpec::new(name, target, algorithm);
    // Unscaled, what is whole is answered whole.
    (spec.folds, spec.test_size, spec.scale) = (Some(2), 0.0, Some(false));
    train(&spec, &table, &()).unwrap().artifact
}

/// `houses` (a tree; the default), `line` (linear) and `kinds` (a forest of classes).
pub(crate) fn artifacts() -> &'static [(&'static str, Vec<u8>)] {
    static ARTIFACTS: OnceLock<Vec<(&str, Vec<u8>)>> = OnceLock::new();
    ARTIFACTS.get_or_init(|| {
        vec![
            ("houses", artifact("houses", &houses(), "MEDV", Algorithm::DecisionTree)),
            ("line", artifact("line", &line(), "y", Algorithm::Linear)),
            ("kinds", artifact("kinds", &classes(), "kind", Algorithm::RandomForest)),
        ]
    })
}

fn models() -> Vec<Snapshot> {
    let load = |(i, (name, bytes)): (usize, &(&str, Vec<u8>))| {
        Arc::new(ServedModel::new(*name, Model::load(bytes).unwrap(), i == 0))
    };
    artifacts().iter().enumerate().map(load).collect()
}

/// Everything a router needs, with the models above.
pub(crate) fn serving(limits: Limits) -> Arc<ServerState> {
    serving_with(limits, ExtraFeatures::Reject)
}

/// The same, where unknown features do something else.
pub(crate) fn serving_with(limits: Limits, extra: ExtraFeatures) -> Arc<ServerState> {
    Arc::new(ServerState::new(models(), limits, extra))
}

/// The same without a model.
pub(crate) fn empty_serving() -> Arc<ServerState> {
    Arc::new(ServerState::new(Vec::new(), Limits::default(), ExtraFeatures::Reject))
}

/// What clients reach, with these limits.
pub(crate) fn public(limits: Limits) -> Service {
    router(serving(limits), Role::Main, Options::default())
}

/// An answer, read to its end.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) status: StatusCode,
    pub(crate) headers: HeaderMap,
    pub(crate) body: Vec<u8>,
}

impl Answer {
    pub(crate) fn text(&self) -> &str {
        std::str::from_utf8(&self.body).unwrap()
    }

    pub(crate) fn json(&self) -> serde_json::Value {
        serde_json::from_slice(&self.body).unwrap_or_else(|e| panic!("{e}: {}", self.text()))
    }

    pub(crate) fn header(&self, name: &str) -> &str {
        self.headers.get(name).map_or("", |value| value.to_str().unwrap())
    }
}

/// Asks a router.
pub(crate) async fn send(router: &Service, request: Request<Body>) -> Answer {
    let response = router.clone().oneshot(request).await.unwrap();
    let (head, body) = response.into_parts();
    Answer { status: head.status, headers: head.headers, body: body.collect().await.unwrap().to_bytes().to_vec() }
}

/// A request with a Host and a body.
pub(crate) fn request(method: &str, target: &str, body: impl Into<Body>) -> Request<Body> {
    Request::builder().method(method).uri(target).header("host", "localhost").body(body.into()).unwrap()
}

pub(crate) async fn get(router: &Service, target: &str) -> Answer {
    send(router, request("GET", target, Body::empty())).await
}

pub(crate) async fn post(router: &Service, target: &str, body: impl Into<Body>) -> Answer {
    send(router, request("POST", target, body)).await
}

/// A body whose length nobody told: what is sent, as it is sent, until the sender is dropped.
pub(crate) fn streamed() -> (UnboundedSender<Vec<u8>>, Body) {
    let (sender, receiver) = unbounded_channel();
    (sender, Body::new(Streamed(receiver)))
}

struct Streamed(UnboundedReceiver<Vec<u8>>);

impl http_body::Body for Streamed {
    type Data = Bytes;
    type Error = Infallible;

    fn poll_frame(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, Infallible>>> {
        self.0.poll_recv(cx).map(|piece| piece.map(|piece| Ok(Frame::data(piece.into()))))
    }
}
