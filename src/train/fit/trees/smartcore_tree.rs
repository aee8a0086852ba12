//! Writes the trees that `cart` grows as smartcore's `DecisionTreeClassifier` and as its regression trees, through their
//! serialized form because their fields are private, and the shares of the leaves of classes beside it. "Equal to
//! smartcore" means smartcore's own `predict` on that object; of classes it votes: `--vote`.

use serde::Serialize;

use crate::model::algorithm::Algorithm;
use crate::train::fit::task::{FitTask, FittedBytes, leaf, levels};
use crate::train::fit::trees::cart::{
    ClassCounts, Gini, GrowthLimits, NodeSplit, RankedRows, Ranks, TreeNode, Variance,
};
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
    split: SplitFields,
    impurity: Option<f64>,
}

/// smartcore's `BaseTree` with f64 outputs.
#[derive(Serialize)]
struct NumberTree {
    nodes: Vec<NumberNode>,
    parameters: Option<BaseParameters>,
    depth: u16,
    root_mass: f64,
}

/// Its node.
#[derive(Serialize)]
struct NumberNode {
    output: f64,
    split: SplitFields,
}

/// The fields of a split, the same in both nodes.
#[derive(Serialize)]
struct SplitFields {
    split_feature: usize,
    split_value: Option<f64>,
    split_score: Option<f64>,
    true_child: Option<usize>,
    false_child: Option<usize>,
}

#[derive(Serialize)]
struct BaseParameters {
    limits: LimitFields,
    /// The position among smartcore's splitters: 0 random, 1 best.
    splitter: u32,
}

#[derive(Serialize)]
struct Parameters {
    /// The position of `Gini` among smartcore's criteria.
    criterion: u32,
    limits: LimitFields,
}

/// The fields of when growing stops, the same in both parameters.
#[derive(Serialize)]
struct LimitFields {
    max_depth: Option<u16>,
    min_samples_leaf: usize,
    min_samples_split: usize,
    seed: Option<u64>,
}

/// A tree on all rows, looking at all columns; gives its sections.
pub(crate) fn tree(task: &FitTask<'_>, classes: &[u32]) -> Result<FittedBytes, String> {
    let ranks = Ranks::new(task.matrix, task.n_columns);
    let table = RankedRows::new(task.matrix, &ranks);
    let limits = limits(task, task.n_columns);
    let gini = Gini::new(classes, task.n_classes);
    let nodes = table.grow(gini, &vec![1; classes.len()], limits, &mut SplitMix64::new(task.seed, 0));
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
    let table = RankedRows::new(task.matrix, ranks);
    let limits = limits(task, task.parameters.columns_per_split(task.n_columns));
    let mut fitted = FittedBytes::default();
    for tree in (0..).take(n_trees) {
        let mut random = SplitMix64::new(seed, tree);
        let drawn = table.draw(&mut random);
        let nodes = table.grow(Gini::new(classes, task.n_classes), &drawn, limits, &mut random);
        push(&mut fitted, task, limits, &nodes, seed)?;
    }
    Ok(fitted)
}

/// The same of numbers, of which `values` are what is left without `mean`; extra trees are grown on all rows.
pub(crate) fn of_numbers(
    task: &FitTask<'_>,
    ranks: &Ranks,
    (values, mean): (&[f64], f64),
    n_trees: usize,
    seed: u64,
) -> Result<Vec<u8>, String> {
    let table = RankedRows::new(task.matrix, ranks);
    let is_random = task.algorithm == Algorithm::ExtraTrees;
    let columns = task.parameters.columns_per_split(task.n_columns);
    let limits = GrowthLimits { is_random, ..limits(task, columns) };
    (0..).take(n_trees).try_fold(Vec::new(), |bytes, tree| {
        let mut random = SplitMix64::new(seed, tree);
        let drawn = if is_random { vec![1; values.len()] } else { table.draw(&mut random) };
        let nodes = table.grow(Variance::new(values, mean), &drawn, limits, &mut random);
        extended(bytes, &number_tree(limits, &nodes, seed))
    })
}

/// Appends a tree, and its leaves' rows unless trees vote.
fn push(
    fitted: &mut FittedBytes,
    task: &FitTask<'_>,
    limits: GrowthLimits,
    nodes: &[TreeNode<ClassCounts>],
    seed: u64,
) -> Result<(), String> {
    let tree = written(task, limits, nodes, seed);
    fitted.estimator = extended(std::mem::take(&mut fitted.estimator), &tree)?;
    if task.votes {
        return Ok(());
    }
    let leaves: Vec<&[(u32, u32)]> =
        nodes.iter().filter(|node| node.split.is_none()).map(|node| node.value.rows.as_slice()).collect();
    fitted.shares = Some(extended(fitted.shares.take().unwrap_or_default(), &leaves)?);
    Ok(())
}

fn extended(bytes: Vec<u8>, value: &impl Serialize) -> Result<Vec<u8>, String> {
    postcard::to_extend(value, bytes).map_err(|e| e.to_string())
}

fn limits(task: &FitTask<'_>, columns: usize) -> GrowthLimits {
    let p = task.parameters;
    GrowthLimits { levels: levels(p), min_samples_leaf: leaf(p), columns, is_random: false }
}

fn written(task: &FitTask<'_>, limits: GrowthLimits, nodes: &[TreeNode<ClassCounts>], seed: u64) -> ClassTree {
    ClassTree {
        depth: depth(nodes),
        nodes: nodes.iter().map(class_node).collect(),
        parameters: Some(Parameters { criterion: 0, limits: limit_fields(limits, seed) }),
        num_classes: task.n_classes,
        classes: (0..).take(task.n_classes).collect(),
        num_features: task.n_columns,
    }
}

/// As smartcore has it: 0 for a root alone.
fn depth<V>(nodes: &[TreeNode<V>]) -> u16 {
    nodes.last().map_or(0, |last| if nodes.len() > 1 { last.level } else { 0 })
}

#[expect(clippy::cast_precision_loss, reason = "row counts stay far below 2^53")]
fn number_tree(limits: GrowthLimits, nodes: &[TreeNode<f64>], seed: u64) -> NumberTree {
    NumberTree {
        depth: depth(nodes),
        root_mass: nodes.first().map_or(0.0, |root| root.n_rows as f64),
        nodes: nodes.iter().map(number_node).collect(),
        parameters: Some(BaseParameters { limits: limit_fields(limits, seed), splitter: u32::from(!limits.is_random) }),
    }
}

fn limit_fields(limits: GrowthLimits, seed: u64) -> LimitFields {
    LimitFields {
        max_depth: limits.levels,
        min_samples_leaf: limits.min_samples_leaf,
        min_samples_split: 2,
        seed: Some(seed),
    }
}

fn number_node(node: &TreeNode<f64>) -> NumberNode {
    NumberNode { output: node.value, split: split_fields(node.split.as_ref()) }
}

fn class_node(node: &TreeNode<ClassCounts>) -> ClassNode {
    ClassNode {
        output: node.value.class,
        n_node_samples: node.n_rows,
        split: split_fields(node.split.as_ref()),
        impurity: Some(node.impurity),
    }
}

fn split_fields(split: Option<&NodeSplit>) -> SplitFields {
    SplitFields {
        split_feature: split.map_or(0, |split| split.column),
        split_value: split.map(|split| split.threshold),
        split_score: split.map(|split| split.gain),
        true_child: split.map(|split| split.children),
        false_child: split.map(|split| split.children + 1),
    }
}
