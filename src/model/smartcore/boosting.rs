//! smartcore's `XGRegressor` from its bytes: nested boxes, unfolded with a stack of our own.
//!
//! Stands apart from `trees` because its nodes hold their children instead of naming them. On the reader a node is: left
//! child (an option), right child (an option), value, threshold, feature, score — children before their parent's
//! numbers — so that a decoder derived by serde would recurse as deep as a hostile file likes.

use super::postcard::{Fault, Reader};
use super::trees::{Node, Tree, check};

/// A boosted ensemble: prediction = `base_score` + Σ `learning_rate` · leaf, in tree order.
#[derive(Debug)]
pub(in crate::model) struct Boosting {
    pub(in crate::model) trees: Vec<Tree>,
    pub(in crate::model) base_score: f64,
    pub(in crate::model) learning_rate: f64,
}

/// An open node: what of it has been read.
struct Open {
    node: u32,
    left: Option<u32>,
    left_done: bool,
}

impl Boosting {
    pub(in crate::model) fn decode(reader: &mut Reader<'_>, n_columns: usize) -> Result<Self, Fault> {
        reader.some("the list of trees")?;
        // A leaf is two option tags, three f64 and an index.
        let n = reader.length(27, "trees")?;
        let trees = (0..n).map(|_| tree(reader, n_columns)).collect::<Result<Vec<_>, Fault>>()?;
        reader.some("the parameters")?;
        let n_estimators = reader.u64()?;
        if n_estimators != n as u64 {
            return reader.fault(format_args!("{n} trees, the parameters say {n_estimators}"));
        }
        let _max_depth = reader.u64()?;
        let learning_rate = reader.finite("learning rate")?;
        let _min_child_weight = reader.u64()?;
        let _lambda = reader.f64()?;
        let _gamma = reader.f64()?;
        let base_score = reader.finite("base score")?;
        let _subsample = reader.f64()?;
        let _seed = reader.u64()?;
        if reader.u32()? != 0 {
            return reader.fault("there is no such objective");
        }
        Ok(Self { trees, base_score, learning_rate })
    }
}

/// One tree, nodes numbered in the order they begin (a parent before its children, left before right).
fn tree(reader: &mut Reader<'_>, n_columns: usize) -> Result<Tree, Fault> {
    let mut nodes: Tree = Vec::new();
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
        let (node, left) = (top.node, top.left);
        // The right child is read once: a node that has one is finished when it comes up again.
        if nodes[node as usize].children.is_none() {
            let right = reader.flag()?;
            if right != left.is_some() {
                return reader.fault("a node has one child");
            }
            if let Some(left) = left {
                let child = begin(&mut nodes, reader)?;
                nodes[node as usize].children = Some((left, child.node));
                open.push(child);
                continue;
            }
        }
        finish(&mut nodes[node as usize], reader)?;
        open.pop();
    }
    check(&nodes, n_columns, reader)?;
    Ok(nodes)
}

fn begin(nodes: &mut Tree, reader: &Reader<'_>) -> Result<Open, Fault> {
    let Some(node) = u32::try_from(nodes.len()).ok().filter(|n| *n < 1 << 30) else {
        return reader.fault("a tree has too many nodes");
    };
    nodes.push(Node { threshold: f64::NAN, value: 0.0, feature: 0, children: None });
    Ok(Open { node, left: None, left_done: false })
}

fn finish(node: &mut Node, reader: &mut Reader<'_>) -> Result<(), Fault> {
    node.value = reader.finite("leaf value")?;
    node.threshold = reader.f64()?;
    let feature = reader.u64()?;
    let _score = reader.f64()?;
    node.feature = match u16::try_from(feature) {
        Ok(feature) => feature,
        Err(_) if node.children.is_none() => 0,
        Err(_) => return reader.fault(format_args!("a node splits on column {feature}")),
    };
    Ok(())
}
