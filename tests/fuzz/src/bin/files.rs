//! Tables as files: what they are is told by their bytes. Parquet by its footer and pages, Arrow IPC by its footer or as a
//! stream, CSV and NDJSON, gzip and zstd around them; their first rows, predicted when they fit.
//!
//! The first byte chooses the model, the rest is the file.

#![no_main]

use libfuzzer_sys::fuzz_target;
use smartserve_fuzz::file::read_file;
use smartserve_fuzz::forms::MODELS;

fuzz_target!(|input: &[u8]| {
    let Some((&choice, file)) = input.split_first() else { return };
    read_file(usize::from(choice) % MODELS.len(), file);
});
