//! Trees of classes answer with the mean of the classes' shares in the leaves, bit for bit as the `shares` section says;
//! `--vote` trains one that votes.

use serde_json::Value;
use smartserve::model::Model;
use smartserve::model::algorithm::Algorithm;
use smartserve::model::artifact::open;
use smartserve::model::batch::Batch;
use smartserve::model::compiled::Scratch;
use smartserve::model::prediction::Prediction;
use smartserve::model::smartcore::{ForestClassifier, TreeClassifier};
use smartserve::table::TableFile;
use smartserve::train::random::SplitMix64;
use smartserve::train::{TaskChoice, TrainSpec, Trained, train};

const COLUMNS: usize = 4;
const ROWS: usize = 400;

/// The section: per tree and leaf the classes and their rows.
type Counts = Vec<Vec<Vec<(u32, u32)>>>;

/// Four numbers, some alike, and one of so many classes, by chance in part.
fn text(n_classes: u64) -> String {
    let mut random = SplitMix64::new(5, n_classes);
    let mut text = "a,b,c,d,y\n".to_owned();
    for row in 0..ROWS as u64 {
        let x: Vec<u64> = (0..COLUMNS as u64).map(|c| random.below(6 + 10 * c)).collect();
        let class = if row < 2 * n_classes { row % n_classes } else { (x[0] + x[3] / 4 + random.below(3)) % n_classes };
        let cells: Vec<String> = x.iter().map(u64::to_string).collect();
        text.push_str(&format!("{},{class}\n", cells.join(",")));
    }
    text
}

fn table(n_classes: u64) -> TableFile {
    TableFile::from_bytes("t.csv", text(n_classes).into_bytes())
}

fn trained(algorithm: Algorithm, n_classes: u64, change: impl Fn(&mut TrainSpec)) -> Trained {
    let mut spec = TrainSpec { folds: Some(0), test_size: 0.0, ..TrainSpec::new("m", "y", algorithm) };
    spec.task = Some(TaskChoice::Classification);
    if algorithm == Algorithm::RandomForest {
        spec.options.set("trees", 20).unwrap();
    }
    change(&mut spec);
    train(&spec, &table(n_classes), &()).unwrap()
}

fn probes() -> Vec<f64> {
    let mut random = SplitMix64::new(4, 4);
    (0..2_000 * COLUMNS).map(|_| random.below(100) as f64 / 2.0 - 2.0).collect()
}

/// The nodes of each tree, as smartcore's JSON has them.
fn trees(trained: &Trained) -> Vec<Vec<Value>> {
    let opened = open(&trained.artifact).unwrap();
    let section = opened.section("estimator").unwrap();
    let nodes = |tree: &Value| tree["nodes"].as_array().unwrap().clone();
    match opened.header.algorithm.own().unwrap() {
        Algorithm::DecisionTree => {
            let tree: TreeClassifier = postcard::from_bytes(section).unwrap();
            vec![nodes(&serde_json::to_value(&tree).unwrap())]
        }
        _ => {
            let forest: ForestClassifier = postcard::from_bytes(section).unwrap();
            let json = serde_json::to_value(&forest).unwrap();
            json["trees"].as_array().unwrap().iter().map(nodes).collect()
        }
    }
}

fn counts(trained: &Trained) -> Counts {
    postcard::from_bytes(open(&trained.artifact).unwrap().section("shares").unwrap()).unwrap()
}

/// The number of the leaf, among the tree's leaves in node order, that a row reaches.
fn leaf_of(nodes: &[Value], row: &[f64]) -> usize {
    let is_leaf = |node: &Value| node["true_child"].is_null();
    let mut at = 0;
    while !is_leaf(&nodes[at]) {
        let passes =
            row[nodes[at]["split_feature"].as_u64().unwrap() as usize] <= nodes[at]["split_value"].as_f64().unwrap();
        at = nodes[at][if passes { "true_child" } else { "false_child" }].as_u64().unwrap() as usize;
    }
    nodes[..at].iter().filter(|node| is_leaf(node)).count()
}

/// By the definition: trees in order, then divided by their number.
fn mean_of_shares(trees: &[Vec<Value>], counts: &Counts, row: &[f64], n_classes: usize) -> Vec<f64> {
    let mut sums = vec![0.0; n_classes];
    for (nodes, leaves) in trees.iter().zip(counts) {
        let rows = &leaves[leaf_of(nodes, row)];
        let all: u32 = rows.iter().map(|(_, n)| n).sum();
        let share = |class: usize| {
            rows.iter().find(|(c, _)| *c as usize == class).map_or(0.0, |(_, n)| f64::from(*n) / f64::from(all))
        };
        sums.iter_mut().enumerate().for_each(|(class, sum)| *sum += share(class));
    }
    sums.iter().map(|sum| sum / trees.len() as f64).collect()
}

