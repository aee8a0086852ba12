//! Artifacts, entered behind the hash: a fuzzer that had to guess a SHA-256 would test a comparison.
//!
//! The first byte chooses what the rest replaces: a section of a sound artifact (most of all its estimator), its head, or
//! the whole file.

#![no_main]

use libfuzzer_sys::fuzz_target;
use smartserve::model::Model;
use smartserve::model::compiled::Scratch;
use smartserve_fuzz::{bounded, models, seeds};

/// What a model may take in memory over its file's bytes, while it is read and asked.
const TIMES: usize = 40;

/// What any model may take: buffers for a block of rows, the golden rows, error texts.
const BASE: usize = 2 << 20;

fuzz_target!(init: seeds::when_asked(), |input: &[u8]| {
    let templates = models::all();
    let Some((&choice, rest)) = input.split_first() else { return };
    let template = &templates[usize::from(choice) % templates.len()];
    let file = match usize::from(choice) / templates.len() {
        0..=7 => template.with_section(0, rest),
        8 => template.with_section(template.sections.len() / 2, rest),
        9 => template.with_section(template.sections.len() - 1, rest),
        10..=14 => template.with_head(rest),
        _ => models::sealed(rest),
    };
    bounded(BASE + TIMES * file.len(), || {
        // What is accepted must answer; that it answers as the file says is not the fuzzer's to bring about.
        if let Ok(model) = Model::load(&file) {
            let _ = model.check_golden();
            let _ = model.predict(model.golden_batch(), &mut Scratch::default());
            assert!(model.version().len() == 12);
        }
    });
});
