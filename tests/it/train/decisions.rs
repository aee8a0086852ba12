//! Thresholds and calibrated probabilities: fitted as scikit-learn fits them, kept in the artifact, and what every door
//! answers by.

use proptest::prelude::*;
use serde_json::{Value, json};
use smartserve::model::Model;
use smartserve::model::algorithm::Algorithm;
use smartserve::model::artifact::open;
use smartserve::model::batch::Batch;
use smartserve::model::calibrator::{CalibrationMap, Calibrator};
use smartserve::model::compiled::Scratch;
use smartserve::model::prediction::Prediction;
use smartserve::table::TableFile;
use smartserve::train::evaluate::calibrate::{isotonic, sigmoid};
use smartserve::train::evaluate::thresholds::choose;
use smartserve::train::random::SplitMix64;
use smartserve::train::{CalibrationMethod, ThresholdChoice, TrainSpec, Trained, train};

/// scikit-learn 1.9.1's `default_rng(0)`: scores, and whether a row is positive.
const SCORES: [f64; 40] = [
    0.64, 0.27, 0.04, 0.02, 0.81, 0.91, 0.61, 0.73, 0.54, 0.94, 0.82, 0.0, 0.86, 0.03, 0.73, 0.18, 0.86, 0.54, 0.3,
    0.42, 0.03, 0.12, 0.67, 0.65, 0.62, 0.38, 1.0, 0.98, 0.69, 0.65, 0.69, 0.39, 0.14, 0.72, 0.53, 0.31, 0.49, 0.89,
    0.93, 0.36,
];
const POSITIVE: [usize; 13] = [4, 6, 8, 9, 14, 16, 19, 22, 24, 26, 27, 28, 29];

fn positive() -> Vec<bool> {
    (0..SCORES.len()).map(|row| POSITIVE.contains(&row)).collect()
}

const ASKED: [f64; 10] = [0.0, 0.05, 0.2, 0.33, 0.47, 0.5, 0.61, 0.75, 0.9, 1.0];

#[test]
fn isotonic_maps_are_scikit_learns() {
    let CalibrationMap::Isotonic { from, to } = isotonic(&positive(), &SCORES) else { panic!() };
    assert_eq!(from, [0.0, 0.39, 0.42, 0.53, 0.54, 0.93, 0.94, 1.0]);
    let expected = [0.0, 0.0, 1.0 / 3.0, 1.0 / 3.0, 0.45, 0.45, 1.0, 1.0];
    assert!(to.iter().zip(expected).all(|(got, expected)| (got - expected).abs() < 1e-15), "{to:?}");
    let map = CalibrationMap::Isotonic { from, to };
    let expected = [0.0, 0.0, 0.0, 0.0, 1.0 / 3.0, 1.0 / 3.0, 0.45, 0.45, 0.45, 1.0];
    assert!(ASKED.iter().zip(expected).all(|(p, expected)| (map.apply(*p) - expected).abs() < 1e-15));
    assert!((map.apply(0.405) - 1.0 / 6.0).abs() < 1e-12, "half way between two points");
}

#[test]
fn sigmoid_maps_are_scikit_learns() {
    let map = sigmoid(&positive(), &SCORES);
    let expected = [
        0.055_566_458_489_869,
        0.065_661_923_933_807,
        0.106_952_037_423_666,
        0.159_725_077_201_331,
        0.238_167_406_386_329,
        0.258_047_574_539_189,
        0.339_565_523_099_067,
        0.458_170_756_967_355,
        0.590_334_987_101_271,
        0.672_766_261_299_947,
    ];
    for (p, expected) in ASKED.iter().zip(expected) {
        // scikit-learn stops its search a little early.
        assert!((map.apply(*p) - expected).abs() < 1e-5, "{} instead of {expected}", map.apply(*p));
    }
}

/// 300 rows of two numbers; a class that is one in four, by chance in part; one of three.
fn table() -> TableFile {
    let mut random = SplitMix64::new(9, 9);
    let mut text = "a,b,rare,three\n".to_owned();
    for _ in 0..300 {
        let (a, b) = (random.below(100), random.below(100));
        let noise = random.below(60);
        let rare = if a + noise > 115 { "yes" } else { "no" };
        let three = ["p", "q", "r"][((a + b + noise) / 90).min(2) as usize];
        text.push_str(&format!("{a},{b},{rare},{three}\n"));
    }
    TableFile::from_bytes("t.csv", text.into_bytes())
}

