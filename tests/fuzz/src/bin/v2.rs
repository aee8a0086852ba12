//! Open Inference Protocol bodies, JSON and binary tensors.
//!
//! The first byte chooses the model and the form, the rest is the body; of a binary one, two bytes before it are the
//! length of its JSON. Where the first byte's high bits are all set, the body goes by the router too.

#![no_main]

use axum::body::Body;
use http::Request;
use libfuzzer_sys::fuzz_target;
use smartserve_fuzz::answers::{MODELS, answer, ask, check_json};
use smartserve_fuzz::short::Form;

fuzz_target!(|input: &[u8]| {
    let Some((&choice, rest)) = input.split_first() else { return };
    let model = usize::from(choice & 3) % MODELS.len();
    let (length, body) = match rest {
        [low, high, body @ ..] if choice & 4 != 0 => (Some(usize::from(u16::from_le_bytes([*low, *high]))), body),
        body => (None, body),
    };
    let status = answer(Form::V2(length), model, body);
    if length.is_none_or(|length| length <= body.len()) {
        check_json(&body[..length.unwrap_or(body.len())], status);
    }
    if choice < 0xF0 {
        return;
    }
    let request = Request::post(format!("/v2/models/{}/infer", MODELS[model])).header("host", "localhost");
    let request = match length {
        Some(length) => {
            request.header("content-type", "application/octet-stream").header("inference-header-content-length", length)
        }
        None => request,
    };
    let asked = ask(request.body(Body::from(body.to_vec())).expect("a valid request"), body.len());
    assert_eq!(asked == 200, status == 200, "{asked}, {status}");
});
