//! A training run: the same bytes whatever the threads, nothing learned from rows that are held out, golden rows and
//! calibration as the artifact's readers need them.

use std::num::NonZeroUsize;

use smartserve::model::Model;
use smartserve::model::algorithm::Algorithm;
use smartserve::model::artifact::{GoldenCell, GoldenPrediction, Header, open};
use smartserve::model::batch::Batch;
use smartserve::model::calibration::{Calibration, Scores};
use smartserve::model::compiled::Scratch;
use smartserve::model::out_of_fold;
use smartserve::model::prediction::Prediction;
use smartserve::model::schema::{FeatureKind, Impute, Task};
use smartserve::table::TableFile;
use smartserve::train::random::SplitMix64;
use smartserve::train::{Progress, TrainSpec, Trained, train};

fn data(file: &str) -> TableFile {
    TableFile::open(format!("{}/data/{file}", env!("CARGO_MANIFEST_DIR")).as_ref()).unwrap()
}

fn header(trained: &Trained) -> Header {
    open(&trained.artifact).unwrap().header
}

fn calibration(trained: &Trained) -> Calibration {
    Calibration::decode(open(&trained.artifact).unwrap().section("calibration").unwrap()).unwrap()
}

/// 60 rows: two numbers (one with gaps), a text (with gaps), a constant, a number to predict and a class.
fn mixed(change: impl Fn(usize, &mut [String; 6])) -> TableFile {
    let mut random = SplitMix64::new(5, 5);
    let mut text = "x,gaps,color,fixed,y,class\n".to_owned();
    for row in 0..60 {
        let (x, gap) = (random.below(1_000) as f64 / 10.0, random.below(100) as f64);
        let color = ["red", "green", "blue", ""][random.below(4) as usize];
        let y = x * 2.0 + gap + if color == "red" { 30.0 } else { 0.0 };
        let gap = if row % 7 == 3 { "NA".to_owned() } else { gap.to_string() };
        let class = if y > 150.0 { "high" } else { "low" };
        let mut cells = [x.to_string(), gap, color.to_owned(), "7".to_owned(), y.to_string(), class.to_owned()];
        change(row, &mut cells);
        text.push_str(&format!("{}\n", cells.join(",")));
    }
    TableFile::from_bytes("mixed.csv", text.into_bytes())
}

fn spec(algorithm: Algorithm) -> TrainSpec {
    let (target, other) = if algorithm.does_regression() { ("y", "class") } else { ("class", "y") };
    let mut spec = TrainSpec::new("m", target, algorithm);
    spec.drop = vec![other.to_owned()];
    spec.folds = Some(5);
    if algorithm.is_averaged() || algorithm == Algorithm::GradientBoosting {
        spec.options.set("trees", 12).unwrap();
    }
    spec
}

#[test]
fn threads_do_not_change_bytes() {
    for algorithm in Algorithm::ALL {
        let mut spec = spec(algorithm);
        let mut artifacts = [1, 2, 5].map(|threads| {
            spec.threads = NonZeroUsize::new(threads).unwrap();
            train(&spec, &mixed(|_, _| {}), &()).unwrap().artifact
        });
        artifacts.sort();
        assert_eq!(artifacts[0], artifacts[2], "{algorithm}");
    }
}

#[test]
fn every_algorithm_serves_what_it_trained() {
    for algorithm in Algorithm::ALL {
        let trained = train(&spec(algorithm), &mixed(|_, _| {}), &()).unwrap();
        let model = Model::load(&trained.artifact).unwrap();
        model.check_golden().unwrap();
        assert_eq!(model.version(), trained.report.version);
        assert_eq!(model.header().algorithm.own(), Some(algorithm));
        assert_eq!(trained.report.artifact_bytes, trained.artifact.len());
        let cover = open(&trained.artifact).unwrap().section("cover").is_some();
        assert_eq!(cover, algorithm.is_trees());
    }
}

