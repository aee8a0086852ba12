//! What a report says before and beside the figures: columns that may tell the target, and whether a model is worth more than
//! one that looks at no feature.

use std::process::Command;

use smartserve::model::algorithm::Algorithm;
use smartserve::model::artifact::open;
use smartserve::model::calibration::Calibration;
use smartserve::table::TableFile;
use smartserve::train::random::SplitMix64;
use smartserve::train::{Report, TrainSpec, Trained, compare, train};

use crate::support::process::BINARY;

const ROWS: usize = 200;

/// Numbers and a class that `x` tells in part, `noise` that nothing tells, and columns that know too much.
struct Row {
    x: f64,
    y: f64,
    noise: f64,
    class: &'static str,
}

fn rows() -> Vec<Row> {
    let mut random = SplitMix64::new(3, 3);
    let mut number = || random.below(1_000) as f64 / 10.0;
    (0..ROWS)
        .map(|_| {
            let (x, noise) = (number(), number());
            let y = x + number() / 2.0;
            Row { x, y, noise, class: if y > 90.0 { "high" } else { "low" } }
        })
        .collect()
}

/// A column's name, and its cell of a row with a number.
type Column<'a> = (&'a str, &'a dyn Fn(usize, &Row) -> String);

/// A table of some columns.
fn table(columns: &[Column<'_>]) -> TableFile {
    let names: Vec<&str> = columns.iter().map(|(name, _)| *name).collect();
    let rows = rows();
    let lines = rows
        .iter()
        .enumerate()
        .map(|(i, row)| columns.iter().map(|(_, cell)| cell(i, row)).collect::<Vec<String>>().join(","));
    let text = [names.join(",")].into_iter().chain(lines).collect::<Vec<String>>().join("\n");
    TableFile::from_bytes("t.csv", text.into_bytes())
}

fn plain() -> TableFile {
    table(&[("x", &|_, r| r.x.to_string()), ("y", &|_, r| r.y.to_string()), ("noise", &|_, r| r.noise.to_string())])
}

fn trained(algorithm: Algorithm, target: &str, drop: &str, table: &TableFile) -> Trained {
    let drop = drop.split(',').filter(|name| !name.is_empty()).map(str::to_owned).collect();
    train(&TrainSpec { drop, folds: Some(5), test_size: 0.0, ..TrainSpec::new("m", target, algorithm) }, table, &())
        .unwrap()
}

fn leaks(report: &Report) -> Vec<&str> {
    report.warnings.iter().map(String::as_str).filter(|warning| warning.starts_with("possible leak: ")).collect()
}

#[test]
fn the_baseline_answers_each_fold_with_the_mean_of_the_others() {
    let trained = trained(Algorithm::Ridge, "y", "", &plain());
    let calibration = Calibration::decode(open(&trained.artifact).unwrap().section("calibration").unwrap()).unwrap();
    let y: Vec<f64> = rows().iter().map(|row| row.y).collect();
    let rmse_of_fold = |fold: u32| {
        let part =
            |held: bool| y.iter().zip(&calibration.fold).filter(move |(_, f)| (**f == fold) == held).map(|(y, _)| *y);
        let mean = part(false).sum::<f64>() / part(false).count() as f64;
        (part(true).map(|y| (y - mean) * (y - mean)).sum::<f64>() / part(true).count() as f64).sqrt()
    };
    let expected = (0..5).map(rmse_of_fold).sum::<f64>() / 5.0;
    let baseline = trained.report.baseline.as_ref().unwrap();
    assert!((baseline.k_fold.as_ref().unwrap().mean.rmse.unwrap() - expected).abs() < 1e-9);
    assert_eq!(baseline.answer.parse::<f64>().unwrap(), y.iter().sum::<f64>() / y.len() as f64);
    let [gain] = baseline.gains.as_slice() else { panic!("{:?}", baseline.gains) };
    let models = trained.report.evaluation.k_fold.as_ref().unwrap().mean.rmse.unwrap();
    assert!((gain.gain - (expected - models)).abs() < 1e-9);
    assert_eq!(gain.verdict, Some("better"));
    let text = trained.report.to_string();
    assert!(
        text.contains("rmse lower by") && text.contains("beyond the folds' noise: better than the baseline"),
        "{text}"
    );
}

#[test]
fn a_model_of_noise_is_not_said_to_be_better() {
    let regression = trained(Algorithm::RandomForest, "noise", "", &plain());
    assert_ne!(regression.report.baseline.as_ref().unwrap().gains[0].verdict, Some("better"));
    let text = regression.report.to_string();
    assert!(text.contains("NOT SHOWN to be better") || text.contains("WORSE than the baseline"), "{text}");
}

#[test]
fn a_classifier_is_held_against_the_commonest_class_and_the_classes_shares() {
    let table = table(&[("x", &|_, r| r.x.to_string()), ("class", &|_, r| r.class.to_owned())]);
    let logistic = trained(Algorithm::Logistic, "class", "", &table).report;
    let baseline = logistic.baseline.as_ref().unwrap();
    let n_low = rows().iter().filter(|row| row.class == "low").count();
    assert_eq!(baseline.answer, if 2 * n_low > ROWS { "low" } else { "high" });
    assert_eq!(baseline.gains.iter().map(|gain| gain.figure).collect::<Vec<_>>(), ["accuracy", "log-loss"]);
    // Without probabilities there is no log-loss to compare.
    let svc = trained(Algorithm::Svc, "class", "", &table).report;
    assert_eq!(svc.baseline.unwrap().gains.len(), 1);
}

#[test]
fn a_comparison_has_the_baselines_row_and_recommends_one() {
    let spec = TrainSpec { folds: Some(3), ..TrainSpec::new("m", "y", Algorithm::Linear) };
    let comparison = compare(&spec, &plain(), &()).unwrap();
    let text = comparison.to_string();
    let first = comparison.algorithms[0].algorithm;
    assert!(text.contains("  –  baseline "), "{text}");
    assert!(text.contains(&format!("recommended: {first}, the best mean rmse over the folds")), "{text}");
    assert!(text.contains("against the baseline (the mean, "), "{text}");
}

#[test]
fn columns_that_tell_the_target_are_named_and_identifiers_are_not() {
    let table = table(&[
        ("x", &|_, r| r.x.to_string()),
        ("code", &|_, r| if r.class == "high" { "H1" } else { "L1" }.to_owned()),
        ("cents", &|_, r| (r.y * 100.0).to_string()),
        ("closed", &|i, r| if r.class == "high" { String::new() } else { (i % 7).to_string() }),
        ("id", &|i, _| format!("c{i}")),
        ("y", &|_, r| r.y.to_string()),
        ("class", &|_, r| r.class.to_owned()),
    ]);
    let of_class = trained(Algorithm::DecisionTree, "class", "cents,y", &table).report;
    let n_high = rows().iter().filter(|row| row.class == "high").count();
    let advice = "if it is not known when a prediction is asked for, --drop it";
    assert_eq!(
        leaks(&of_class),
        [
            format!("possible leak: code alone takes away 100 % of the errors of always the commonest class; {advice}"),
            format!(
                "possible leak: closed alone takes away 100 % of the errors of always the commonest class; {advice}"
            ),
            format!(
                "possible leak: closed is missing in {n_high} training rows, {n_high} of them of class \"high\"; {advice}"
            ),
        ]
    );
    let of_number = trained(Algorithm::DecisionTree, "y", "class,code,closed", &table).report;
    let leaks = leaks(&of_number);
    assert!(leaks.len() == 1 && leaks[0].starts_with("possible leak: cents alone explains 100 %"), "{leaks:?}");
}

/// On the terminal before the fits, whatever becomes of them.
#[test]
fn a_leak_is_told_before_the_fit() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("t.csv");
    let lines = rows().iter().map(|r| format!("{},{},{}\n", r.x, r.y * 2.0, r.y)).collect::<String>();
    std::fs::write(&path, format!("x,double,y\n{lines}")).unwrap();
    let output = Command::new(BINARY)
        .args(["train", "--data", path.to_str().unwrap(), "--target", "y", "--algorithm", "linear", "--folds", "0"])
        .args(["-o", folder.path().join("m.model").to_str().unwrap()])
        .output()
        .unwrap();
    let stderr = String::from_utf8(output.stderr).unwrap();
    assert!(output.status.success(), "{stderr}");
    assert!(stderr.starts_with("warning: possible leak: double alone explains "), "{stderr}");
}
