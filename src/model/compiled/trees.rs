//! Decision trees as the `estimator` section holds them: smartcore's nodes in smartcore's order, every index checked.
//!
//! Stands apart from `forest`, which predicts: the `cover` section counts rows per node in this order.

use super::wire::{Fault, Wire};

/// A node: a split when `children` is there, else a leaf.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Node {
    /// Rows whose `feature` is ≤ `threshold` go to the first child. Undefined in a leaf.
    pub(super) threshold: f64,
    /// The predicted value, or the position of the predicted class. Only leaves' are used.
    pub(super) value: f64,
    /// Encoded column; below the model's number of columns in a split.
    pub(super) feature: u16,
    /// Positions of the true and the false child, both after the node itself.
    pub(super) children: Option<(u32, u32)>,
}

/// One tree; the root is node 0. Each other node is the child of exactly one node before it.
pub(super) type Tree = Vec<Node>;

/// Nodes of one tree at most, so that positions fit 31 bits with room for a flag.
const MAX_NODES: usize = 1 << 30;

/// Checks that make walking a tree certain to end at a leaf within its own length.
pub(super) fn check(tree: &[Node], n_columns: usize, wire: &Wire<'_>) -> Result<(), Fault> {
    if tree.is_empty() {
        return wire.fault("a tree has no nodes");
    }
    let mut has_parent = vec![false; tree.len()];
    for (i, node) in tree.iter().enumerate() {
        let Some((left, right)) = node.children else { continue };
        if usize::from(node.feature) >= n_columns {
            return wire.fault(format_args!("node {i} splits on column {} of {n_columns}", node.feature));
        }
        if !node.threshold.is_finite() {
            return wire.fault(format_args!("the threshold of node {i} is not finite"));
        }
        for child in [left as usize, right as usize] {
            if child <= i || child >= tree.len() {
                return wire.fault(format_args!("node {i} has the child {child} in a tree of {} nodes", tree.len()));
            }
            if std::mem::replace(&mut has_parent[child], true) {
                return wire.fault(format_args!("node {child} has two parents"));
            }
        }
    }
    match has_parent.iter().skip(1).position(|has| !has) {
        Some(orphan) => wire.fault(format_args!("node {} has no parent", orphan + 1)),
        None => Ok(()),
    }
}

/// smartcore's `BaseTree` with f64 outputs: a regression tree.
pub(super) fn regression_tree(wire: &mut Wire<'_>, n_columns: usize) -> Result<Tree, Fault> {
    let tree = nodes(wire, 13, |wire| {
        let value = wire.finite("leaf value")?;
        split(wire, value)
    })?;
    wire.option(|wire| {
        base_parameters(wire)?;
        match wire.u32()? {
            0 | 1 => Ok(()),
            other => wire.fault(format_args!("there is no splitter {other}")),
        }
    })?;
    let _depth = wire.u64()?;
    let _root_mass = wire.f64()?;
    check(&tree, n_columns, wire)?;
    Ok(tree)
}

/// smartcore's `DecisionTreeClassifier`, whose classes are the positions 0 to `n_classes` − 1.
pub(super) fn classification_tree(wire: &mut Wire<'_>, n_columns: usize, n_classes: usize) -> Result<Tree, Fault> {
    let tree = nodes(wire, 8, |wire| {
        let class = wire.u32()?;
        if class as usize >= n_classes {
            return wire.fault(format_args!("a node predicts class {class} of {n_classes}"));
        }
        let _n_node_samples = wire.u64()?;
        let node = split(wire, f64::from(class))?;
        let _impurity = wire.option(Wire::f64)?;
        Ok(node)
    })?;
    wire.option(|wire| {
        if wire.u32()? > 2 {
            return wire.fault("there is no such split criterion");
        }
        base_parameters(wire)
    })?;
    let classes_told = wire.u64()?;
    if classes_told != n_classes as u64 {
        return wire.fault(format_args!("a tree was fitted on {classes_told} classes, the header lists {n_classes}"));
    }
    classes(wire, n_classes)?;
    let _depth = wire.u64()?;
    columns(wire, n_columns)?;
    check(&tree, n_columns, wire)?;
    Ok(tree)
}

/// The class list of an estimator fitted on class positions: 0, 1, … in order.
pub(super) fn classes(wire: &mut Wire<'_>, n_classes: usize) -> Result<(), Fault> {
    let n = wire.length(1, "classes")?;
    if n != n_classes {
        return wire.fault(format_args!("{n} classes, the header lists {n_classes}"));
    }
    for expected in 0..n_classes {
        if wire.u64()? != expected as u64 {
            return wire.fault("the classes are not 0, 1, … in order");
        }
    }
    Ok(())
}

/// The number of columns that an estimator was fitted on.
pub(super) fn columns(wire: &mut Wire<'_>, n_columns: usize) -> Result<(), Fault> {
    let told = wire.u64()?;
    if told == n_columns as u64 {
        return Ok(());
    }
    wire.fault(format_args!("the estimator was fitted on {told} columns, preprocessing gives {n_columns}"))
}

fn nodes<'a>(
    wire: &mut Wire<'a>,
    smallest: usize,
    mut read: impl FnMut(&mut Wire<'a>) -> Result<Node, Fault>,
) -> Result<Tree, Fault> {
    let n = wire.length(smallest, "nodes")?;
    if n > MAX_NODES {
        return wire.fault(format_args!("{n} nodes are too many"));
    }
    let mut tree = Vec::with_capacity(n);
    for _ in 0..n {
        tree.push(read(wire)?);
    }
    Ok(tree)
}

/// The fields from `split_feature` to `false_child`.
#[inline]
fn split(wire: &mut Wire<'_>, value: f64) -> Result<Node, Fault> {
    let feature = wire.u64()?;
    let threshold = wire.option(Wire::f64)?;
    let _score = wire.option(Wire::f64)?;
    let children = match (wire.option(Wire::u32)?, wire.option(Wire::u32)?) {
        (Some(left), Some(right)) => Some((left, right)),
        (None, None) => None,
        _ => return wire.fault("a node has one child"),
    };
    let feature = match u16::try_from(feature) {
        Ok(feature) => feature,
        Err(_) if children.is_none() => 0,
        Err(_) => return wire.fault(format_args!("a node splits on column {feature}")),
    };
    Ok(Node { threshold: threshold.unwrap_or(f64::NAN), value, feature, children })
}

/// `max_depth`, `min_samples_leaf`, `min_samples_split`, `seed`.
fn base_parameters(wire: &mut Wire<'_>) -> Result<(), Fault> {
    wire.option(Wire::u64)?;
    wire.u64()?;
    wire.u64()?;
    wire.option(Wire::u64)?;
    Ok(())
}
