//! Arrow bodies: the framing, arrow-ipc behind it, and the rows, predicted when they fit. Memory stays below what a
//! request reserves for such a body.
//!
//! The first byte chooses the model, the rest is the stream.

#![no_main]

use libfuzzer_sys::fuzz_target;
use smartserve_fuzz::forms::{Form, MODELS};
use smartserve_fuzz::short::answer;

fuzz_target!(|input: &[u8]| {
    let Some((&choice, body)) = input.split_first() else { return };
    answer(Form::Arrow, usize::from(choice) % MODELS.len(), body);
});
