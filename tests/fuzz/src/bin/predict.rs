//! JSON and NDJSON bodies: parsed into a batch and, when they fit, predicted and encoded.
//!
//! The first byte chooses the route and the type, the rest is the body. Where its high bits are all set, the body goes
//! by the router too.

#![no_main]

use axum::body::Body;
use http::Request;
use libfuzzer_sys::fuzz_target;
use smartserve::http::predict::dialect::Protocol;
use smartserve_fuzz::answers::{answer, ask, check_json};
use smartserve_fuzz::short::Form;

/// Path, model, type, form.
const ROUTES: [(&str, usize, &str, Form); 8] = [
    ("/predict", 0, "application/json", Form::Json),
    ("/models/kinds/predict", 1, "application/json", Form::Json),
    ("/models/line/predict", 2, "application/json", Form::Json),
    ("/v1/models/houses:predict", 0, "application/json", Form::Of(Protocol::TensorFlow)),
    ("/v1/models/kinds:predict", 1, "application/json", Form::Of(Protocol::TensorFlow)),
    ("/invocations", 0, "application/json", Form::Of(Protocol::Mlflow)),
    ("/predict", 0, "application/x-ndjson", Form::Lines),
    ("/models/kinds/predict", 1, "application/x-ndjson", Form::Lines),
];

fuzz_target!(|input: &[u8]| {
    let Some((&choice, body)) = input.split_first() else { return };
    let (route, model, kind, form) = ROUTES[usize::from(choice & 7)];
    let status = answer(form, model, body);
    if kind == "application/json" {
        check_json(body, status);
    }
    if choice < 0xF0 {
        return;
    }
    let request = Request::post(route).header("host", "localhost").header("content-type", kind);
    let is_compressed = choice & 8 != 0;
    let request = if is_compressed { request.header("content-encoding", "gzip") } else { request };
    let asked = ask(request.body(Body::from(body.to_vec())).expect("a valid request"), body.len());
    // The router refuses an empty body before anybody reads it, and a stream has begun to answer before it fails.
    assert!(is_compressed || body.is_empty() || kind != "application/json" || asked == status, "{asked}, not {status}");
});
