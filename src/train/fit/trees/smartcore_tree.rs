//! Writes the trees that `cart` grows as smartcore's `DecisionTreeClassifier`, through its serialized form because its
//! fields are private, and the shares of their leaves beside it. "Equal to smartcore" means smartcore's own `predict`
//! on that object, which votes: `--vote`.

use serde::Serialize;

use crate::train::fit::task::{FitTask, FittedBytes, leaf, levels};
use crate::train::fit::trees::cart::{GrowthLimits, RankedRows, Ranks, TreeNode};
use crate::train::random::SplitMix64;

/// smartcore's `DecisionTreeClassifier`.
#[derive(Serialize)]
struct ClassTree {
    nodes: Vec<ClassNode>,
    parameters: Option<Parameters>,
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
struct Parameters {
    /// The position of `Gini` among smartcore's criteria.
    criterion: u32,
    max_depth: Option<u16>,
    min_samples_leaf: usize,
    min_samples_split: usize,
    seed: Option<u64>,
}

/// A tree on all rows, looking at all columns; gives its sections.
pub(crate) fn tree(task: &FitTask<'_>, classes: &[u32]) -> Result<FittedBytes, String> {
    let ranks = Ranks::new(task.matrix, task.n_columns);
    let table = RankedRows::new(task.matrix, &ranks, classes, task.n_classes);
    let limits = limits(task, task.n_columns);
    let nodes = table.grow(&vec![1; classes.len()], limits, &mut SplitMix64::new(task.seed, 0));
    let mut fitted = FittedBytes::default();
    push(&mut fitted, task, limits, &nodes, task.seed)?;
    // A list of one tree.
    fitted.shares = fitted.shares.map(|leaves| [&[1], leaves.as_slice()].concat());
    Ok(fitted)
}

/// So many trees of a forest, each on rows of its own drawing; serialized one after the other, as are their leaves'
/// shares.
pub(crate) fn of_forest(
    task: &FitTask<'_>,
    ranks: &Ranks,
    classes: &[u32],
    n_trees: usize,
    seed: u64,
) -> Result<FittedBytes, String> {
    let table = RankedRows::new(task.matrix, ranks, classes, task.n_classes);
    let limits = limits(task, task.parameters.columns_per_split(task.n_columns));
    let mut fitted = FittedBytes::default();
    for tree in (0..).take(n_trees) {
        let mut random = SplitMix64::new(seed, tree);
        let drawn = table.draw(&mut random);
        let nodes = table.grow(&drawn, limits, &mut random);
        push(&mut fitted, task, limits, &nodes, seed)?;
    }
    Ok(fitted)
}

/// Appends a tree, and its leaves' rows unless trees vote.
fn push(
    fitted: &mut FittedBytes,
    task: &FitTask<'_>,
    limits: GrowthLimits,
    nodes: &[TreeNode],
    seed: u64,
) -> Result<(), String> {
    let tree = written(task, limits, nodes, seed);
    fitted.estimator = extended(std::mem::take(&mut fitted.estimator), &tree)?;
    if task.votes {
        return Ok(());
    }
    let leaves: Vec<&[(u32, u32)]> =
        nodes.iter().filter(|node| node.split.is_none()).map(|node| node.rows.as_slice()).collect();
    fitted.shares = Some(extended(fitted.shares.take().unwrap_or_default(), &leaves)?);
    Ok(())
}

fn extended(bytes: Vec<u8>, value: &impl Serialize) -> Result<Vec<u8>, String> {
    postcard::to_extend(value, bytes).map_err(|e| e.to_string())
}

fn limits(task: &FitTask<'_>, columns: usize) -> GrowthLimits {
    let p = task.parameters;
    GrowthLimits { levels: levels(p), min_samples_leaf: leaf(p), columns }
}

fn written(task: &FitTask<'_>, limits: GrowthLimits, nodes: &[TreeNode], seed: u64) -> ClassTree {
    ClassTree {
        // As smartcore has it: 0 for a root alone.
        depth: nodes.last().map_or(0, |last| if nodes.len() > 1 { last.level } else { 0 }),
        nodes: nodes.iter().map(class_node).collect(),
        parameters: Some(Parameters {
            criterion: 0,
            max_depth: limits.levels,
            min_samples_leaf: limits.min_samples_leaf,
            min_samples_split: 2,
            seed: Some(seed),
        }),
        num_classes: task.n_classes,
        classes: (0..).take(task.n_classes).collect(),
        num_features: task.n_columns,
    }
}

fn class_node(node: &TreeNode) -> ClassNode {
    let split = node.split.as_ref();
    ClassNode {
        output: node.class,
        n_node_samples: node.n_rows,
        split_feature: split.map_or(0, |split| split.column),
        split_value: split.map(|split| split.threshold),
        split_score: split.map(|split| split.gain),
        true_child: split.map(|split| split.children),
        false_child: split.map(|split| split.children + 1),
        impurity: Some(node.impurity),
    }
}
