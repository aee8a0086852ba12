//! Bodies of every form through the router: layers, body, parser, admission, prediction, encoder, envelope.
//!
//! The first byte chooses the way, the second what its headers say besides, the rest is the body as the other targets
//! have it.

#![no_main]

use axum::body::Body;
use http::Request;
use libfuzzer_sys::fuzz_target;
use smartserve_fuzz::answers::{ask, by_the_short_way};
use smartserve_fuzz::forms::{CSV, Form, JSON, V2, Way, with_length};

/// The body says that it is compressed.
const GZIP: u8 = 1;
/// The answer is wanted as CSV.
const TO_CSV: u8 = 2;
/// The answer is wanted compressed.
const TO_GZIP: u8 = 4;
/// Tensors: a part is binary.
const BINARY: u8 = 8;

fuzz_target!(|input: &[u8]| {
    let [choice, headers, rest @ ..] = input else { return };
    let ways: Vec<&Way> = JSON.iter().chain(&CSV).chain(&V2).collect();
    let way = ways[usize::from(*choice) % ways.len()];
    let has = |header: u8| headers & header != 0;
    let (form, body) = match way.form {
        Form::V2(_) if has(BINARY) => with_length(rest),
        form => (form, rest),
    };
    let mut request = Request::post(way.path).header("host", "localhost");
    request = match form {
        Form::V2(Some(length)) => {
            request.header("content-type", "application/octet-stream").header("inference-header-content-length", length)
        }
        _ => request.header("content-type", way.kind),
    };
    if has(GZIP) {
        request = request.header("content-encoding", "gzip");
    }
    if has(TO_CSV) && !matches!(form, Form::V2(_)) {
        request = request.header("accept", "text/csv");
    }
    if has(TO_GZIP) {
        request = request.header("accept-encoding", "gzip");
    }
    let asked = ask(request.body(Body::from(body.to_vec())).expect("a valid request"), body.len());
    // A stream has begun to answer before it fails; a compressed body is another one to the short way.
    if !has(GZIP) && !matches!(form, Form::Lines) {
        assert_eq!(asked == 200, by_the_short_way(form, way.model, body) == 200, "{asked}");
    }
});
