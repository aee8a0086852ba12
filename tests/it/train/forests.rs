//! Forests grown in blocks and trees of classes that we grow are smartcore objects, and answer as those do.

use serde::de::DeserializeOwned;
use smartserve::model::Model;
use smartserve::model::algorithm::Algorithm;
use smartserve::model::artifact::open;
use smartserve::model::batch::Batch;
use smartserve::model::compiled::Scratch;
use smartserve::model::prediction::Prediction;
use smartserve::model::smartcore::*;
use smartserve::table::TableFile;
use smartserve::train::random::SplitMix64;
use smartserve::train::{TrainSpec, Trained, train};

const COLUMNS: usize = 6;

/// 300 rows of six numbers, some alike; a number, two classes and three of them.
fn table(noise: u64) -> TableFile {
    let mut random = SplitMix64::new(3, 3);
    let mut text = "a,b,c,d,e,f,y,two,three\n".to_owned();
    for _ in 0..300 {
        let x: Vec<f64> = (0..COLUMNS as u64).map(|c| random.below(10 + 40 * c) as f64 / 4.0).collect();
        let y = x[1] * 3.0 - x[3] + x[4] * x[5] / 20.0 + random.below(noise) as f64;
        let cells: Vec<String> = x.iter().map(f64::to_string).collect();
        let (two, three) =
            (if y > 40.0 { "yes" } else { "no" }, ["p", "q", "r"][(y > 20.0) as usize + (y > 60.0) as usize]);
        text.push_str(&format!("{},{y},{two},{three}\n", cells.join(",")));
    }
    TableFile::from_bytes("t.csv", text.into_bytes())
}

fn trained(algorithm: Algorithm, target: &str, change: impl Fn(&mut TrainSpec)) -> Trained {
    let mut spec = TrainSpec { folds: Some(0), test_size: 0.0, ..TrainSpec::new("m", target, algorithm) };
    spec.drop = ["y", "two", "three"].into_iter().filter(|t| *t != target).map(str::to_owned).collect();
    change(&mut spec);
    train(&spec, &table(30), &()).unwrap()
}

fn estimator<E: DeserializeOwned>(trained: &Trained) -> E {
    let opened = open(&trained.artifact).unwrap();
    let (estimator, rest) = postcard::take_from_bytes(opened.section("estimator").unwrap()).unwrap();
    assert!(rest.is_empty());
    estimator
}

fn probes() -> Vec<f64> {
    let mut random = SplitMix64::new(4, 4);
    (0..5_000 * COLUMNS).map(|_| random.below(1_000) as f64 / 8.0 - 10.0).collect()
}

fn ours(trained: &Trained) -> Prediction {
    let model = Model::load(&trained.artifact).unwrap();
    let batch = Batch::from_rows(model.schema(), probes()).unwrap();
    model.predict(&batch, &mut Scratch::default()).unwrap()
}

fn same_values(trained: &Trained, expected: &[f64]) {
    let Prediction::Regression { values, .. } = ours(trained) else { panic!() };
    assert!(values.iter().zip(expected).all(|(a, b)| a.to_bits() == b.to_bits()));
}

fn same_classes(trained: &Trained, expected: &[u32]) {
    let Prediction::Classification { classes, .. } = ours(trained) else { panic!() };
    assert_eq!(classes, expected);
    assert!((1..expected.len()).any(|row| expected[row] != expected[0]));
}

fn rows() -> Matrix {
    Matrix::new(5_000, COLUMNS, probes(), false).unwrap()
}

#[test]
fn forests_of_any_size_are_smartcores() {
    for trees in [1, 7, 8, 9, 20, 200] {
        let change = |spec: &mut TrainSpec| spec.options.set("trees", trees).unwrap();
        let forest = trained(Algorithm::RandomForest, "y", change);
        same_values(&forest, &estimator::<ForestRegressor>(&forest).predict(&rows()).unwrap());
        let extra = trained(Algorithm::ExtraTrees, "y", change);
        same_values(&extra, &estimator::<ExtraTrees>(&extra).predict(&rows()).unwrap());
        for target in ["two", "three"] {
            let votes = trained(Algorithm::RandomForest, target, |spec| {
                spec.vote = true;
                change(spec);
            });
            same_classes(&votes, &estimator::<ForestClassifier>(&votes).predict(&rows()).unwrap());
        }
    }
}

