//! Compiled predictors against smartcore's own `predict`, and how fast they load.
//!
//! `cargo bench --bench predict` takes some two minutes on a busy machine. `BENCH_QUICK=1` takes ten seconds: 2,000 rows
//! for 10,000, fewer repetitions, and nothing on the synthetic data. `BENCH_ONLY=forest` runs the lines whose name holds
//! that word. `BENCH_PEERS=PYTHON` measures against other libraries instead (`make bench-peers`),
//! `BENCH_IMPORT=PYTHON` their models against themselves (`make bench-import`).
//!
//! How to read it: times are CPU time of the one thread that works, in microseconds a row, the least of several runs
//! that alternate between the two sides; trust the ratios (smartcore / ours), not the times, when the machine is busy.
//! - `1 row`: calls with one row each, all rows distinct, smartcore's matrices made beforehand;
//! - `10,000 rows`: one call with 10,000 distinct rows;
//! - `cold`: one row after 64 MiB of other memory were read, the median of such calls;
//! - `load`: decoding an estimator section into the compiled form; `bytes` of the section, and of the compiled form,
//!   which is compared with 16 bytes a node;
//! - `rows/s`: `smartserve predict` from a CSV file to another;
//! - `MB/s`: reading a CSV for training, both passes;
//! - `counting for drift`: what the server's counters cost besides.
#![expect(clippy::pedantic, clippy::print_stdout, clippy::unwrap_used, reason = "a benchmark")]

mod counting;
mod data;
#[path = "../../tests/it/support/estimator.rs"]
mod estimator;
mod imported;
mod imported_trees;
mod peers;
#[path = "../../tests/it/support/random.rs"]
mod random;
mod reading;
mod reasons;
mod scoring;
mod time;

use std::hint::black_box;

use data::{Case, Data};
use smartserve::model::algorithm::Algorithm;
use smartserve::model::compiled::Scratch;
use smartserve::model::smartcore::Matrix;
use time::{Stopwatch, quick};

fn main() {
    if let Ok(python) = std::env::var("BENCH_PEERS") {
        return peers::compare(&python);
    }
    if let Ok(python) = std::env::var("BENCH_IMPORT") {
        return imported::compare(&python);
    }
    println!("CPU time in µs a row; ratios are smartcore / ours\n");
    println!(
        "{:<44} {:>9} {:>9} {:>6}   {:>9} {:>9} {:>6}   {:>9} {:>9} {:>6}",
        "", "1 row", "ours", "ratio", "10k rows", "ours", "ratio", "cold", "ours", "ratio"
    );
    let boston = data::boston();
    let iris = data::iris();
    let wide = data::synthetic();
    for algorithm in Algorithm::ALL {
        if algorithm.does_regression() {
            predict(&boston, |data| data::regression(algorithm, data));
            predict(&wide, |data| data::regression(algorithm, data));
        }
        if algorithm.does_classification() {
            predict(&iris, |data| data::classification(algorithm, data));
        }
    }
    let digits = data::digits();
    for (data, vote) in [(&iris, true), (&iris, false), (&digits, true), (&digits, false)] {
        predict(data, |data| data::trained_forest(data, vote));
    }
    imported_trees::walk();
    load(&boston);
    scoring::score(&boston);
    reading::read();
    reading::read_parquet();
    reasons::explain();
    counting::count();
    if !quick() {
        dot_product(&wide);
    }
}

