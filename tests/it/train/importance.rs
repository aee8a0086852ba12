//! What matters to a model: the importance of its features, and the coefficients of linear ones, in the report, the artifact
//! and by every door.

use std::process::Command;
use std::sync::Arc;

use serde_json::Value;
use smartserve::config::{ExtraFeatures, Limits};
use smartserve::http::app::Options;
use smartserve::http::router::router;
use smartserve::model::Model;
use smartserve::model::algorithm::Algorithm;
use smartserve::model::artifact::{FeatureImportance, Importance, open};
use smartserve::model::batch::Batch;
use smartserve::model::coefficients::LinearFunction;
use smartserve::model::compiled::Scratch;
use smartserve::model::prediction::Prediction;
use smartserve::serve::ServerState;
use smartserve::serve::listener::Role;
use smartserve::serve::registry::ServedModel;
use smartserve::table::TableFile;
use smartserve::train::random::SplitMix64;
use smartserve::train::{TrainSpec, Trained, train};

use crate::support::process::BINARY;
use crate::support::router::get;

/// `x` decides the number, `color` the class, `noise` nothing. `x` is far from 0, and a millionth of it counts.
fn csv(rows: usize) -> String {
    let mut random = SplitMix64::new(9, 9);
    let mut number = || random.below(1_000) as f64 / 10.0;
    let row = |i: usize| {
        let (x, noise) = (number(), number());
        let color = ["blue", "green", "red"][i % 3];
        format!("{},{noise},{color},{},{}\n", 1e6 + x, 3.0 + 2.0 * x - 0.5 * (noise - 50.0), color.to_uppercase())
    };
    "x,noise,color,y,kind\n".to_owned() + &(0..rows).map(row).collect::<String>()
}

fn table(rows: usize) -> TableFile {
    TableFile::from_bytes("t.csv", csv(rows).into_bytes())
}

fn spec(algorithm: Algorithm, target: &str, drop: &str) -> TrainSpec {
    let drop = drop.split(',').map(str::to_owned).collect();
    TrainSpec { drop, folds: Some(0), ..TrainSpec::new("m", target, algorithm) }
}

fn importance(trained: &Trained) -> Importance {
    let of_report = trained.report.importance.clone().unwrap();
    assert_eq!(open(&trained.artifact).unwrap().header.importance.unwrap(), of_report);
    of_report
}

fn of<'a>(importance: &'a Importance, feature: &str) -> &'a FeatureImportance {
    importance.features.iter().find(|own| own.feature == feature).unwrap()
}

#[test]
fn the_column_that_decides_is_important_and_noise_is_not() {
    for (algorithm, target, drop, figure, first) in [
        (Algorithm::HistGradientBoosting, "x", "kind,noise", "rmse", "y"),
        (Algorithm::DecisionTree, "kind", "y", "accuracy", "color"),
        (Algorithm::Svc, "kind", "y", "accuracy", "color"),
    ] {
        let trained = train(&spec(algorithm, target, drop), &table(300), &()).unwrap();
        let found = importance(&trained);
        assert_eq!((found.figure.as_str(), found.on.as_str(), found.repeats), (figure, "holdout", 5), "{algorithm}");
        assert_eq!((found.rows, found.of_rows), (60, 60));
        // Its categories are encoded into three columns.
        let n_features = trained.report.data.features.len();
        assert_eq!((found.features.len(), found.features[0].feature.as_str()), (n_features, first), "{found:?}");
        assert!(found.features.is_sorted_by(|a, b| a.mean >= b.mean), "{found:?}");
        let best = &found.features[0];
        for other in &found.features[1..] {
            assert!(best.mean > 10.0 * other.mean.abs() && best.mean > 5.0 * best.sd, "{algorithm}: {found:?}");
        }
    }
}