fn trained(algorithm: Algorithm, target: &str, change: impl Fn(&mut TrainSpec)) -> Result<Trained, String> {
    let mut spec = TrainSpec { folds: Some(4), test_size: 0.2, ..TrainSpec::new("m", target, algorithm) };
    spec.drop = vec![if target == "rare" { "three" } else { "rare" }.to_owned()];
    if algorithm == Algorithm::RandomForest {
        spec.options.set("trees", 20).unwrap();
    }
    change(&mut spec);
    train(&spec, &table(), &()).map_err(|e| e.to_string())
}

/// Classes, probabilities and raw scores for 500 rows.
fn answers(trained: &Trained) -> (Vec<u32>, Vec<f64>, Option<Vec<f64>>) {
    let model = Model::load(&trained.artifact).unwrap();
    model.check_golden().unwrap();
    let mut random = SplitMix64::new(2, 2);
    let cells = (0..1_000).map(|_| random.below(200) as f64 / 2.0).collect();
    let batch = Batch::from_rows(model.schema(), cells).unwrap();
    let raw = model.raw(&batch, 0..batch.n_rows(), &mut Scratch::default());
    match model.predict(&batch, &mut Scratch::default()).unwrap() {
        Prediction::Classification { classes, probability: Some(p) } => (classes, p, raw),
        other => panic!("{other:?}"),
    }
}

#[test]
fn the_second_class_is_answered_above_the_threshold() {
    for algorithm in [Algorithm::RandomForest, Algorithm::Logistic, Algorithm::Knn, Algorithm::GaussianNb] {
        let plain = trained(algorithm, "rare", |_| {}).unwrap();
        let low = trained(algorithm, "rare", |spec| spec.threshold = Some(ThresholdChoice::Value(0.3))).unwrap();
        let ((classes, p, raw), (of_low, p_of_low, raw_of_low)) = (answers(&plain), answers(&low));
        assert_eq!((&p, raw), (&p_of_low, raw_of_low), "{algorithm}: the scores are the same");
        let by = |t: f64| p.chunks(2).map(|of_row| u32::from(of_row[1] > t)).collect::<Vec<_>>();
        assert_eq!((&classes, &of_low), (&by(0.5), &by(0.3)), "{algorithm}");
        assert_ne!(classes, of_low, "{algorithm}");
        let told = open(&low.artifact).unwrap().header.threshold.unwrap();
        assert_eq!((told.above, told.chosen_by), (0.3, None));
        assert_eq!(low.report.trade_off.len(), 5);
        assert_eq!(
            low.report.trade_off.iter().filter(|row| row.chosen).map(|row| row.threshold).collect::<Vec<_>>(),
            [0.3]
        );
        assert_eq!(low.report.positive_class.as_deref(), Some("yes"));
        let half = trained(algorithm, "rare", |spec| spec.threshold = Some(ThresholdChoice::Value(0.5))).unwrap();
        assert_eq!(answers(&half).0, classes, "{algorithm}: 0.5 is the default");
    }
}

/// A choice's figure at a threshold, from the definitions.
fn worth(choice: ThresholdChoice, observed: &[u32], scores: &[f64], threshold: f64) -> f64 {
    let count = |class: u32, above: bool| {
        observed.iter().zip(scores).filter(|(y, s)| **y == class && (**s > threshold) == above).count() as f64
    };
    let (hits, misses, alarms, rest) = (count(1, true), count(1, false), count(0, true), count(0, false));
    match choice {
        ThresholdChoice::F1 if hits + misses + alarms > 0.0 => 2.0 * hits / (2.0 * hits + misses + alarms),
        ThresholdChoice::Youden => hits / (hits + misses).max(1.0) - alarms / (alarms + rest).max(1.0),
        ThresholdChoice::Cost { miss, alarm } => -(miss * misses + alarm * alarms),
        _ => 0.0,
    }
}

