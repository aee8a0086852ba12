//! JSON and NDJSON bodies: parsed into a batch and, when they fit, predicted.
//!
//! The first byte chooses the way, the rest is the body.

#![no_main]

use libfuzzer_sys::fuzz_target;
use smartserve_fuzz::forms::{Form, JSON};
use smartserve_fuzz::short::{answer, check_json};

fuzz_target!(|input: &[u8]| {
    let Some((&choice, body)) = input.split_first() else { return };
    let way = JSON[usize::from(choice) % JSON.len()];
    let status = answer(way.form, way.model, body);
    if !matches!(way.form, Form::Lines) {
        check_json(body, status);
    }
});
