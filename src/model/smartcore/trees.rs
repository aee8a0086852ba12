//! Decision trees as the `estimator` section holds them: smartcore's nodes in smartcore's order, every index checked.
//!
//! Stands apart from `forest`, which predicts: the `cover` section counts rows per node in this order.

use super::postcard::{Fault, Reader};

/// A node: a split when `children` is there, else a leaf.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(in crate::model) struct Node {
    /// Rows whose `feature` is ≤ `threshold` go to the first child. Undefined in a leaf.
    pub(in crate::model) threshold: f64,
    /// The predicted value, or the position of the predicted class. Only leaves' are used.
    pub(in crate::model) value: f64,
    /// Encoded column; below the model's number of columns in a split.
    pub(in crate::model) feature: u16,
    /// Positions of the true and the false child, both after the node itself.
    pub(in crate::model) children: Option<(u32, u32)>,
}

/// One tree; the root is node 0. Each other node is the child of exactly one node before it.
pub(in crate::model) type Tree = Vec<Node>;

/// Nodes of one tree at most, so that positions fit 31 bits with room for a flag.
const MAX_NODES: usize = 1 << 30;

/// Checks that make walking a tree certain to end at a leaf within its own length.
pub(in crate::model) fn check(tree: &[Node], n_columns: usize, reader: &Reader<'_>) -> Result<(), Fault> {
    if tree.is_empty() {
        return reader.fault("a tree has no nodes");
    }
    let mut has_parent = vec![false; tree.len()];
    for (i, node) in tree.iter().enumerate() {
        let Some((left, right)) = node.children else { continue };
        if usize::from(node.feature) >= n_columns {
            return reader.fault(format_args!("node {i} splits on column {} of {n_columns}", node.feature));
        }
        if !node.threshold.is_finite() {
            return reader.fault(format_args!("the threshold of node {i} is not finite"));
        }
        for child in [left as usize, right as usize] {
            if child <= i || child >= tree.len() {
                return reader.fault(format_args!("node {i} has the child {child} in a tree of {} nodes", tree.len()));
            }
            if std::mem::replace(&mut has_parent[child], true) {
                return reader.fault(format_args!("node {child} has two parents"));
            }
        }
    }
    match has_parent.iter().skip(1).position(|has| !has) {
        Some(orphan) => reader.fault(format_args!("node {} has no parent", orphan + 1)),
        None => Ok(()),
    }
}

/// smartcore's `BaseTree` with f64 outputs: a regression tree.
pub(in crate::model) fn regression_tree(reader: &mut Reader<'_>, n_columns: usize) -> Result<Tree, Fault> {
    let tree = nodes(reader, 13, |reader| {
        let value = reader.finite("leaf value")?;
        split(reader, value)
    })?;
    reader.option(|reader| {
        base_parameters(reader)?;
        match reader.u32()? {
            0 | 1 => Ok(()),
            other => reader.fault(format_args!("there is no splitter {other}")),
        }
    })?;
    let _depth = reader.u64()?;
    let _root_mass = reader.f64()?;
    check(&tree, n_columns, reader)?;
    Ok(tree)
}

/// smartcore's `DecisionTreeClassifier`, whose classes are the positions 0 to `n_classes` − 1.
pub(in crate::model) fn classification_tree(
    reader: &mut Reader<'_>,
    n_columns: usize,
    n_classes: usize,
) -> Result<Tree, Fault> {
    let tree = nodes(reader, 8, |reader| {
        let class = reader.u32()?;
        if class as usize >= n_classes {
            return reader.fault(format_args!("a node predicts class {class} of {n_classes}"));
        }
        let _n_node_samples = reader.u64()?;
        let node = split(reader, f64::from(class))?;
        let _impurity = reader.option(Reader::f64)?;
        Ok(node)
    })?;
    reader.option(|reader| {
        if reader.u32()? > 2 {
            return reader.fault("there is no such split criterion");
        }
        base_parameters(reader)
    })?;
    let classes_told = reader.u64()?;
    if classes_told != n_classes as u64 {
        return reader.fault(format_args!("a tree was fitted on {classes_told} classes, the header lists {n_classes}"));
    }
    classes(reader, n_classes)?;
    let _depth = reader.u64()?;
    columns(reader, n_columns)?;
    check(&tree, n_columns, reader)?;
    Ok(tree)
}

/// The class list of an estimator fitted on class positions: 0, 1, … in order.
pub(in crate::model) fn classes(reader: &mut Reader<'_>, n_classes: usize) -> Result<(), Fault> {
    let n = reader.length(1, "classes")?;
    if n != n_classes {
        return reader.fault(format_args!("{n} classes, the header lists {n_classes}"));
    }
    for expected in 0..n_classes {
        if reader.u64()? != expected as u64 {
            return reader.fault("the classes are not 0, 1, … in order");
        }
    }
    Ok(())
}

/// The number of columns that an estimator was fitted on.
pub(in crate::model) fn columns(reader: &mut Reader<'_>, n_columns: usize) -> Result<(), Fault> {
    let told = reader.u64()?;
    if told == n_columns as u64 {
        return Ok(());
    }
    reader.fault(format_args!("the estimator was fitted on {told} columns, preprocessing gives {n_columns}"))
}

fn nodes<'a>(
    reader: &mut Reader<'a>,
    smallest: usize,
    mut read: impl FnMut(&mut Reader<'a>) -> Result<Node, Fault>,
) -> Result<Tree, Fault> {
    let n = reader.length(smallest, "nodes")?;
    if n > MAX_NODES {
        return reader.fault(format_args!("{n} nodes are too many"));
    }
    let mut tree = Vec::with_capacity(n);
    for _ in 0..n {
        tree.push(read(reader)?);
    }
    Ok(tree)
}

/// The fields from `split_feature` to `false_child`.
#[inline]
fn split(reader: &mut Reader<'_>, value: f64) -> Result<Node, Fault> {
    let feature = reader.u64()?;
    let threshold = reader.option(Reader::f64)?;
    let _score = reader.option(Reader::f64)?;
    let children = match (reader.option(Reader::u32)?, reader.option(Reader::u32)?) {
        (Some(left), Some(right)) => Some((left, right)),
        (None, None) => None,
        _ => return reader.fault("a node has one child"),
    };
    let feature = match u16::try_from(feature) {
        Ok(feature) => feature,
        Err(_) if children.is_none() => 0,
        Err(_) => return reader.fault(format_args!("a node splits on column {feature}")),
    };
    Ok(Node { threshold: threshold.unwrap_or(f64::NAN), value, feature, children })
}

/// `max_depth`, `min_samples_leaf`, `min_samples_split`, `seed`.
fn base_parameters(reader: &mut Reader<'_>) -> Result<(), Fault> {
    reader.option(Reader::u64)?;
    reader.u64()?;
    reader.u64()?;
    reader.option(Reader::u64)?;
    Ok(())
}