/// A row that takes another's x is wrong by 2 (x − x'), whose mean square is 4 · 2 · the variance.
#[test]
fn importance_is_what_shuffling_makes_of_the_figure() {
    let trained = train(&spec(Algorithm::Linear, "y", "kind,color"), &table(2_000), &()).unwrap();
    let found = importance(&trained);
    assert!(found.unshuffled < 1e-6 && found.figure == "rmse", "{found:?}");
    // Uniform from 0 to 99.9: a deviation of about 28.87.
    let expected = |slope: f64| slope * 28.87 * 2.0_f64.sqrt();
    for (feature, slope) in [("x", 2.0), ("noise", 0.5)] {
        let FeatureImportance { mean, sd, .. } = of(&found, feature);
        assert!((mean / expected(slope) - 1.0).abs() < 0.1 && *sd < 0.1 * mean, "{feature}: {found:?}");
    }
}

#[test]
fn of_a_class_without_a_pattern_no_feature_is_important() {
    let trained = train(&spec(Algorithm::DecisionTree, "kind", "y,color"), &table(1_500), &()).unwrap();
    for FeatureImportance { feature, mean, sd, .. } in importance(&trained).features {
        assert!(mean.abs() < 0.06 && sd < 0.06, "{feature}: {mean} ± {sd}");
    }
}

#[test]
fn many_rows_are_sampled_and_training_rows_are_named() {
    let mut spec = spec(Algorithm::Linear, "y", "kind,color");
    spec.test_size = 0.5;
    let trained = train(&spec, &table(4_400), &()).unwrap();
    let found = importance(&trained);
    assert_eq!((found.rows, found.of_rows), (2_000, 2_200));
    let text = trained.report.to_string();
    let head = "importance  (by how much rmse rises when a feature is shuffled; 2000 of 2200 rows set aside)\nfeature    mean ± sd of 5  mean size of contribution, 256 rows\nx          ";
    assert!(text.contains(head), "{text}");
    // Shuffled or explained, x matters most; the header, which inspect and the routes show, has the same numbers.
    assert_eq!(found.contribution_rows, Some(256));
    let sizes: Vec<f64> = found.features.iter().map(|of| of.contribution.unwrap()).collect();
    assert!(sizes[0] > 0.0 && sizes.iter().all(|size| *size <= sizes[0]), "{found:?}");
    let head = open(&trained.artifact).unwrap().header.importance.unwrap();
    assert_eq!(head, trained.report.importance.clone().unwrap());
    spec.test_size = 0.0;
    let trained = train(&spec, &table(100), &()).unwrap();
    assert_eq!(importance(&trained).on, "training");
    let text = trained.report.to_string();
    assert!(text.contains("100 training rows, which it was fitted on)"), "{text}");
}

fn functions(trained: &Trained) -> Vec<LinearFunction> {
    let of_report = trained.report.coefficients.clone().unwrap();
    assert_eq!(open(&trained.artifact).unwrap().header.coefficients.unwrap(), of_report);
    of_report
}

#[test]
fn coefficients_are_of_the_raw_columns() {
    let trained = train(&spec(Algorithm::Linear, "y", "kind,color"), &table(400), &()).unwrap();
    let functions = functions(&trained);
    let [function] = functions.as_slice() else { panic!("{functions:?}") };
    let named: Vec<(String, f64)> = function.coefficients.iter().map(|c| (c.name(), c.value)).collect();
    let [(x, slope), (noise, other)] = named.as_slice() else { panic!("{named:?}") };
    assert_eq!((x.as_str(), noise.as_str(), &function.class), ("x", "noise", &None));
    // y = 3 + 2 (x − 10⁶) − 0.5 (noise − 50).
    assert!((slope - 2.0).abs() < 1e-7 && (other + 0.5).abs() < 1e-7, "{named:?}");
    assert!((function.intercept - (28.0 - 2e6)).abs() < 0.01, "{}", function.intercept);
}