fn answers(model: &Model, rows: &[f64]) -> (Vec<u32>, Vec<f64>) {
    let batch = Batch::from_rows(model.schema(), rows.to_vec()).unwrap();
    match model.predict(&batch, &mut Scratch::default()).unwrap() {
        Prediction::Classification { classes, probability: Some(probability) } => (classes, probability),
        other => panic!("{other:?}"),
    }
}

#[test]
fn probabilities_are_the_mean_of_the_leaves_shares() {
    for algorithm in [Algorithm::DecisionTree, Algorithm::RandomForest] {
        for n_classes in [2, 3, 4, 7, 8, 9, 40] {
            let trained = trained(algorithm, n_classes, |spec| spec.options.set("min-samples-leaf", 4).unwrap());
            let (trees, counts) = (trees(&trained), counts(&trained));
            let drawn = counts.iter().map(|leaves| leaves.iter().flatten().map(|(_, n)| *n as usize).sum::<usize>());
            assert!(drawn.into_iter().all(|n| n == ROWS), "each tree has as many rows as the table");
            assert!(counts[0].iter().any(|leaf| leaf.len() > 1), "no leaf is mixed");
            let (model, rows, n_classes) = (Model::load(&trained.artifact).unwrap(), probes(), n_classes as usize);
            let (classes, probability) = answers(&model, &rows);
            for (i, row) in rows.chunks(COLUMNS).enumerate() {
                let expected = mean_of_shares(&trees, &counts, row, n_classes);
                let got = &probability[i * n_classes..][..n_classes];
                assert_eq!(bits(&expected), bits(got), "{algorithm} of {n_classes} classes, row {i}");
                let first_greatest = expected.iter().position(|p| expected.iter().all(|q| p >= q)).unwrap();
                assert_eq!(classes[i] as usize, first_greatest);
                if i % 50 == 0 {
                    assert_eq!(bits(&answers(&model, row).1), bits(got), "one row, and in a batch");
                }
            }
        }
    }
}

fn bits(values: &[f64]) -> Vec<u64> {
    values.iter().map(|v| v.to_bits()).collect()
}

/// A tree of all rows: each leaf's shares are those of the training rows that reach it.
#[test]
fn a_trees_shares_are_those_of_its_training_rows() {
    let trained = trained(Algorithm::DecisionTree, 3, |spec| spec.options.set("max-depth", 3).unwrap());
    let (nodes, counts) = (&trees(&trained)[0], counts(&trained));
    let mut expected = vec![[0; 3]; counts[0].len()];
    for line in text(3).lines().skip(1) {
        let cells: Vec<f64> = line.split(',').map(|cell| cell.parse().unwrap()).collect();
        expected[leaf_of(nodes, &cells[..COLUMNS])][cells[COLUMNS] as usize] += 1;
    }
    let got = counts[0].iter().map(|leaf| {
        let mut of_classes = [0; 3];
        leaf.iter().for_each(|(class, n)| of_classes[*class as usize] = *n);
        of_classes
    });
    assert_eq!(got.collect::<Vec<_>>(), expected);
}

#[test]
fn votes_are_of_the_same_trees() {
    for algorithm in [Algorithm::DecisionTree, Algorithm::RandomForest] {
        let (shares, votes) = (trained(algorithm, 3, |_| {}), trained(algorithm, 3, |spec| spec.vote = true));
        let section = |trained: &Trained| open(&trained.artifact).unwrap().section("estimator").unwrap().to_vec();
        assert_eq!(section(&shares), section(&votes));
        let opened = open(&votes.artifact).unwrap();
        assert!(opened.section("shares").is_none());
        let told = open(&shares.artifact).unwrap().header.payload.sections;
        assert!(told.iter().any(|section| section.name == "shares" && section.required));
        let (_, probability) = answers(&Model::load(&votes.artifact).unwrap(), &probes());
        let n_trees = if algorithm == Algorithm::DecisionTree { 1.0 } else { 20.0 };
        assert!(probability.iter().all(|p| (p * n_trees).fract() == 0.0), "a vote is of one tree");
    }
}

#[test]
fn voting_is_of_trees_of_classes() {
    let refused = |algorithm, target: &str| {
        let spec = TrainSpec { vote: true, ..TrainSpec::new("m", target, algorithm) };
        train(&spec, &table(3), &()).unwrap_err().to_string()
    };
    let expected = "--vote does not apply to knn, but to decision-tree and random-forest";
    assert_eq!(refused(Algorithm::Knn, "y"), expected);
    assert_eq!(refused(Algorithm::RandomForest, "a"), "--vote is of trees of classes, and \"a\" is a number");
}
