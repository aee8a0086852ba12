//! Models of other libraries: files that are read, written as artifacts, loaded and asked.
//!
//! The input is the file. What is accepted must be answered by the kernels as by the plain walk that made its golden rows.

#![no_main]

use libfuzzer_sys::{fuzz_mutator, fuzz_target};
use smartserve::import::{self, FileFormat, ImportOptions, OneFile};
use smartserve::model::Model;
use smartserve::model::compiled::Scratch;
use smartserve_fuzz::{bounded, words};

/// What reading a file of the smallest size may take in memory.
const BASE: usize = 2 << 20;

/// What a model may take over its file's bytes while it is checked, written, loaded and asked.
const TIMES: usize = 100;

/// What reading may take over a file's bytes: of text, JSON and UBJSON, which are read as streams, and of objects.
fn times(file: &[u8]) -> usize {
    match FileFormat::of(file) {
        Some(FileFormat::Pickle | FileFormat::Zip) => 64,
        _ => 6,
    }
}

fuzz_mutator!(|data: &mut [u8], size: usize, max_size: usize, seed: u32| { words::mutate(data, size, max_size, seed) });

fuzz_target!(|file: &[u8]| {
    let options = ImportOptions::default();
    let source = OneFile { bytes: file };
    let imported = bounded(BASE + times(file) * file.len(), || import::read(&source, &options));
    let Ok(imported) = imported else { return };
    bounded(8 * BASE + TIMES * file.len(), || {
        let Ok(artifact) = import::artifact(imported, &options) else { return };
        // Reading checks all that loading does.
        let model = Model::load(&artifact).expect("what import writes is loaded");
        assert!(model.check_golden().is_ok(), "the kernels answer otherwise than the plain walk");
        let _ = model.predict(model.golden_batch(), &mut Scratch::default());
    });
});
