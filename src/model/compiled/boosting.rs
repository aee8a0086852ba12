//! smartcore's `XGRegressor` from its bytes: nested boxes, unfolded with a stack of our own.
//!
//! Stands apart from `trees` because its nodes hold their children instead of naming them. On the wire a node is: left
//! child (an option), right child (an option), value, threshold, feature, score — children before their parent's
//! numbers — so that a decoder derived by serde would recurse as deep as a hostile file likes.

use super::trees::{Node, Tree, check};
use super::wire::{Fault, Wire};

/// A boosted ensemble: prediction = `base_score` + Σ `learning_rate` · leaf, in tree order.
#[derive(Debug)]
pub(super) struct Boosting {
    pub(super) trees: Vec<Tree>,
    pub(super) base_score: f64,
    pub(super) learning_rate: f64,
}

/// An open node: what of it has been read.
struct Open {
    node: u32,
    left: Option<u32>,
    left_done: bool,
}

impl Boosting {
    pub(super) fn decode(wire: &mut Wire<'_>, n_columns: usize) -> Result<Self, Fault> {
        wire.some("the list of trees")?;
        // A leaf is two option tags, three f64 and an index.
        let n = wire.length(27, "trees")?;
        let trees = (0..n).map(|_| tree(wire, n_columns)).collect::<Result<Vec<_>, Fault>>()?;
        wire.some("the parameters")?;
        let n_estimators = wire.u64()?;
        if n_estimators != n as u64 {
            return wire.fault(format_args!("{n} trees, the parameters say {n_estimators}"));
        }
        let _max_depth = wire.u64()?;
        let learning_rate = wire.finite("learning rate")?;
        let _min_child_weight = wire.u64()?;
        let _lambda = wire.f64()?;
        let _gamma = wire.f64()?;
        let base_score = wire.finite("base score")?;
        let _subsample = wire.f64()?;
        let _seed = wire.u64()?;
        if wire.u32()? != 0 {
            return wire.fault("there is no such objective");
        }
        Ok(Self { trees, base_score, learning_rate })
    }
}

/// One tree, nodes numbered in the order they begin (a parent before its children, left before right).
fn tree(wire: &mut Wire<'_>, n_columns: usize) -> Result<Tree, Fault> {
    let mut nodes: Tree = Vec::new();
    let mut open = vec![begin(&mut nodes, wire)?];
    while let Some(top) = open.last_mut() {
        if !top.left_done {
            top.left_done = true;
            if wire.flag()? {
                let child = begin(&mut nodes, wire)?;
                top.left = Some(child.node);
                open.push(child);
            }
            continue;
        }
        let (node, left) = (top.node, top.left);
        // The right child is read once: a node that has one is finished when it comes up again.
        if nodes[node as usize].children.is_none() {
            let right = wire.flag()?;
            if right != left.is_some() {
                return wire.fault("a node has one child");
            }
            if let Some(left) = left {
                let child = begin(&mut nodes, wire)?;
                nodes[node as usize].children = Some((left, child.node));
                open.push(child);
                continue;
            }
        }
        finish(&mut nodes[node as usize], wire)?;
        open.pop();
    }
    check(&nodes, n_columns, wire)?;
    Ok(nodes)
}

fn begin(nodes: &mut Tree, wire: &Wire<'_>) -> Result<Open, Fault> {
    let Some(node) = u32::try_from(nodes.len()).ok().filter(|n| *n < 1 << 30) else {
        return wire.fault("a tree has too many nodes");
    };
    nodes.push(Node { threshold: f64::NAN, value: 0.0, feature: 0, children: None });
    Ok(Open { node, left: None, left_done: false })
}

fn finish(node: &mut Node, wire: &mut Wire<'_>) -> Result<(), Fault> {
    node.value = wire.finite("leaf value")?;
    node.threshold = wire.f64()?;
    let feature = wire.u64()?;
    let _score = wire.f64()?;
    node.feature = match u16::try_from(feature) {
        Ok(feature) => feature,
        Err(_) if node.children.is_none() => 0,
        Err(_) => return wire.fault(format_args!("a node splits on column {feature}")),
    };
    Ok(())
}