#[test]
fn held_out_rows_teach_nothing() {
    for algorithm in [Algorithm::Ridge, Algorithm::Logistic, Algorithm::RandomForest] {
        let poison = |row: usize, cells: &mut [String; 6]| {
            if row == 20 {
                cells[..4].clone_from_slice(&["1e9", "", "purple", "-4"].map(str::to_owned));
            }
        };
        let spec = TrainSpec { test_size: 0.0, ..spec(algorithm) };
        let clean = calibration(&train(&spec, &mixed(|_, _| {}), &()).unwrap());
        let poisoned = calibration(&train(&spec, &mixed(poison), &()).unwrap());
        assert_eq!(clean.fold, poisoned.fold);
        let (a, b) = (scores(&clean), scores(&poisoned));
        let with_it = |row: usize| clean.fold[row] == clean.fold[20] && row != 20;
        let same = |row: usize| a[row] == b[row];
        assert!((0..60).filter(|row| with_it(*row)).all(same), "{algorithm}: a held-out row leaked");
        assert!((0..60).filter(|row| clean.fold[*row] != clean.fold[20]).any(|row| !same(row)), "{algorithm}");
    }
}

fn scores(calibration: &Calibration) -> Vec<Vec<u64>> {
    let bits = |v: &[f64]| v.iter().map(|x| x.to_bits()).collect::<Vec<u64>>();
    match &calibration.scores {
        Scores::Residuals { residual, .. } => residual.iter().map(|r| bits(&[*r])).collect(),
        Scores::Probabilities { probability, .. } => {
            probability.chunks(probability.len() / calibration.fold.len()).map(bits).collect()
        }
    }
}

#[test]
fn holdout_rows_change_only_their_figures() {
    let spec = spec(Algorithm::Ridge);
    let aside = smartserve::train::data::split::holdout(60, None, spec.test_size, spec.seed).test;
    let clean = train(&spec, &mixed(|_, _| {}), &()).unwrap();
    let changed = train(
        &spec,
        &mixed(|row, cells| {
            if aside.contains(&row) {
                cells[0] = "-5000".to_owned();
            }
        }),
        &(),
    )
    .unwrap();
    let (mut a, mut b) = (header(&clean), header(&changed));
    assert_ne!(a.evaluation.as_mut().unwrap().holdout.take(), b.evaluation.as_mut().unwrap().holdout.take());
    assert_ne!(a.importance.take(), b.importance.take());
    assert_ne!(std::mem::take(&mut a.intervals), std::mem::take(&mut b.intervals));
    assert_eq!(a, b);
    assert_eq!(calibration(&clean), calibration(&changed));
}

#[test]
fn test_rows_give_the_schema_their_categories_and_gaps_alone() {
    let spec = spec(Algorithm::RandomForest);
    let aside = smartserve::train::data::split::holdout(60, None, spec.test_size, spec.seed).test;
    let clean = train(&spec, &mixed(|_, _| {}), &()).unwrap();
    let table = mixed(|row, cells| match row {
        _ if row == aside[0] => cells[2] = "purple".to_owned(),
        _ if row == aside[1] => cells[0] = "?".to_owned(),
        _ => {}
    });
    let trained = train(&spec, &table, &()).unwrap();
    let (mut a, mut b) = (header(&clean), header(&trained));
    assert_eq!(b.features[2].categories, ["blue", "green", "purple", "red"]);
    assert!(a.features[0].impute.is_none() && matches!(b.features[0].impute, Some(Impute::Median(_))));
    assert_eq!(b.features[2].stats().bins.counts.len(), 6);
    assert_eq!(a.features[2].stats().count, b.features[2].stats().count);
    // All that is learned is the same; all test rows are judged.
    let [clean_figures, figures] = [&mut a, &mut b].map(|header| header.evaluation.take().unwrap());
    assert_eq!((clean_figures.holdout.unwrap().n, figures.holdout.unwrap().n), (12, 12));
    assert_eq!(clean_figures.k_fold, figures.k_fold);
    assert_eq!(calibration(&clean), calibration(&trained));
    let values = |header: &Header| header.golden.iter().map(|g| format!("{g:?}")).collect::<Vec<String>>();
    assert_eq!(values(&a), values(&b));
    let warning = format!(
        "2 of 12 test rows (first on line {}, color) have a category or a missing cell that no training row has: the model \
         takes it, and has learned nothing of it",
        aside[0] + 2
    );
    assert!(trained.report.warnings.contains(&warning), "{:?}", trained.report.warnings);
}

