//! scikit-learn's `Tree`: an array of nodes and an array of their values.

use super::nodes::{Source, from_root};
use crate::import::error::ImportError;
use crate::import::sklearn::arena::{Arena, Id, Object};
use crate::import::sklearn::array::{Array, Values};
use crate::model::neutral::{self, Missing, Side, Test};

/// A tree's arrays.
#[derive(Debug)]
pub(super) struct Tree<'a> {
    nodes: Array<'a>,
    values: Vec<f64>,
    /// Numbers that a node predicts, and classes of each.
    pub(super) n_outputs: usize,
    pub(super) n_classes: usize,
}

impl<'a> Tree<'a> {
    /// The tree of an estimator, its attribute `tree_`.
    pub(super) fn of(estimator: &Object<'a>) -> Result<Self, ImportError> {
        let read = |id| Self::read(estimator.arena, id);
        estimator.need("tree_").and_then(read).map_err(|e| e.within("tree_"))
    }

    fn read(arena: &'a Arena<'a>, id: Id) -> Result<Self, ImportError> {
        let object = Object::at(arena, id)?;
        if object.name() != "Tree" || !object.is_of("sklearn") {
            return Err(ImportError::new(format_args!("{} is not a tree that is read", object.class)));
        }
        let Values::Array(nodes) = Values::read(arena, object.need("nodes")?)? else {
            return Err(ImportError::new("its nodes are objects").within("nodes"));
        };
        let (shape, values) = Values::numbers(arena, object.need("values")?).map_err(|e| e.within("values"))?;
        arena.spend(4 * nodes.len())?;
        match *shape.as_slice() {
            [n, n_outputs, n_classes] if n == nodes.len() && n > 0 && n_outputs > 0 && n_classes > 0 => {
                Ok(Self { nodes, values, n_outputs, n_classes })
            }
            _ => Err(ImportError::new(format_args!("values of the shape {shape:?} for {} nodes", nodes.len()))),
        }
    }

    /// The values of a node.
    pub(super) fn values(&self, node: usize) -> &[f64] {
        let n = self.n_outputs * self.n_classes;
        &self.values[node * n..(node + 1) * n]
    }

    /// The nodes as `model::neutral` has them, and what reached each when it was fitted; `leaf` says what a leaf's
    /// number is, from its position here.
    pub(super) fn to_neutral(
        &self,
        mut leaf: impl FnMut(&Self, usize) -> Result<f64, ImportError>,
    ) -> Result<(Vec<neutral::Node>, Vec<f64>), ImportError> {
        let nodes = &self.nodes;
        let (left, right) = (nodes.need("left_child")?, nodes.need("right_child")?);
        let (feature, threshold) = (nodes.need("feature")?, nodes.need("threshold")?);
        let missing = nodes.column("missing_go_to_left");
        let (reached, mut cover) = (nodes.column("weighted_n_node_samples"), Vec::new());
        let made = from_root(nodes.len(), |at| {
            cover.extend(reached.as_ref().map(|reached| reached.number(at)));
            if left.number(at) == -1.0 {
                return leaf(self, at).map(Source::Leaf);
            }
            let child =
                |position: Option<usize>| position.ok_or_else(|| ImportError::new("a child's position is no number"));
            let goes_left = missing.as_ref().is_some_and(|missing| missing.is_set(at));
            Ok(Source::Split {
                column: feature.position(at).ok_or_else(|| ImportError::new("its feature is no position"))?,
                test: Test::Threshold(threshold.number(at)),
                left: child(left.position(at))?,
                right: child(right.position(at))?,
                missing: Missing::To(Side::left_if(goes_left)),
            })
        })?;
        Ok((made, cover))
    }
}

/// From this version on trees with monotonic constraints take missing cells, as found with 1.9.1; 1.4 refuses them.
const MONOTONIC_SINCE: (u32, u32) = (1, 9);

/// True where a tree estimator, or a forest of them, has a rule for missing cells, which came with `since`.
pub(super) fn takes_missing(object: &Object<'_>, since: (u32, u32)) -> Result<bool, ImportError> {
    let is_random = object.word("splitter")?.is_some_and(|splitter| splitter == "random");
    let since = if is_random { since.max((1, 6)) } else { since };
    let is_apt = object.word("criterion")?.is_none_or(|criterion| {
        matches!(&*criterion, "gini" | "entropy" | "log_loss" | "squared_error" | "friedman_mse" | "poisson")
    });
    let since = if object.get("monotonic_cst")?.is_some() { since.max(MONOTONIC_SINCE) } else { since };
    Ok(object.version()? >= since && is_apt)
}
