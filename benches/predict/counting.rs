//! What counting for drift costs a row of six columns: each value's cell, and the end of a window every 1,000 rows.

use std::hint::black_box;
use std::time::Duration;

use smartserve::model::Model;
use smartserve::model::algorithm::Algorithm;
use smartserve::model::batch::Batch;
use smartserve::model::prediction::Prediction;
use smartserve::serve::metrics::Metrics;
use smartserve::table::TableFile;
use smartserve::train::{TrainSpec, train};

use crate::time::{Stopwatch, quick, wanted};

/// Features of the model.
const COLUMNS: usize = 6;

/// A line for requests of one row and one for a large one.
pub(crate) fn count() {
    if !wanted("counting for drift") {
        return;
    }
    let value = |row: usize, column: usize| ((row * 7919 + column * 104_729) % 9_973) as f64 / 100.0;
    let line = |row| (0..COLUMNS).fold(String::new(), |line, column| format!("{line}{},", value(row, column)));
    let head: String = (0..COLUMNS).map(|column| format!("x{column},")).collect();
    let table = (0..2_000).fold(format!("{head}y\n"), |text, row| format!("{text}{}{}\n", line(row), value(row, 1)));
    let spec = TrainSpec { folds: Some(0), test_size: 0.0, ..TrainSpec::new("m", "y", Algorithm::Linear) };
    let trained = train(&spec, &TableFile::from_bytes("t.csv", table.into_bytes()), &()).unwrap();
    let model = Model::load(&trained.artifact).unwrap();
    let metrics = Metrics::new();
    let drift = metrics.watch("m", &model);
    let n = if quick() { 2_000 } else { 10_000 };
    let cells: Vec<f64> = (0..n).flat_map(|row| (0..COLUMNS).map(move |column| value(row * 3 + 1, column))).collect();
    let batch = Batch::from_rows(model.schema(), cells.clone()).unwrap();
    let answer = Prediction::Regression { values: vec![50.0], n_outputs: 1 };
    let all = Prediction::Regression { values: vec![50.0; n], n_outputs: 1 };
    let singles = Stopwatch::least(|| (0..n).for_each(|row| drift.saw_rows(black_box(&batch), row..row + 1)));
    let answered = Stopwatch::least(|| (0..n).for_each(|_| drift.answered(black_box(&answer), Duration::ZERO)));
    let batches = Stopwatch::least(|| {
        drift.saw_rows(black_box(&batch), 0..n);
        drift.answered(black_box(&all), Duration::ZERO);
    });
    let micros = |seconds: f64| seconds * 1e6 / n as f64;
    println!(
        "\ncounting for drift, {COLUMNS} columns, µs a row: one row at a time {:.3}, and {:.3} for its prediction; {n} rows {:.3}",
        micros(singles),
        micros(answered),
        micros(batches)
    );
}
