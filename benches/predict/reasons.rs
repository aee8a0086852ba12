//! Contributions: CPU time a row, and where it goes.

use std::hint::black_box;

use smartserve::model::Model;
use smartserve::model::algorithm::Algorithm;
use smartserve::model::batch::Batch;
use smartserve::model::compiled::Scratch;
use smartserve::model::explain::Explainer;
use smartserve::table::TableFile;
use smartserve::train::{TrainSpec, train};

use crate::time::{Stopwatch, wanted};

/// One line for each algorithm, fitted on `data/boston.csv` with its defaults: µs a row of contributions, one row at a
/// time and in a batch; beside them the prediction alone, and what explains the model in memory.
pub(crate) fn explain() {
    println!("\n{:<44} {:>9} {:>9} {:>9} {:>9}", "contributions, µs a row", "1 row", "batch", "predict", "KiB");
    for algorithm in [Algorithm::RandomForest, Algorithm::HistGradientBoosting, Algorithm::Ridge, Algorithm::Knn] {
        let name = format!("contributions, {algorithm}, boston");
        if !wanted(&name) {
            continue;
        }
        let table = TableFile::open(std::path::Path::new("data/boston.csv")).unwrap();
        let spec = TrainSpec { folds: Some(0), test_size: 0.0, ..TrainSpec::new("m", "MEDV", algorithm) };
        let model = Model::load(&train(&spec, &table, &()).unwrap().artifact).unwrap();
        let golden = model.golden_batch();
        let n = if algorithm == Algorithm::Knn { 16 } else { 256 };
        let cells: Vec<f64> = golden.rows().cycle().take(n).flatten().copied().collect();
        let batch = Batch::from_rows(model.schema(), cells).unwrap();
        let scratch = &mut Scratch::default();
        let mut next = 0;
        let one = Stopwatch::least(|| {
            black_box(model.contributions(&batch, next..next + 1, scratch, &|| false).ok());
            next = (next + 1) % n;
        });
        let many = Stopwatch::least(|| {
            black_box(model.contributions(&batch, 0..n, scratch, &|| false).ok());
        });
        let predict = Stopwatch::least(|| {
            black_box(model.predict(&batch, scratch).unwrap());
        });
        let micros = |seconds: f64, rows: usize| seconds * 1e6 / rows as f64;
        println!(
            "{name:<44} {:>9.1} {:>9.1} {:>9.2} {:>9}",
            micros(one, 1),
            micros(many, n),
            micros(predict, n),
            model.explainer().map_or(0, Explainer::resident_bytes) >> 10
        );
    }
}
