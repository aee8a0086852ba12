//! The program under AWS Lambda: the real binary, behind a Runtime API of the tests' own (`runtime_api`).

mod direct;
#[cfg(feature = "aws")]
mod fake_sqs;
mod http_events;
mod life;
mod panics;
mod queue;
#[cfg(feature = "aws")]
mod replies;
mod requests;
mod runtime_api;

use serde_json::{Value, json};

use crate::support::path;
use runtime_api::Function;

/// A model whose answers are asked for here and by a socket.
fn model() -> String {
    path("tests/fixtures/artifacts/boston-ridge.model").display().to_string()
}

/// A row of it.
fn row() -> Value {
    json!({"CHAS": 0, "RM": 6.575, "TAX": 296, "LSTAT": 4.98})
}

/// A function of that model.
fn function(args: &[&str]) -> Function {
    Function::start(&[&["--model", &model()], args].concat())
}