/// What the functions give for a row of cells as a batch holds them.
fn scores(functions: &[LinearFunction], model: &Model, row: &[f64]) -> Vec<f64> {
    let schema = model.schema();
    let cell = |feature: &str, category: Option<&String>| {
        let at = schema.position(feature).unwrap();
        let names = &schema.features()[at].categories;
        category.map_or(row[at], |name| f64::from(u8::from(&names[row[at] as usize] == name)))
    };
    let term = |c: &smartserve::model::coefficients::Coefficient| c.value * cell(&c.feature, c.category.as_ref());
    functions.iter().map(|f| f.intercept + f.coefficients.iter().map(term).sum::<f64>()).collect()
}

#[test]
fn coefficients_predict_what_the_model_predicts() {
    for (algorithm, target, drop) in [
        (Algorithm::Linear, "y", "kind,color"),
        (Algorithm::Ridge, "y", "kind"),
        (Algorithm::Lasso, "y", "kind"),
        (Algorithm::ElasticNet, "y", "kind"),
        (Algorithm::Logistic, "kind", "y"),
        (Algorithm::Logistic, "two", "y,kind"),
    ] {
        let text = csv(120).replace("kind", "kind,two").replace("BLUE", "BLUE,a");
        let text = text.replace("GREEN", "GREEN,b").replace("RED", "RED,b");
        let table = TableFile::from_bytes("t.csv", text.into_bytes());
        let drop = if target == "two" { drop.to_owned() } else { format!("{drop},two") };
        let trained = train(&spec(algorithm, target, &drop), &table, &()).unwrap();
        let (functions, model) = (functions(&trained), Model::load(&trained.artifact).unwrap());
        let batch = model.golden_batch();
        let classes: Vec<Option<&str>> = functions.iter().map(|f| f.class.as_deref()).collect();
        match model.predict(batch, &mut Scratch::default()).unwrap() {
            Prediction::Regression { values, .. } => {
                for (row, value) in batch.rows().zip(values) {
                    let found = scores(&functions, &model, row)[0];
                    assert!((found - value).abs() < 1e-6, "{algorithm}: {found} instead of {value}");
                }
                assert_eq!(classes, [None]);
            }
            Prediction::Classification { probability, .. } => {
                let n_classes = model.schema().target().classes.len();
                let probability = probability.unwrap();
                for (row, of_row) in batch.rows().zip(probability.chunks_exact(n_classes)) {
                    let scores = scores(&functions, &model, row);
                    let scores = if n_classes == 2 { vec![0.0, scores[0]] } else { scores };
                    let total: f64 = scores.iter().map(|s| s.exp()).sum();
                    for (score, p) in scores.iter().zip(of_row) {
                        assert!((score.exp() / total - p).abs() < 1e-6, "{algorithm}: {scores:?}, {of_row:?}");
                    }
                }
                let all: &[Option<&str>] =
                    if n_classes == 2 { &[Some("b")] } else { &[Some("BLUE"), Some("GREEN"), Some("RED")] };
                assert_eq!(classes, all);
            }
        }
    }
}

#[test]
fn what_is_not_linear_has_no_coefficients() {
    for (algorithm, drop) in [(Algorithm::DecisionTree, "kind"), (Algorithm::Svr, "kind")] {
        let trained = train(&spec(algorithm, "y", drop), &table(100), &()).unwrap();
        assert!(trained.report.coefficients.is_none());
        assert!(!trained.report.to_string().contains("coefficients"));
    }
}

