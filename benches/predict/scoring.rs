//! `smartserve predict`: rows of a CSV file scored in a second of processor time, reading and writing included.

use std::fmt::Write;
use std::path::{Path, PathBuf};

use smartserve::cli::{OnError, PredictArgs, SourceArgs, TableArgs};
use smartserve::commands::predict;
use smartserve::model::algorithm::Algorithm;
use smartserve::table::TableFile;
use smartserve::train::{TrainSpec, train};

use crate::data::Data;
use crate::time::{Stopwatch, wanted};

/// Rows of the file.
const ROWS: usize = 50_000;

/// One line for each algorithm.
pub(crate) fn score(data: &Data) {
    println!("\n{:<44} {:>9}", "CSV file", "rows/s");
    for algorithm in [Algorithm::Linear, Algorithm::RandomForest, Algorithm::GradientBoosting] {
        let name = format!("CSV, {algorithm}, {}", data.name());
        if !wanted(&name) {
            continue;
        }
        let names: Vec<String> = (0..data.n_columns).map(|i| format!("x{i}")).collect();
        let known = data.cells().chunks(data.n_columns).zip(data.targets());
        let lines = known.map(|(row, y)| format!("{},{y}", joined(row)));
        let table = format!("{},y\n{}\n", names.join(","), lines.collect::<Vec<_>>().join("\n"));
        let spec = TrainSpec { folds: Some(0), test_size: 0.0, ..TrainSpec::new("m", "y", algorithm) };
        let trained = train(&spec, &TableFile::from_bytes("t.csv", table.into_bytes()), &()).unwrap();
        let args = PredictArgs {
            model: file("model"),
            input: vec![file("csv")],
            output: file("out.csv"),
            output_format: None,
            raw: false,
            explain: false,
            interval: None,
            on_error: OnError::Fail,
            table: TableArgs::default(),
            source: SourceArgs::default(),
        };
        std::fs::write(&args.model, trained.artifact).unwrap();
        let rows = data.mixed(ROWS);
        let mut text = format!("{}\n", names.join(","));
        rows.chunks(data.n_columns).for_each(|row| writeln!(text, "{}", joined(row)).unwrap());
        std::fs::write(file("csv"), text).unwrap();
        let seconds = Stopwatch::least(|| predict::run(&args).unwrap());
        println!("{name:<44} {:>9.0}", ROWS as f64 / seconds);
    }
}

fn file(extension: &str) -> PathBuf {
    Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("bench-scoring.{extension}"))
}

fn joined(row: &[f64]) -> String {
    row.iter().map(f64::to_string).collect::<Vec<_>>().join(",")
}
