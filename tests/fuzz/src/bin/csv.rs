//! CSV bodies, and CSV files as `train` reads them.
//!
//! The first byte chooses the route and what the type says, the rest is the text. Where its high bits are all set, the
//! text goes by the router too.

#![no_main]

use axum::body::Body;
use http::Request;
use libfuzzer_sys::fuzz_target;
use smartserve::table::{Head, TableFile};
use smartserve_fuzz::answers::{answer, ask};
use smartserve_fuzz::bounded;
use smartserve_fuzz::short::Form;

/// Path, model, type, first line.
const ROUTES: [(&str, usize, &str, Head); 7] = [
    ("/predict", 0, "text/csv", Head::Guess),
    ("/predict", 0, "text/csv; header=absent", Head::Absent),
    ("/models/kinds/predict", 1, "text/csv; header=present", Head::Present),
    ("/models/kinds/predict", 1, "text/csv", Head::Guess),
    ("/invocations", 0, "text/csv; charset=utf-8", Head::Guess),
    ("/models/line/predict", 2, "text/csv", Head::Guess),
    ("/models/line/predict", 2, "text/csv; header=absent", Head::Absent),
];

fuzz_target!(|input: &[u8]| {
    let Some((&choice, text)) = input.split_first() else { return };
    let Some((route, model, kind, head)) = ROUTES.get(usize::from(choice & 7)) else { return scan(text) };
    let status = answer(Form::Csv(*head), *model, text);
    if choice < 0xF0 {
        return;
    }
    // Half of them want CSV back.
    let accept = if choice & 8 == 0 { "*/*" } else { "text/csv" };
    let request =
        Request::post(*route).header("host", "localhost").header("content-type", *kind).header("accept", accept);
    let asked = ask(request.body(Body::from(text.to_vec())).expect("a valid request"), text.len());
    assert_eq!(asked == 200, status == 200, "{asked}, {status}");
});

/// A whole table: its columns are found out.
fn scan(text: &[u8]) {
    bounded((1 << 20) + 64 * text.len(), || {
        if let Ok(scan) = TableFile::from_bytes("table.csv", text.to_vec()).scan() {
            assert!(scan.n_rows() <= text.len());
        }
    });
}