#[test]
fn the_schema_tells_the_training_rows() {
    let trained = train(&TrainSpec { test_size: 0.0, ..spec(Algorithm::Ridge) }, &mixed(|_, _| {}), &()).unwrap();
    let header = header(&trained);
    let names: Vec<&str> = header.features.iter().map(|f| f.name.as_str()).collect();
    assert_eq!(names, ["x", "gaps", "color", "fixed"]);
    assert_eq!(header.features[2].kind, FeatureKind::Categorical);
    assert_eq!(header.features[2].categories, ["blue", "green", "red"]);
    assert!(matches!(header.features[1].impute, Some(Impute::Median(v)) if (0.0..100.0).contains(&v)));
    assert!(matches!(header.features[2].impute, Some(Impute::MostFrequent(_))));
    assert!(header.features[0].impute.is_none() && header.features[3].impute.is_none());
    assert_eq!(header.features[1].stats().missing, 9);
    // x, gaps and three colours: the constant column leaves the matrix, not the schema.
    assert_eq!(trained.report.data.encoded_columns, 5);
    assert!(trained.report.warnings.iter().any(|w| w.starts_with("fixed has one value")));
}

#[test]
fn calibration_covers_every_row() {
    let trained = train(&spec(Algorithm::RandomForest), &mixed(|_, _| {}), &()).unwrap();
    let calibration = calibration(&trained);
    calibration.check(48, 5, 0).unwrap();
    let Scores::Residuals { residual, difficulty } = calibration.scores else { panic!() };
    assert_eq!((residual.len(), difficulty.len()), (48, 48));
    let rmse = header(&trained).evaluation.unwrap().k_fold.unwrap().mean.rmse.unwrap();
    let pooled = (residual.iter().map(|r| r * r).sum::<f64>() / 48.0).sqrt();
    assert!((pooled / rmse - 1.0).abs() < 0.2, "{pooled} against {rmse}");
}

#[test]
fn predictions_out_of_fold_and_residuals_add_up_to_the_target() {
    let targets: Vec<f64> = (0..40).map(|row| f64::from(row * row % 17) + 0.25).collect();
    let rows: String = targets.iter().zip(0..).map(|(y, x)| format!("{x},{y},{}\n", ["a", "b"][x % 2])).collect();
    let table = || TableFile::from_bytes("t.csv", format!("x,y,class\n{rows}").into_bytes());
    let kept = |algorithm: Algorithm| {
        let trained = train(&TrainSpec { test_size: 0.0, ..spec(algorithm) }, &table(), &()).unwrap();
        let section = open(&trained.artifact).unwrap().section(out_of_fold::SECTION).map(<[u8]>::to_vec);
        (section, calibration(&trained))
    };
    let (section, calibration) = kept(Algorithm::Ridge);
    let predictions = out_of_fold::decode(&section.unwrap()).unwrap();
    let Scores::Residuals { residual, .. } = calibration.scores else { panic!() };
    assert_eq!((predictions.len(), residual.len()), (40, 40));
    for ((prediction, residual), y) in predictions.iter().zip(residual).zip(targets) {
        assert!((prediction + residual - y).abs() < 1e-12);
    }
    // Its probabilities are in the calibration.
    assert!(kept(Algorithm::Logistic).0.is_none());
}

#[test]
fn without_folds_there_is_no_calibration() {
    let trained = train(&TrainSpec { folds: Some(0), ..spec(Algorithm::Ridge) }, &mixed(|_, _| {}), &()).unwrap();
    let header = header(&trained);
    assert!(header.calibration.is_none() && header.evaluation.unwrap().k_fold.is_none());
    assert!(open(&trained.artifact).unwrap().section("calibration").is_none());
}

#[test]
fn folds_are_ten_up_to_ten_thousand_training_rows_and_five_above() {
    for (n_rows, folds) in [(10_000, 10), (10_001, 5)] {
        let rows: String = (0..n_rows).map(|i| format!("{},{}\n", i % 100, i % 7)).collect();
        let table = TableFile::from_bytes("n.csv", format!("x,y\n{rows}").into_bytes());
        let spec = TrainSpec { test_size: 0.0, ..TrainSpec::new("m", "y", Algorithm::Linear) };
        let header = header(&train(&spec, &table, &()).unwrap());
        assert_eq!(header.evaluation.unwrap().k_fold.unwrap().folds, folds);
        assert_eq!(header.calibration.unwrap().folds, folds);
    }
}