#[test]
fn trees_of_different_blocks_differ() {
    let forest = trained(Algorithm::RandomForest, "y", |spec| spec.options.set("trees", 32).unwrap());
    let bytes = postcard::to_allocvec(&estimator::<ForestRegressor>(&forest)).unwrap();
    let one = trained(Algorithm::RandomForest, "y", |spec| spec.options.set("trees", 8).unwrap());
    let block = postcard::to_allocvec(&estimator::<ForestRegressor>(&one)).unwrap();
    // The first block is the same, whatever follows; it does not occur again.
    let trees = &block[3..block.len() - 4];
    let found = bytes.windows(trees.len()).filter(|window| *window == trees).count();
    assert_eq!(found, 1);
}

#[test]
fn class_trees_keep_their_limits() {
    for (depth, leaf) in [(None, 1), (Some(1), 1), (Some(3), 5), (None, 40)] {
        for target in ["two", "three"] {
            let tree = trained(Algorithm::DecisionTree, target, |spec| {
                spec.vote = true;
                depth.iter().for_each(|depth| spec.options.set("max-depth", depth).unwrap());
                spec.options.set("min-samples-leaf", leaf).unwrap();
            });
            let smartcore: TreeClassifier = estimator(&tree);
            same_classes(&tree, &smartcore.predict(&rows()).unwrap());
            assert!(depth.is_none_or(|d| u64::from(smartcore.depth()) <= d + 1));
            let importances = smartcore.compute_feature_importances(true);
            assert!((importances.iter().sum::<f64>() - 1.0).abs() < 1e-9, "{importances:?}");
            assert!(importances.iter().all(|i| *i > -1e-9), "{importances:?}");
            let covers = cover(&tree);
            assert_eq!(covers[0], 300);
            assert!(covers.iter().all(|rows| u64::from(*rows) >= leaf), "{covers:?}");
        }
    }
}

#[test]
fn class_trees_stop_at_pure_nodes() {
    let covers = cover(&trained(Algorithm::DecisionTree, "two", |_| {}));
    assert!(covers.len() < 200, "a leaf for each row would be 599 nodes: {}", covers.len());
}

/// Training rows that reach each node of the first tree.
fn cover(trained: &Trained) -> Vec<u32> {
    let opened = open(&trained.artifact).unwrap();
    let covers: Vec<Vec<u32>> = postcard::from_bytes(opened.section("cover").unwrap()).unwrap();
    covers.into_iter().next().unwrap()
}

/// Of twelve draws one in thirty misses a class of three rows.
#[test]
fn trees_may_lack_a_class() {
    let lines: Vec<String> = (0..12).map(|i| format!("{i},{}", ["p", "q", "r"][i / 3 % 3])).collect();
    let csv = format!("a,y\n{}\n", lines.join("\n"));
    let new = TrainSpec::new("m", "y", Algorithm::RandomForest);
    let mut spec = TrainSpec { folds: Some(0), test_size: 0.0, vote: true, ..new };
    spec.options.set("trees", 300).unwrap();
    let forest = train(&spec, &TableFile::from_bytes("t.csv", csv.into_bytes()), &()).unwrap();
    let model = Model::load(&forest.artifact).unwrap();
    let cells: Vec<f64> = (-10..130).map(|i| f64::from(i) / 10.0).collect();
    let expected = estimator::<ForestClassifier>(&forest);
    let expected = expected.predict(&Matrix::new(140, 1, cells.clone(), false).unwrap()).unwrap();
    let batch = Batch::from_rows(model.schema(), cells).unwrap();
    let Prediction::Classification { classes, .. } = model.predict(&batch, &mut Scratch::default()).unwrap() else {
        panic!()
    };
    assert_eq!(classes, expected);
    assert!((0..3).all(|class| classes.contains(&class)));
}