fn run(arguments: &[&str]) -> String {
    let output = Command::new(BINARY).args(arguments).output().unwrap();
    assert!(output.status.success(), "{arguments:?}: {}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).unwrap()
}

#[tokio::test]
async fn report_inspection_and_server_say_the_same() {
    let directory = tempfile::tempdir().unwrap();
    let file = |name: &str| directory.path().join(name).to_str().unwrap().to_owned();
    let (data, path) = (file("t.csv"), file("m.model"));
    std::fs::write(&data, csv(150)).unwrap();
    let fit = ["train", "--data", &data, "--target", "kind", "--drop", "y", "--algorithm", "logistic", "--folds", "2"];
    let fit = [&fit[..], &["-o", &path]].concat();
    let printed = run(&fit);
    let report: Value = serde_json::from_str(&run(&[&fit[..], &["--json"]].concat())).unwrap();
    let inspected: Value = serde_json::from_str(&run(&["inspect", "--json", &path])).unwrap();
    let model = Model::load(&std::fs::read(&path).unwrap()).unwrap();
    let snapshot = Arc::new(ServedModel::new("m", model, true));
    let server = Arc::new(ServerState::new(vec![snapshot], Limits::default(), ExtraFeatures::Reject));
    let router = router(server, Role::Main, Options::default());
    let served = get(&router, "/models/m").await.json();
    for key in ["importance", "coefficients"] {
        assert!(!report[key].is_null(), "{key}");
        assert_eq!((&inspected[key], &served[key]), (&report[key], &report[key]), "{key}");
    }
    // They stand at /models/m alone, which asks for a token where there are some.
    let numbers = [&report["importance"]["features"][0]["mean"], &report["coefficients"][0]["intercept"]];
    for page in ["/", "/docs", "/openapi.json", "/v2/models/m"] {
        let page = get(&router, page).await;
        assert!(numbers.iter().all(|number| !page.text().contains(&number.to_string())), "{}", page.text());
    }
    let inspection = run(&["inspect", &path]);
    let table = &inspection[inspection.find("\nimportance  (").unwrap()..];
    assert!(printed.contains(table), "{printed}\n{table}");
    assert!(table.contains("\ncoefficients  (") && table.contains("color=blue  "), "{table}");
    assert!(table.contains("\nclass                BLUE         GREEN           RED\n"), "{table}");
}

#[test]
fn ten_features_are_shown_and_the_others_counted() {
    let names: Vec<String> = (0..13).map(|at| format!("c{at}")).collect();
    let mut random = SplitMix64::new(2, 2);
    let row = |_| {
        let cells: Vec<f64> = (0..13).map(|_| random.below(100) as f64).collect();
        let y: f64 = cells.iter().zip(1..).map(|(cell, weight)| cell * f64::from(weight)).sum();
        format!("{},{y}\n", cells.iter().map(f64::to_string).collect::<Vec<_>>().join(","))
    };
    let text = format!("{},y\n", names.join(",")) + &(0..200).map(row).collect::<String>();
    let table = TableFile::from_bytes("t.csv", text.into_bytes());
    let trained =
        train(&TrainSpec { folds: Some(0), ..TrainSpec::new("m", "y", Algorithm::Linear) }, &table, &()).unwrap();
    let text = trained.report.to_string();
    assert_eq!(text.matches("\nand 3 more, in --json\n").count(), 2, "{text}");
    let last = importance(&trained).features.pop().unwrap();
    assert_eq!(last.feature, "c0");
    let shown = text.lines().filter(|line| line.starts_with("c12 ")).count();
    assert_eq!((shown, text.lines().filter(|line| line.starts_with("c0 ")).count()), (2, 0), "{text}");
}

#[test]
fn a_unit_more_of_a_column_moves_the_answer_by_its_coefficient() {
    let trained = train(&spec(Algorithm::Ridge, "y", "kind"), &table(90), &()).unwrap();
    let model = Model::load(&trained.artifact).unwrap();
    let functions = functions(&trained);
    let answer = |x: f64, color: f64| {
        let batch = Batch::from_rows(model.schema(), vec![x, 50.0, color]).unwrap();
        match model.predict(&batch, &mut Scratch::default()).unwrap() {
            Prediction::Regression { values, .. } => values[0],
            Prediction::Classification { .. } => panic!("a class"),
        }
    };
    let value = |name: &str| functions[0].coefficients.iter().find(|c| c.name() == name).unwrap().value;
    assert!((answer(1_000_051.0, 0.0) - answer(1_000_050.0, 0.0) - value("x")).abs() < 1e-6);
    let red_for_blue = answer(1_000_050.0, 2.0) - answer(1_000_050.0, 0.0);
    assert!((red_for_blue - (value("color=red") - value("color=blue"))).abs() < 1e-6);
}
