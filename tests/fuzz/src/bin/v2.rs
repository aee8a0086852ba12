//! Open Inference Protocol bodies, JSON and binary tensors: parsed into a batch and, when they fit, predicted.
//!
//! The first byte chooses the model and the form, the rest is the body; of a binary one, two bytes before it are the
//! length of its JSON.

#![no_main]

use libfuzzer_sys::fuzz_target;
use smartserve_fuzz::forms::{Form, V2, with_length};
use smartserve_fuzz::short::{answer, check_json};

fuzz_target!(|input: &[u8]| {
    let Some((&choice, rest)) = input.split_first() else { return };
    let way = V2[usize::from(choice & 3) % V2.len()];
    let (form, body) = if choice & 4 == 0 { (way.form, rest) } else { with_length(rest) };
    let status = answer(form, way.model, body);
    match form {
        Form::V2(Some(length)) if length <= body.len() => check_json(&body[..length], status),
        Form::V2(None) => check_json(body, status),
        _ => {}
    }
});
