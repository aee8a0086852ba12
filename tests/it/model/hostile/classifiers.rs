//! Each check of what classifiers have beside their estimator (the shares of leaves, a calibrator, a threshold) has a file,
//! resealed with a right hash, that only this check refuses.

use serde_json::json;
use smartserve::model::algorithm::Algorithm;
use smartserve::model::calibrator::{CalibrationMap, Calibrator};
use smartserve::table::TableFile;
use smartserve::train::{CalibrationMethod, ThresholdChoice, TrainSpec, train};

use super::checks::{bare, gone, head, iris, refused};
use crate::support::artifact::Parts;

/// Per tree and leaf the classes and their rows.
type Counts = Vec<Vec<Vec<(u32, u32)>>>;

#[test]
fn shares_must_agree_with_the_trees() {
    let parts = iris();
    let change = |words: &str, change: &dyn Fn(&mut Counts)| {
        let mut parts = parts.clone();
        let section = parts.section("shares");
        let mut counts: Counts = postcard::from_bytes(section).unwrap();
        assert_eq!(&postcard::to_allocvec(&counts).unwrap(), section);
        change(&mut counts);
        *section = postcard::to_allocvec(&counts).unwrap();
        refused(&parts.sealed(), words);
    };
    change("shares of 4 trees, the estimator has 5", &|c| gone(c.pop()));
    change("a tree has more leaves than shares", &|c| gone(c[0].pop()));
    change("shares of 1 leaves more than a tree has", &|c| c[4].push(vec![(0, 1)]));
    change("shares of 0 rows, ", &|c| c[0][0].clear());
    change("a leaf has 0 rows of class 1", &|c| {
        let leaf = c[0].iter_mut().find(|leaf| leaf[0].0 == 0).unwrap();
        leaf.push((1, 0));
    });
    change("the classes of a leaf do not ascend", &|c| {
        let leaf = c[0].iter_mut().find(|leaf| leaf[0].1 > 2).unwrap();
        leaf[0].1 -= 1;
        leaf.push((leaf[0].0, 1));
    });
    change("rows of class 3 of 3", &|c| {
        let leaf = c[0].iter_mut().find(|leaf| leaf[0].1 > 2).unwrap();
        leaf[0].1 -= 1;
        leaf.push((3, 1));
    });
    change(" reached the leaf", &|c| c[0][0][0].1 += 1);
    change("most rows of a leaf are of class 1, it votes for 0", &|c| {
        let leaf = c[0].iter_mut().find(|leaf| leaf[0].0 == 0).unwrap();
        leaf[0].0 = 1;
    });
    let bytes = |words: &str, change: &dyn Fn(&mut Vec<u8>)| {
        let mut parts = parts.clone();
        change(parts.section("shares"));
        refused(&parts.sealed(), words);
    };
    bytes("1 bytes too many (byte ", &|b| b.push(0));
    bytes("of the shares section", &|b| gone(b.pop()));
    bytes("trees cannot fit", &|b| gone(b.splice(0..1, [0xff, 0xff, 0xff, 0xff, 0x0f])));
    bytes("leaves cannot fit", &|b| gone(b.splice(1..2, [0xff, 0xff, 0xff, 0xff, 0x0f])));
    bytes("classes of a leaf cannot fit", &|b| gone(b.splice(2..3, [0xff, 0xff, 0xff, 0xff, 0x0f])));
    bytes("an integer is too long", &|b| gone(b.splice(1..2, [0xff; 10])));
    let shares = parts.sections.iter().find(|(name, _)| name == "shares").unwrap();
    let told = json!({"name": "shares", "encoding": "postcard", "bytes": shares.1.len(), "required": true});
    for (data, target, algorithm) in [("boston", "MEDV", Algorithm::RandomForest), ("iris", "species", Algorithm::Knn)]
    {
        let mut other = bare(data, target, algorithm);
        other.sections.push(shares.clone());
        other.header["payload"]["sections"].as_array_mut().unwrap().push(told.clone());
        refused(&other.sealed(), "has no leaves of classes");
    }
    let mut other = bare("iris", "species", Algorithm::RandomForest);
    other.header["payload"]["sections"].as_array_mut().unwrap().push(json!({
        "name": "shares", "encoding": "neutral", "bytes": 0, "required": true
    }));
    other.sections.push(("shares".to_owned(), Vec::new()));
    refused(&other.sealed(), "is encoded as \"neutral\", not postcard");
}

/// A sound model of two classes with a calibrator of this method and a threshold.
fn decided(method: CalibrationMethod) -> Parts {
    let csv: String =
        (0..60_u32).map(|i| format!("{},{}\n", i % 20, ["no", "yes"][usize::from(i % 20 > i / 3)])).collect();
    let mut spec = TrainSpec { folds: Some(3), ..TrainSpec::new("m", "y", Algorithm::Logistic) };
    (spec.calibrate, spec.threshold) = (Some(method), Some(ThresholdChoice::Value(0.25)));
    let table = TableFile::from_bytes("t.csv", format!("x,y\n{csv}").into_bytes());
    Parts::of(&train(&spec, &table, &()).unwrap().artifact)
}