proptest! {
    #[test]
    fn no_other_threshold_is_better(rows in prop::collection::vec((0..2_u32, 0..=20_u32), 1..40)) {
        let observed: Vec<u32> = rows.iter().map(|row| row.0).collect();
        let scores: Vec<f64> = rows.iter().map(|row| f64::from(row.1) / 20.0).collect();
        let probability: Vec<f64> = scores.iter().flat_map(|s| [1.0 - s, *s]).collect();
        for choice in [ThresholdChoice::F1, ThresholdChoice::Youden, ThresholdChoice::Cost { miss: 5.0, alarm: 1.0 }] {
            let chosen = choose(choice, &observed, &probability);
            prop_assert!((0.0..=1.0).contains(&chosen));
            let got = worth(choice, &observed, &scores, chosen);
            for other in (0..=40).map(|i| f64::from(i) / 40.0) {
                prop_assert!(worth(choice, &observed, &scores, other) <= got + 1e-12, "{choice}: {other} beats {chosen}");
            }
        }
    }
}

#[test]
fn a_chosen_threshold_is_short_and_in_the_header() {
    assert_eq!(choose(ThresholdChoice::F1, &[0, 0, 1, 1], &[0.9, 0.1, 0.71, 0.29, 0.68, 0.32, 0.2, 0.8]), 0.3);
    for (words, choice) in [
        ("f1", ThresholdChoice::F1),
        ("youden", ThresholdChoice::Youden),
        ("cost=5:1", ThresholdChoice::Cost { miss: 5.0, alarm: 1.0 }),
    ] {
        assert_eq!(words.parse(), Ok(choice));
        let chosen = trained(Algorithm::RandomForest, "rare", |spec| spec.threshold = Some(choice)).unwrap();
        let told = open(&chosen.artifact).unwrap().header.threshold.unwrap();
        assert_eq!(told.chosen_by.as_deref(), Some(words));
        let text = chosen.report.to_string();
        assert!(text.contains(&format!("the threshold was chosen by {words} on these rows")), "{text}");
        let (classes, p, _) = answers(&chosen);
        assert!(classes.iter().zip(p.chunks(2)).all(|(class, of_row)| *class == u32::from(of_row[1] > told.above)));
    }
    for wrong in ["f2", "1.1", "-0.1", "cost=5", "cost=0:1", "cost=a:b", "nan", ""] {
        assert!(wrong.parse::<ThresholdChoice>().is_err(), "{wrong}");
    }
}

#[test]
fn probabilities_are_calibrated_and_raw_scores_stay() {
    for (target, n_classes) in [("rare", 2), ("three", 3)] {
        for method in [CalibrationMethod::Isotonic, CalibrationMethod::Sigmoid] {
            let plain = trained(Algorithm::RandomForest, target, |_| {}).unwrap();
            let calibrated = trained(Algorithm::RandomForest, target, |spec| spec.calibrate = Some(method)).unwrap();
            let ((_, mut expected, raw), (classes, p, raw_of_calibrated)) = (answers(&plain), answers(&calibrated));
            assert_eq!(raw, raw_of_calibrated);
            let opened = open(&calibrated.artifact).unwrap();
            let word = if method == CalibrationMethod::Isotonic { "isotonic" } else { "sigmoid" };
            assert_eq!(opened.header.calibrator.as_deref(), Some(word));
            assert!(opened.header.payload.sections.iter().any(|s| s.name == "calibrator" && s.required));
            Calibrator::decode(opened.section("calibrator").unwrap(), n_classes).unwrap().apply(&mut expected);
            assert_eq!(expected, p);
            for (class, of_row) in classes.iter().zip(p.chunks(n_classes)) {
                assert!((of_row.iter().sum::<f64>() - 1.0).abs() < 1e-12);
                assert!(of_row.iter().all(|p| *p <= of_row[*class as usize]));
            }
            assert!(calibrated.report.to_string().contains(&format!("probabilities are calibrated ({word})")));
        }
    }
}