#[test]
fn golden_rows_cover_the_range() {
    // Without folds the statistics are of the model's own answers for the training rows, which golden rows are of.
    let spec = TrainSpec { folds: Some(0), ..spec(Algorithm::RandomForest) };
    let trained = train(&spec, &mixed(|_, _| {}), &()).unwrap();
    let golden = header(&trained).golden;
    assert!((30..=32).contains(&golden.len()), "{}", golden.len());
    for feature in [1, 2] {
        assert!(golden.iter().any(|g| g.row[feature] == GoldenCell::Missing(())));
    }
    let values: Vec<f64> =
        golden.iter().map(|g| if let GoldenPrediction::Value(v) = g.prediction { v } else { panic!() }).collect();
    let stats = header(&trained).prediction_stats;
    assert_eq!(values.iter().copied().reduce(f64::min), stats.as_ref().unwrap().min);
    assert_eq!(values.iter().copied().reduce(f64::max), stats.as_ref().unwrap().max);

    let iris = train(&TrainSpec::new("iris", "species", Algorithm::DecisionTree), &data("iris.csv"), &()).unwrap();
    let golden = header(&iris).golden;
    for species in ["setosa", "versicolor", "virginica"] {
        let of = |p: &GoldenPrediction| matches!(p, GoldenPrediction::Class { class, .. } if class == species);
        assert!(golden.iter().any(|g| of(&g.prediction)));
    }
}

#[test]
fn golden_rows_are_up_to_64() {
    let few: String = (0..12).map(|i| format!("{i},{}\n", i * i % 7)).collect();
    let spec = TrainSpec { test_size: 0.0, folds: Some(3), ..TrainSpec::new("m", "y", Algorithm::Linear) };
    let trained = train(&spec, &TableFile::from_bytes("few.csv", format!("x,y\n{few}").into_bytes()), &()).unwrap();
    assert_eq!(header(&trained).golden.len(), 12);

    let many: String = (0..300).map(|i| format!("{},c{}\n", i % 100, i % 100)).collect();
    let spec = TrainSpec { folds: Some(2), ..TrainSpec::new("m", "y", Algorithm::DecisionTree) };
    let trained = train(&spec, &TableFile::from_bytes("many.csv", format!("x,y\n{many}").into_bytes()), &()).unwrap();
    assert_eq!(header(&trained).golden.len(), 64);
}

#[test]
fn numeric_labels_keep_order_and_text() {
    let rows: String = (0..60).map(|i| format!("{},{}\n", i, ["10", "9", "2.50"][i % 3])).collect();
    let table = TableFile::from_bytes("n.csv", format!("x,y\n{rows}").into_bytes());
    let spec = TrainSpec {
        task: Some(smartserve::train::TaskChoice::Classification),
        ..TrainSpec::new("m", "y", Algorithm::RandomForest)
    };
    let header = header(&train(&spec, &table, &()).unwrap());
    assert_eq!(
        (header.task, header.target.classes),
        (Task::Multiclass, ["2.50", "9", "10"].map(str::to_owned).to_vec())
    );
}

#[test]
fn created_is_source_date_epoch() {
    let plain = spec(Algorithm::Linear);
    assert_eq!(header(&train(&plain, &mixed(|_, _| {}), &()).unwrap()).created, None);
    for (seconds, created) in [
        (951_827_696, Some("2000-02-29T12:34:56Z")),
        (4_107_542_400, Some("2100-03-01T00:00:00Z")),
        (253_402_300_799, Some("9999-12-31T23:59:59Z")),
        (253_402_300_800, None),
        (u64::MAX, None),
    ] {
        let dated = TrainSpec { source_date_epoch: Some(seconds), ..plain.clone() };
        let header = header(&train(&dated, &mixed(|_, _| {}), &()).unwrap());
        assert_eq!(header.created.as_deref(), created);
    }
}