#[test]
fn calibrators_must_be_maps_of_probabilities() {
    let change = |parts: &Parts, words: &str, change: &dyn Fn(&mut Calibrator)| {
        let mut parts = parts.clone();
        let section = parts.section("calibrator");
        let mut calibrator = Calibrator::decode(section, 2).unwrap();
        change(&mut calibrator);
        *section = calibrator.to_section().unwrap();
        refused(&parts.sealed(), words);
    };
    let points = |c: &mut Calibrator, edit: &dyn Fn(&mut Vec<f64>, &mut Vec<f64>)| match &mut c.maps[0] {
        CalibrationMap::Isotonic { from, to } => edit(from, to),
        CalibrationMap::Sigmoid { .. } => panic!("isotonic"),
    };
    let steps = decided(CalibrationMethod::Isotonic);
    change(&steps, "2 maps, 2 classes have 1", &|c| c.maps.push(c.maps[0].clone()));
    change(&steps, "0 maps, 2 classes have 1", &|c| c.maps.clear());
    change(&steps, "points and", &|c| points(c, &|from, _| gone(from.pop())));
    change(&steps, "0 points and 0 values", &|c| points(c, &|from, to| (from.clear(), to.clear()).0));
    change(&steps, "do not ascend", &|c| points(c, &|from, _| from[1] = from[0]));
    change(&steps, "descend", &|c| points(c, &|_, to| to[0] = 1.0));
    change(&steps, "outside of 0 to 1", &|c| points(c, &|_, to| to[0] = -0.5));
    change(&steps, "outside of 0 to 1", &|c| points(c, &|from, _| from[0] = f64::NAN));
    change(&steps, "outside of 0 to 1", &|c| points(c, &|from, _| *from.last_mut().unwrap() = 2.0));
    let curve = decided(CalibrationMethod::Sigmoid);
    let sigmoid = |slope, intercept| CalibrationMap::Sigmoid { slope, intercept };
    change(&curve, "out of range", &|c| c.maps[0] = sigmoid(f64::NAN, 0.0));
    change(&curve, "out of range", &|c| c.maps[0] = sigmoid(1.0, f64::INFINITY));
    head(&curve, "the calibrator is sigmoid, the header says \"isotonic\"", |h| h["calibrator"] = "isotonic".into());
    head(&curve, "disagree on the calibrator", |h| gone(h.as_object_mut().unwrap().remove("calibrator")));
    let mut long = curve.clone();
    long.section("calibrator").push(0);
    refused(&long.sealed(), "1 bytes too many");
    let mut short = curve.clone();
    short.section("calibrator").pop();
    refused(&short.sealed(), "the calibrator section: ");
    let three = |maps: Vec<CalibrationMap>| Calibrator { maps }.to_section().unwrap();
    let step = || CalibrationMap::Isotonic { from: vec![0.5], to: vec![0.5] };
    let mut of_two_kinds = bare("iris", "species", Algorithm::Logistic);
    with_section(&mut of_two_kinds, "calibrator", three(vec![step(), step(), sigmoid(1.0, 0.0)]));
    of_two_kinds.header["calibrator"] = "sigmoid".into();
    refused(&of_two_kinds.sealed(), "maps of two kinds");
    let mut without = bare("iris", "species", Algorithm::Svc);
    with_section(&mut without, "calibrator", three(vec![step(), step(), step()]));
    without.header["calibrator"] = "isotonic".into();
    refused(&without.sealed(), "the estimator has no probabilities");
}

#[test]
fn thresholds_are_of_a_probability_of_two_classes() {
    let parts = decided(CalibrationMethod::Sigmoid);
    head(&parts, "the threshold 1.5 is not between 0 and 1", |h| h["threshold"]["above"] = json!(1.5));
    head(&parts, "disagree on the threshold", |h| gone(h.as_object_mut().unwrap().remove("threshold")));
    let mut filled = parts.clone();
    filled.section("threshold").push(0);
    refused(&filled.sealed(), "the threshold section is not empty");
    let told = json!({ "above": 0.5 });
    let plain = bare("iris", "species", Algorithm::Logistic);
    head(&plain, "disagree on the threshold", |h| h["threshold"] = told.clone());
    let mut several = plain.clone();
    with_section(&mut several, "threshold", Vec::new());
    several.header["threshold"] = told;
    refused(&several.sealed(), "no probability of one of two classes");
}

/// Adds a required section.
fn with_section(parts: &mut Parts, name: &str, bytes: Vec<u8>) {
    let told = json!({ "name": name, "encoding": "postcard", "bytes": bytes.len(), "required": true });
    parts.header["payload"]["sections"].as_array_mut().unwrap().push(told);
    parts.sections.push((name.to_owned(), bytes));
}
