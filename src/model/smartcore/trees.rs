//! smartcore's decision trees from their bytes, in its own node order.

use super::postcard::PostcardReader;
use super::shape::Shape;
use super::shares::LeafShares;
use crate::model::ir::{Missing, Node, Split, Test};

/// smartcore's `BaseTree` with f64 outputs: a regression tree.
pub(super) fn regression_tree(reader: &mut PostcardReader<'_>) -> Result<Vec<Node>, String> {
    let tree = nodes(reader, 13, |reader, i| {
        let value = reader.finite("leaf value")?;
        node(reader, i, value)
    })?;
    reader.option(|reader| {
        base_parameters(reader)?;
        match reader.u32()? {
            0 | 1 => Ok(()),
            other => reader.fault(format_args!("there is no splitter {other}")),
        }
    })?;
    let _depth = reader.u64()?;
    let _root_mass = reader.number("root mass")?;
    Ok(tree)
}

/// smartcore's `DecisionTreeClassifier`, whose classes are the positions 0 to `n_classes` − 1. Its leaves hold the
/// class that they vote for, or their position among the `shares`.
pub(super) fn classification_tree(
    reader: &mut PostcardReader<'_>,
    shape: Shape,
    mut shares: Option<&mut LeafShares<'_>>,
) -> Result<Vec<Node>, String> {
    let n_classes = shape.n_classes;
    if let Some(shares) = &mut shares {
        shares.begin_tree()?;
    }
    let tree = nodes(reader, 8, |reader, i| {
        let class = reader.u32()?;
        if class as usize >= n_classes {
            return reader.fault(format_args!("a node predicts class {class} of {n_classes}"));
        }
        let n_rows = reader.u64()?;
        let node = node(reader, i, f64::from(class))?;
        let _impurity = reader.option(|reader| reader.number("impurity"))?;
        match (node, &mut shares) {
            (Node::Leaf(_), Some(shares)) => shares.leaf(class, n_rows).map(Node::Leaf),
            (node, _) => Ok(node),
        }
    })?;
    if let Some(shares) = shares {
        shares.end_tree()?;
    }
    reader.option(|reader| {
        if reader.u32()? > 2 {
            return reader.fault("there is no such split criterion");
        }
        base_parameters(reader)
    })?;
    let declared = reader.u64()?;
    if declared != n_classes as u64 {
        return reader.fault(format_args!("a tree was fitted on {declared} classes, the header lists {n_classes}"));
    }
    shape.read_classes(reader)?;
    let _depth = reader.u64()?;
    shape.read_columns(reader)?;
    Ok(tree)
}

fn nodes<'a>(
    reader: &mut PostcardReader<'a>,
    smallest: usize,
    mut read: impl FnMut(&mut PostcardReader<'a>, usize) -> Result<Node, String>,
) -> Result<Vec<Node>, String> {
    let n = reader.length(smallest, "nodes")?;
    let mut tree = Vec::with_capacity(n);
    for i in 0..n {
        tree.push(read(reader, i)?);
    }
    Ok(tree)
}

/// The fields from `split_feature` to `false_child` of node `i`; `value` is what it holds if it is a leaf.
#[inline]
fn node(reader: &mut PostcardReader<'_>, i: usize, value: f64) -> Result<Node, String> {
    let feature = reader.u64()?;
    let threshold = reader.option(|reader| reader.number("threshold"))?;
    let _score = reader.option(|reader| reader.number("score"))?;
    match (reader.option(PostcardReader::u32)?, reader.option(PostcardReader::u32)?) {
        (Some(left), Some(right)) => split(reader, i, feature, threshold.unwrap_or(f64::NAN), (left, right)),
        (None, None) => Ok(Node::Leaf(value)),
        _ => reader.fault("a node has one child"),
    }
}

/// A split as smartcore has them: a cell at or below the threshold goes to the first child, all else to the second.
#[inline]
pub(super) fn split(
    reader: &PostcardReader<'_>,
    i: usize,
    feature: u64,
    threshold: f64,
    children: (u32, u32),
) -> Result<Node, String> {
    let Ok(column) = u16::try_from(feature) else {
        return reader.fault(format_args!("a node splits on column {feature}"));
    };
    if !threshold.is_finite() {
        return reader.fault(format_args!("the threshold of node {i} is not finite"));
    }
    Ok(Node::Split(Split { test: Test::AtMost(threshold), children, column, missing: Missing::Fails }))
}

/// `max_depth`, `min_samples_leaf`, `min_samples_split`, `seed`.
fn base_parameters(reader: &mut PostcardReader<'_>) -> Result<(), String> {
    reader.option(PostcardReader::u64)?;
    reader.u64()?;
    reader.u64()?;
    reader.option(PostcardReader::u64)?;
    Ok(())
}
