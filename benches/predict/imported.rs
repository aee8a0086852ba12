//! Models of other libraries against the libraries themselves, and against what compiles such models: `make bench-import`.
//! The libraries fit the models and answer in a Python process (`imported.py`) that is asked in turns with ours.

use std::hint::black_box;
use std::path::Path;

use serde_json::Value;
use smartserve::import::{Answers, ImportOptions};
use smartserve::model::Model;
use smartserve::model::batch::Batch;
use smartserve::model::compiled::Scratch;
use smartserve::model::prediction::Prediction;
use smartserve::serve::loader;
use smartserve::table::{Head, RowReader};

use crate::peers::Peers;
use crate::time::{Stopwatch, quick};

/// Turns of both sides.
const ROUNDS: usize = 7;

/// Rows that are asked one by one.
const SINGLES: usize = 1_000;

/// Prints the tables.
pub(crate) fn compare(python: &str) {
    let mut peers = Peers::start(python, "imported.py");
    println!("CPU time of one thread, the least of {ROUNDS} in turns; µs a row; ratios are theirs / ours\n");
    println!(
        "| model | library | answers | rows: theirs | ours | ratio | at least | one row: theirs | ours | ratio | at least |"
    );
    println!("|---|---|---|---|---|---|---|---|---|---|---|");
    for model in ["small", "large"] {
        let told: Value = serde_json::from_str(&peers.ask(&format!("fit\t{model}\t{}", quick()))).unwrap();
        for fitted in told["fitted"].as_array().unwrap() {
            lines(&mut peers, &told, fitted);
        }
    }
    load(&mut peers);
    peers.end();
}

/// A line for each library that answers for a model.
fn lines(peers: &mut Peers, told: &Value, fitted: &Value) {
    let text = |value: &Value| value.as_str().unwrap().to_owned();
    let options = ImportOptions { answers: Answers::Library, ..ImportOptions::default() };
    let model = loader::load(Path::new(fitted["file"].as_str().unwrap()), &options).unwrap();
    let batch = batch(Path::new(fitted["rows"].as_str().unwrap()), &model);
    let scratch = &mut Scratch::default();
    let Prediction::Regression { values: ours, .. } = model.predict(&batch, scratch).unwrap() else { panic!() };
    for peer in fitted["peers"].as_array().unwrap() {
        let name = text(&peer["name"]);
        let answers = std::fs::read(peers.ask(&format!("answers\t{name}"))).unwrap();
        let same = same(&answers, &ours);
        let many = turns(peers, &format!("time\t{name}\tmany"), || {
            drop(black_box(model.predict_rows(&batch, 0..batch.n_rows(), scratch)));
        });
        let scratch = &mut Scratch::default();
        let n = SINGLES.min(batch.n_rows());
        let one = turns(peers, &format!("time\t{name}\tone"), || {
            for row in 0..n {
                drop(black_box(model.predict_rows(&batch, row..row + 1, scratch)));
            }
        });
        let bar = |key: &str| peer[key].as_f64();
        let many = side(many, batch.n_rows(), bar("many"));
        let one = side(one, n, bar("one"));
        println!("| {} | {} | {same} | {many} | {one} |", text(&told["name"]), text(&peer["called"]));
    }
}

/// The cells of one comparison: µs a row, theirs and ours, their ratio, and what it has to be.
fn side((theirs, ours): (f64, f64), n_rows: usize, bar: Option<f64>) -> String {
    let ours = ours * 1e6 / n_rows as f64;
    let theirs = theirs * 1e6;
    let ratio = theirs / ours;
    let bar = bar.map_or_else(String::new, |bar| format!("{bar}{}", if ratio < bar { ": **missed**" } else { "" }));
    format!("{theirs:.3} | {ours:.3} | {ratio:.1} | {bar}")
}

/// The least times of both sides in turns: theirs a row, ours of a call.
fn turns(peers: &mut Peers, ask: &str, mut ours: impl FnMut()) -> (f64, f64) {
    let mut least = (f64::MAX, f64::MAX);
    for _ in 0..ROUNDS {
        least.0 = least.0.min(peers.ask(ask).parse().unwrap());
        least.1 = least.1.min(Stopwatch::least(&mut ours));
    }
    least
}

/// How the answers agree with the library's.
fn same(theirs: &[u8], ours: &[f64]) -> String {
    let theirs: Vec<f64> = theirs.as_chunks::<8>().0.iter().map(|bytes| f64::from_le_bytes(*bytes)).collect();
    assert_eq!(theirs.len(), ours.len());
    if theirs == ours {
        return "the same bits".to_owned();
    }
    let apart = theirs.iter().zip(ours).map(|(a, b)| ((a - b) / b).abs()).fold(0.0, f64::max);
    format!("{apart:.0e} apart")
}

/// Rows of a CSV file.
fn batch(path: &Path, model: &Model) -> Batch {
    let file = std::fs::File::open(path).unwrap();
    let mut rows = RowReader::new(file, "rows.csv", model.schema(), Head::Present).unwrap();
    rows.next_chunk(1_000_000).unwrap().unwrap()
}

/// From a file of some 10 MB to a verified model.
fn load(peers: &mut Peers) {
    let told: Value = serde_json::from_str(&peers.ask("document")).unwrap();
    let path = Path::new(told["file"].as_str().unwrap());
    let options = ImportOptions::default();
    let seconds = Stopwatch::least(|| drop(black_box(loader::load(path, &options).unwrap())));
    let bytes = std::fs::metadata(path).unwrap().len();
    let (ms, megabytes) = (seconds * 1e3, bytes as f64 / 1e6);
    println!("\nXGBoost's JSON of {megabytes:.1} MB, {} trees: loaded in {ms:.0} ms", told["trees"]);
}
