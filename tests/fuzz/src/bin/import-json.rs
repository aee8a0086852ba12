//! XGBoost's JSON.

#![no_main]

use libfuzzer_sys::{fuzz_mutator, fuzz_target};
use smartserve_fuzz::imported;
use smartserve_fuzz::mutants::{json, mutate};

fuzz_mutator!(|data: &mut [u8], size: usize, max_size: usize, seed: u32| {
    mutate(json::change, data, size, max_size, seed)
});

fuzz_target!(|file: &[u8]| imported::check(file));
