//! CSV bodies, parsed into a batch and, when they fit, predicted; and CSV files as `train` reads them.
//!
//! The first byte chooses the way, the rest is the text.

#![no_main]

use libfuzzer_sys::fuzz_target;
use smartserve::table::TableFile;
use smartserve_fuzz::bounded;
use smartserve_fuzz::forms::CSV;
use smartserve_fuzz::short::answer;

fuzz_target!(|input: &[u8]| {
    let Some((&choice, text)) = input.split_first() else { return };
    match CSV.get(usize::from(choice) % (CSV.len() + 1)) {
        Some(way) => drop(answer(way.form, way.model, text)),
        None => scan(text),
    }
});

/// A whole table: its columns are found out.
fn scan(text: &[u8]) {
    bounded((1 << 20) + 64 * text.len(), || {
        if let Ok(scan) = TableFile::from_bytes("table.csv", text.to_vec()).scan() {
            assert!(scan.n_rows() <= text.len());
        }
    });
}
