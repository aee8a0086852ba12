//! A tree laid out for contributions: its splits, parents before children, each with the share of its training rows
//! that pass its test.

use crate::model::ir::Missing;

/// In place of a child's position: it is a leaf. At this position is the root, which is no split's child.
pub(super) const LEAF: u32 = 0;

/// What a split asks.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) enum Ask {
    /// Whether a cell is at most the split's number.
    AtMost(Missing),
    /// Whether a cell names a category of the set of the split's number.
    In,
}

/// A split. Leaves are held by the split above them.
#[derive(Debug, Clone, Copy)]
pub(super) struct LaidSplit {
    /// A bound, or a set's position.
    pub(super) number: f64,
    /// The share of its rows that pass its test: 0 to 1.
    pub(super) share: f64,
    /// What the children hold that are leaves: where its test holds, where it does not.
    pub(super) leaves: [f64; 2],
    /// The positions of the children, in the same order; [`LEAF`] for one that is a leaf.
    pub(super) below: [u32; 2],
    /// The position of the nearest split, itself or above it, whose parent asks for the same column as it does; of the
    /// root where there is none.
    pub(super) above: u32,
    /// The column that it asks for.
    pub(super) column: u16,
    /// The column's position in [`Laid::columns`].
    pub(super) column_of_tree: u16,
    pub(super) ask: Ask,
}

/// A tree.
#[derive(Debug)]
pub(super) struct Laid {
    /// Those with a split below them first, by depth; and where depths are equal, those that have leaves on the same
    /// sides, so that the walk's branches come in runs.
    pub(super) splits: Box<[LaidSplit]>,
    /// How many have a split below them.
    pub(super) n_inner: usize,
    /// The columns that it asks for.
    pub(super) columns: Box<[u16]>,
    /// What its only leaf holds, where it has no split.
    pub(super) only_leaf: f64,
    /// The place in [`POINTS`](super::trees::POINTS) of as many points as its paths need.
    pub(super) points: usize,
    /// The output that it adds to, where a leaf is one number.
    pub(super) output: u16,
    /// What its leaves are multiplied by: its weight over the sum's divisor.
    pub(super) scale: f64,
}

impl Laid {
    /// Nodes, leaves among them.
    pub(super) fn n_nodes(&self) -> usize {
        2 * self.splits.len() + 1
    }
}
