//! Classification trees of two classes, grown by smartcore's regression learner on the values 0 and 1.
//!
//! The variance of such values is p(1 − p), half of Gini's 2p(1 − p): both learners look for the same splits. But the
//! one for classes looks at all rows of the table at each node, the one for numbers only at the node's own: at 20,000
//! rows of 20 columns it takes a seventh of the processor time. What it grows is rewritten, through the serialized
//! form, as the `DecisionTreeClassifier` that it is: a leaf's class is the commoner one (of equals the first), and
//! below a node of one class, where a tree of numbers splits on, nothing is kept.

use serde::{Deserialize, Serialize};

use crate::model::estimator::{ForestRegressor, TreeClassifier, TreeRegressor};

/// smartcore's `BaseForest`.
#[derive(Deserialize)]
struct Forest {
    trees: Option<Vec<Tree>>,
    _n_columns: Option<usize>,
    _samples: Option<Vec<Vec<bool>>>,
}

/// smartcore's `BaseTree`.
#[derive(Deserialize)]
struct Tree {
    nodes: Vec<Node>,
    parameters: Option<Parameters>,
    _depth: u16,
    /// Rows that it was grown on, each as often as it was drawn.
    root_mass: f64,
}

/// Its node.
#[derive(Deserialize)]
struct Node {
    /// The share of the second class.
    output: f64,
    split_feature: usize,
    split_value: Option<f64>,
    /// Σ(y − ȳ)² of the node less those of its children.
    split_score: Option<f64>,
    true_child: Option<usize>,
    false_child: Option<usize>,
}

#[derive(Deserialize)]
struct Parameters {
    max_depth: Option<u16>,
    min_samples_leaf: usize,
    min_samples_split: usize,
    seed: Option<u64>,
    _splitter: u32,
}

/// smartcore's `DecisionTreeClassifier`.
#[derive(Serialize)]
struct ClassTree {
    nodes: Vec<ClassNode>,
    parameters: Option<ClassParameters>,
    num_classes: usize,
    classes: Vec<u32>,
    depth: u16,
    num_features: usize,
}

/// Its node.
#[derive(Serialize)]
struct ClassNode {
    output: usize,
    n_node_samples: usize,
    split_feature: usize,
    split_value: Option<f64>,
    split_score: Option<f64>,
    true_child: Option<usize>,
    false_child: Option<usize>,
    impurity: Option<f64>,
}

#[derive(Serialize)]
struct ClassParameters {
    /// The position of `Gini` among smartcore's criteria.
    criterion: u32,
    max_depth: Option<u16>,
    min_samples_leaf: usize,
    min_samples_split: usize,
    seed: Option<u64>,
}

/// The trees of a forest of zeros and ones as classification trees, serialized one after the other.
pub(super) fn of_forest(forest: &ForestRegressor, n_columns: usize) -> Result<Vec<u8>, String> {
    let bytes = postcard::to_allocvec(forest).map_err(|e| e.to_string())?;
    let forest: Option<Forest> = postcard::from_bytes(&bytes).map_err(|e| e.to_string())?;
    let mut trees = Vec::new();
    for tree in forest.and_then(|f| f.trees).unwrap_or_default() {
        trees = postcard::to_extend(&classes_of(&tree, n_columns), trees).map_err(|e| e.to_string())?;
    }
    Ok(trees)
}

/// A tree of zeros and ones as a classification tree.
pub(super) fn of_tree(tree: &TreeRegressor, n_columns: usize) -> Result<TreeClassifier, String> {
    let bytes = postcard::to_allocvec(tree).map_err(|e| e.to_string())?;
    let (tree, _): (Option<Tree>, Option<usize>) = postcard::from_bytes(&bytes).map_err(|e| e.to_string())?;
    let tree = tree.ok_or_else(|| "the tree was never fitted".to_owned())?;
    let bytes = postcard::to_allocvec(&classes_of(&tree, n_columns)).map_err(|e| e.to_string())?;
    postcard::from_bytes(&bytes).map_err(|e| e.to_string())
}

/// A node yet to be looked at.
struct Visit {
    from: usize,
    level: u16,
    n_rows: f64,
}

fn classes_of(tree: &Tree, num_features: usize) -> ClassTree {
    let visit = |from, level, n_rows| Visit { from, level, n_rows };
    let mut visits = vec![visit(0, 1, tree.root_mass)];
    let mut nodes = Vec::new();
    let mut depth = 0;
    while let Some(&Visit { from, level, n_rows }) = visits.get(nodes.len()) {
        let node = &tree.nodes[from];
        let mut new = leaf(node, n_rows);
        if let (Some(yes), Some(no), true) = (node.true_child, node.false_child, is_mixed(node)) {
            let n_yes = rows_of_first(node, &tree.nodes[yes], &tree.nodes[no], n_rows);
            new.split_feature = node.split_feature;
            new.split_value = node.split_value;
            new.split_score = node.split_score.map(|score| 2.0 * score / n_rows);
            new.true_child = Some(visits.len());
            new.false_child = Some(visits.len() + 1);
            depth = level.saturating_add(1).max(depth);
            visits.push(visit(yes, level.saturating_add(1), n_yes));
            visits.push(visit(no, level.saturating_add(1), n_rows - n_yes));
        }
        nodes.push(new);
    }
    let parameters = tree.parameters.as_ref().map(|p| ClassParameters {
        criterion: 0,
        max_depth: p.max_depth,
        min_samples_leaf: p.min_samples_leaf,
        min_samples_split: p.min_samples_split,
        seed: p.seed,
    });
    ClassTree { nodes, parameters, num_classes: 2, classes: vec![0, 1], depth, num_features }
}

fn is_mixed(node: &Node) -> bool {
    node.output > 0.0 && node.output < 1.0
}

#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a row count")]
fn leaf(node: &Node, n_rows: f64) -> ClassNode {
    let share = node.output;
    ClassNode {
        output: usize::from(share > 0.5),
        n_node_samples: n_rows as usize,
        split_feature: 0,
        split_value: None,
        split_score: None,
        true_child: None,
        false_child: None,
        impurity: Some(2.0 * share * (1.0 - share)),
    }
}

/// The rows of the first child, from the shares of the second class: n·p = n₁·p₁ + (n − n₁)·p₂. Half of them where the
/// shares are equal, which leaves the count open; nothing that predicts reads it.
fn rows_of_first(node: &Node, first: &Node, second: &Node, n_rows: f64) -> f64 {
    let exact = n_rows * (node.output - second.output) / (first.output - second.output);
    let whole = if exact.is_finite() { exact.round() } else { (n_rows / 2.0).floor() };
    whole.clamp(1.0, (n_rows - 1.0).max(1.0))
}
