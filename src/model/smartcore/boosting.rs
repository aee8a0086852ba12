//! smartcore's `XGRegressor` from its bytes: nested boxes, unfolded with a stack of our own.
//!
//! A node is its left child (an option), its right child (an option), value, threshold, feature, score: children come
//! before their parent's numbers. A decoder derived by serde would recurse as deep as a hostile file likes.

use super::postcard::PostcardReader;
use super::trees::split;
use crate::model::ir::Node;

/// A boosted ensemble: prediction = `base_score` + Σ `learning_rate` · leaf, in tree order.
pub(super) struct Boosting {
    pub(super) trees: Vec<Vec<Node>>,
    pub(super) base_score: f64,
    pub(super) learning_rate: f64,
}

/// An open node: what of it has been read.
struct Open {
    node: u32,
    left_done: bool,
    left: Option<u32>,
    right: Option<u32>,
}

/// Reads an ensemble.
pub(super) fn boosting(reader: &mut PostcardReader<'_>) -> Result<Boosting, String> {
    reader.some("the list of trees")?;
    // A leaf is two option tags, three f64 and an index.
    let n = reader.length(27, "trees")?;
    let trees = (0..n).map(|_| tree(reader)).collect::<Result<Vec<_>, String>>()?;
    reader.some("the parameters")?;
    let n_estimators = reader.u64()?;
    if n_estimators != n as u64 {
        return reader.fault(format_args!("{n} trees, the parameters say {n_estimators}"));
    }
    let _max_depth = reader.u64()?;
    let learning_rate = reader.finite("learning rate")?;
    let _min_child_weight = reader.u64()?;
    let _lambda = reader.number("lambda")?;
    let _gamma = reader.number("gamma")?;
    let base_score = reader.finite("base score")?;
    let _subsample = reader.number("subsample")?;
    let _seed = reader.u64()?;
    if reader.u32()? != 0 {
        return reader.fault("there is no such objective");
    }
    Ok(Boosting { trees, base_score, learning_rate })
}

/// One tree, nodes numbered in the order they begin (a parent before its children, left before right).
fn tree(reader: &mut PostcardReader<'_>) -> Result<Vec<Node>, String> {
    let mut nodes = Vec::new();
    let mut open = vec![begin(&mut nodes, reader)?];
    while let Some(top) = open.last_mut() {
        if !top.left_done {
            top.left_done = true;
            if reader.flag()? {
                let child = begin(&mut nodes, reader)?;
                top.left = Some(child.node);
                open.push(child);
            }
            continue;
        }
        // The right child is read once: a node that has one is finished when it comes up again.
        if top.right.is_none() {
            let has_right = reader.flag()?;
            if has_right != top.left.is_some() {
                return reader.fault("a node has one child");
            }
            if has_right {
                let child = begin(&mut nodes, reader)?;
                top.right = Some(child.node);
                open.push(child);
                continue;
            }
        }
        nodes[top.node as usize] = finish(top, reader)?;
        open.pop();
    }
    Ok(nodes)
}

/// Adds a node.
fn begin(nodes: &mut Vec<Node>, reader: &PostcardReader<'_>) -> Result<Open, String> {
    let Ok(node) = u32::try_from(nodes.len()) else {
        return reader.fault("a tree has too many nodes");
    };
    nodes.push(Node::Leaf(0.0));
    Ok(Open { node, left_done: false, left: None, right: None })
}

/// Reads a node's own numbers.
fn finish(open: &Open, reader: &mut PostcardReader<'_>) -> Result<Node, String> {
    let value = reader.finite("leaf value")?;
    let threshold = reader.number("threshold")?;
    let feature = reader.u64()?;
    let _score = reader.number("score")?;
    match (open.left, open.right) {
        (Some(left), Some(right)) => split(reader, open.node as usize, feature, threshold, (left, right)),
        _ => Ok(Node::Leaf(value)),
    }
}