#[test]
fn progress_is_told_of_every_fit() {
    struct Counter(std::sync::atomic::AtomicUsize, std::sync::atomic::AtomicUsize);
    impl Progress for Counter {
        fn begin(&self, fits: usize) {
            self.0.store(fits, std::sync::atomic::Ordering::SeqCst);
        }
        fn fitted(&self) {
            self.1.fetch_add(1, std::sync::atomic::Ordering::SeqCst);
        }
    }
    let counter = Counter(0.into(), 0.into());
    train(&spec(Algorithm::Linear), &mixed(|_, _| {}), &counter).unwrap();
    assert_eq!((counter.0.into_inner(), counter.1.into_inner()), (6, 6));
}

#[test]
fn max_depth_counts_splits() {
    let rows: String = (0..256).map(|i| format!("{i},{},c{}\n", i * i, i / 32)).collect();
    let table = TableFile::from_bytes("d.csv", format!("x,y,class\n{rows}").into_bytes());
    use Algorithm::{DecisionTree, ExtraTrees, GradientBoosting, RandomForest};
    for (algorithm, target) in [
        (DecisionTree, "y"),
        (RandomForest, "y"),
        (ExtraTrees, "y"),
        (GradientBoosting, "y"),
        (DecisionTree, "class"),
        (RandomForest, "class"),
    ] {
        for depth in [1, 2, 3] {
            let mut spec = TrainSpec { folds: Some(0), test_size: 0.0, ..TrainSpec::new("m", target, algorithm) };
            spec.drop = vec![if target == "y" { "class" } else { "y" }.to_owned()];
            spec.options.set("max-depth", depth).unwrap();
            if algorithm != DecisionTree {
                spec.options.set("trees", 1).unwrap();
            }
            let model = Model::load(&train(&spec, &table, &()).unwrap().artifact).unwrap();
            let x = (0..256).map(f64::from).collect();
            let batch = Batch::from_rows(model.schema(), x).unwrap();
            let mut answers: Vec<u64> = match model.predict(&batch, &mut Scratch::default()).unwrap() {
                Prediction::Regression { values, .. } => values.iter().map(|v| v.to_bits()).collect(),
                Prediction::Classification { classes, .. } => classes.iter().map(|c| u64::from(*c)).collect(),
            };
            answers.sort_unstable();
            answers.dedup();
            let leaves = answers.len();
            let most = 1 << depth;
            // Of eight classes alike each split may part one from the others.
            let least = if target == "class" { depth as usize + 1 } else { most / 2 + 1 };
            assert!(
                leaves <= most && (leaves >= least || algorithm == ExtraTrees),
                "{algorithm} {target} {depth}: {leaves}"
            );
        }
    }
}

#[test]
fn the_demo_model_reaches_its_bars() {
    let features = ["CHAS", "RM", "TAX", "PTRATIO", "B", "LSTAT"].map(str::to_owned).to_vec();
    let mut spec = TrainSpec { features, ..TrainSpec::new("boston", "MEDV", Algorithm::ExtraTrees) };
    spec.sensitive = vec!["B".to_owned()];
    spec.options.set("trees", 60).unwrap();
    spec.options.set("min-samples-leaf", 2).unwrap();
    spec.options.set("max-features", 4).unwrap();
    let trained = train(&spec, &data("boston.csv"), &()).unwrap();
    let k_fold = header(&trained).evaluation.unwrap().k_fold.unwrap();
    assert_eq!(k_fold.folds, 10);
    assert!(k_fold.mean.r2.unwrap() >= 0.80, "{k_fold:?}");
    assert!(trained.artifact.len() <= 700_000, "{} bytes", trained.artifact.len());
    assert!(trained.report.groups.iter().all(|g| g.feature == "B"));
    let model = Model::load(&trained.artifact).unwrap();
    let row = vec![0.0, 6.575, 296.0, 15.3, 396.9, 4.98];
    let batch = Batch::from_rows(model.schema(), row).unwrap();
    let answer = model.predict(&batch, &mut Scratch::default()).unwrap();
    let Prediction::Regression { values, .. } = answer else { panic!() };
    assert!((20.0..=32.0).contains(&values[0]), "{values:?}");
}