/// Trees without limits are too sure of rows that are decided by chance.
#[test]
fn calibrating_lessens_the_loss_of_a_forest_that_is_too_sure() {
    let loss = |method| {
        let done = trained(Algorithm::DecisionTree, "rare", |spec| spec.calibrate = method).unwrap();
        (
            done.report.evaluation.k_fold.unwrap().mean.log_loss.unwrap(),
            done.report.evaluation.holdout.unwrap().log_loss.unwrap(),
        )
    };
    let (plain, calibrated) = (loss(None), loss(Some(CalibrationMethod::Sigmoid)));
    assert!(calibrated.0 < plain.0 / 2.0 && calibrated.1 < plain.1 / 2.0, "{plain:?} {calibrated:?}");
}

#[test]
fn what_cannot_be_calibrated_or_decided_is_refused() {
    let refused =
        |algorithm, target: &str, change: &dyn Fn(&mut TrainSpec)| trained(algorithm, target, change).unwrap_err();
    let f1 = |spec: &mut TrainSpec| spec.threshold = Some(ThresholdChoice::F1);
    let sigmoid = |spec: &mut TrainSpec| spec.calibrate = Some(CalibrationMethod::Sigmoid);
    let expected = "svc has no probabilities: --threshold needs an algorithm that has";
    assert_eq!(refused(Algorithm::Svc, "rare", &f1), expected);
    let expected = "svc has no probabilities: --calibrate needs an algorithm that has";
    assert_eq!(refused(Algorithm::Svc, "rare", &sigmoid), expected);
    assert_eq!(refused(Algorithm::Knn, "three", &f1), "--threshold is of two classes, and \"three\" is multiclass");
    assert_eq!(refused(Algorithm::Knn, "b", &sigmoid), "--calibrate is of classes, and \"b\" is a number");
    let without = |spec: &mut TrainSpec, change: &dyn Fn(&mut TrainSpec)| {
        spec.folds = Some(0);
        change(spec);
    };
    let expected = "--calibrate fits on out-of-fold scores: it needs --folds of at least 2";
    assert_eq!(refused(Algorithm::Knn, "rare", &|spec| without(spec, &sigmoid)), expected);
    let expected = "--threshold f1 chooses by cross-validation: it needs --folds of at least 2";
    assert_eq!(refused(Algorithm::Knn, "rare", &|spec| without(spec, &f1)), expected);
    let given = |spec: &mut TrainSpec| spec.threshold = Some(ThresholdChoice::Value(0.3));
    trained(Algorithm::Knn, "rare", |spec| without(spec, &given)).unwrap();
}

#[test]
fn methods_without_probabilities_say_so() {
    let svc = trained(Algorithm::Svc, "rare", |_| {}).unwrap();
    assert_eq!(svc.report.probability, Some("none"));
    let words = "svc answers with a class alone, without probabilities: it has no log-loss, ROC AUC, average precision or \
                 Brier score";
    assert!(svc.report.to_string().contains(words), "{}", svc.report);
    assert!(svc.report.trade_off.is_empty());
    let mut spec = TrainSpec { folds: Some(3), ..TrainSpec::new("m", "rare", Algorithm::Knn) };
    spec.drop = vec!["three".to_owned()];
    let text = smartserve::train::compare(&spec, &table(), &()).unwrap().to_string();
    assert!(
        text.contains("svc answers with a class alone, without probabilities: it is ranked by its accuracy"),
        "{text}"
    );
}

/// The head of an artifact as JSON.
fn head(trained: &Trained) -> Value {
    serde_json::to_value(open(&trained.artifact).unwrap().header).unwrap()
}

#[test]
fn what_was_not_asked_for_is_not_in_the_artifact() {
    let plain = head(&trained(Algorithm::Logistic, "rare", |_| {}).unwrap());
    assert_eq!((&plain["threshold"], &plain["calibrator"]), (&Value::Null, &Value::Null));
    let both = trained(Algorithm::Logistic, "rare", |spec| {
        (spec.calibrate, spec.threshold) = (Some(CalibrationMethod::Isotonic), Some(ThresholdChoice::Youden));
    });
    let both = head(&both.unwrap());
    assert_eq!((&both["threshold"]["chosen_by"], &both["calibrator"]), (&json!("youden"), &json!("isotonic")));
}