/// One line of the first table.
fn predict(data: &Data, case: impl Fn(&Data) -> Option<Case>) {
    let Some(case) = case(data) else { return };
    let p = data.n_columns;
    let n = if quick() { 2_000 } else { 10_000 };
    let rows = data.mixed(n);
    let matrix = Matrix::new(n, p, rows.clone(), false).unwrap();
    // Enough rows to be distinct for branch predictors; few, where smartcore takes 0.2 ms for each.
    let singles: Vec<Matrix> =
        rows.chunks(p).take(1_000).map(|row| Matrix::new(1, p, row.to_vec(), false).unwrap()).collect();
    let scratch = &mut Scratch::default();
    let (theirs_one, ours_one) = Stopwatch::compare(
        || singles.iter().for_each(|row| drop(black_box(case.estimator.predict(row)))),
        || rows.chunks(p).take(1_000).for_each(|row| drop(black_box(case.predictor.predict(row, 0, scratch)))),
    );
    let (theirs_batch, ours_batch) = Stopwatch::compare(
        || drop(black_box(case.estimator.predict(&matrix))),
        || drop(black_box(case.predictor.predict(&rows, 0, scratch))),
    );
    let mut at = (0..singles.len()).cycle();
    let (theirs_cold, ours_cold) = Stopwatch::compare_cold(|ours| {
        let i = at.next().unwrap();
        if ours {
            drop(black_box(case.predictor.predict(&rows[i * p..(i + 1) * p], 0, scratch)));
        } else {
            drop(black_box(case.estimator.predict(&singles[i])));
        }
    });
    let single = |t: f64| t * 1e6 / singles.len() as f64;
    let batch = |t: f64| t * 1e6 / n as f64;
    println!(
        "{:<44} {:>9.3} {:>9.3} {:>6.1}   {:>9.3} {:>9.3} {:>6.1}   {:>9.1} {:>9.1} {:>6.1}",
        case.name,
        single(theirs_one),
        single(ours_one),
        theirs_one / ours_one,
        batch(theirs_batch),
        batch(ours_batch),
        theirs_batch / ours_batch,
        theirs_cold * 1e6,
        ours_cold * 1e6,
        theirs_cold / ours_cold,
    );
}

/// Load times of forests.
fn load(boston: &Data) {
    println!("\n{:<44} {:>9} {:>12} {:>12} {:>9} {:>6}", "", "load, ms", "section, B", "resident, B", "nodes", "flat");
    let forests = [100, 500].map(|trees| data::forest(boston, trees));
    let others = [Algorithm::ExtraTrees, Algorithm::GradientBoosting].map(|of| data::regression(of, boston));
    let all = forests.into_iter().chain(others).chain([data::large_forest()]);
    for case in all.flatten() {
        let seconds = Stopwatch::least(|| drop(black_box(case.decode())));
        let (section, resident) = (case.section.len(), case.predictor.forest_bytes().unwrap());
        let (nodes, ms) = (case.n_nodes(), seconds * 1e3);
        let of_flat = resident as f64 / (16 * nodes) as f64;
        println!("{:<44} {ms:>9.2} {section:>12} {resident:>12} {nodes:>9} {of_flat:>6.2}", case.name);
    }
}

/// A linear model against bare sums of products on the same rows: rows in the caches, and rows that memory has to bring.
/// The bare sums are added in an order that the processor likes, eight side by side; ours is smartcore's.
fn dot_product(data: &Data) {
    let Some(case) = data::regression(Algorithm::Linear, data) else { return };
    let p = data.n_columns;
    let weights: Vec<f64> = (0..p).map(|i| i as f64 + 0.5).collect();
    println!();
    for n in [10_000, 1_000_000] {
        let rows = data.mixed(n);
        let mut sums = vec![0.0; n];
        let scratch = &mut Scratch::default();
        let (bare, ours) = Stopwatch::compare(
            || {
                for (sum, row) in sums.iter_mut().zip(rows.chunks_exact(p)) {
                    *sum = dot(row, &weights);
                }
                black_box(&mut sums);
            },
            || drop(black_box(case.predictor.predict(&rows, 0, scratch))),
        );
        let gigabytes = |seconds: f64| rows.len() as f64 * 8e-9 / seconds;
        println!(
            "linear, {p} columns, {n} rows: {:.4} µs a row, {:.1} GB/s; the bare dot product {:.4}, {:.1}: {:.2} times as long",
            ours * 1e6 / n as f64,
            gigabytes(ours),
            bare * 1e6 / n as f64,
            gigabytes(bare),
            ours / bare
        );
    }
}

/// The sum of products, in any order.
fn dot(row: &[f64], weights: &[f64]) -> f64 {
    let (rows, row_rest) = row.as_chunks::<8>();
    let (factors, rest) = weights.as_chunks::<8>();
    let mut sums = [0.0; 8];
    for (cells, factors) in rows.iter().zip(factors) {
        for ((sum, x), w) in sums.iter_mut().zip(cells).zip(factors) {
            *sum += x * w;
        }
    }
    sums.iter().sum::<f64>() + row_rest.iter().zip(rest).map(|(x, w)| x * w).sum::<f64>()
}
