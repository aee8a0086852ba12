//! Decision trees by their library's own rule: its comparison, its thresholds, its rules for missing cells.

use crate::model::ir::{Decision, LinearLeaf, Link, Width};

pub use crate::model::ir::Sum;

/// What a split by a threshold asks of a cell.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Comparison {
    /// x < t leads to the left.
    Below,
    /// x ≤ t leads to the left.
    AtMost,
}

/// A child of a split.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Side {
    /// The left one.
    Left,
    /// The right one.
    Right,
}

/// Where a split leads a missing cell (NaN).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Missing {
    /// To this side.
    To(Side),
    /// Where a 0 is led: `LightGBM`'s missing type None. Not for category sets.
    AsZero,
    /// To this side, and what is 0 up to 1e-35 (the f32 next to it) as well: `LightGBM`'s missing type Zero. Not for
    /// category sets.
    WithZeroTo(Side),
}

/// What a split asks.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Test {
    /// The forest's [`Comparison`] with this threshold: of a source of 32 bits widened, which is exact.
    Threshold(f64),
    /// Is the cell's category in a set? The category is the cell without its fraction; a cell below 0 (of 64 bits: at
    /// or below −1) or from 2^24 on names none, and goes to the other side as categories that are not members do.
    Set {
        /// A position in [`Forest::sets`].
        set: u32,
        /// Where members go.
        members: Side,
    },
}

/// A split.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Split {
    /// The column.
    pub column: u16,
    /// What is asked.
    pub test: Test,
    /// The positions of the children in the tree, both after the split's own.
    pub left: u32,
    /// See `left`.
    pub right: u32,
    /// Where a missing cell goes.
    pub missing: Missing,
}

/// A node of a tree.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Node {
    /// An end: a value, or a position in the list that [`Leaves`] has.
    Leaf(f64),
    /// A question.
    Split(Split),
}

/// One tree; the root is node 0, and each other node is the child of exactly one node before it.
#[derive(Debug, Clone, PartialEq)]
pub struct Tree {
    /// The nodes.
    pub nodes: Vec<Node>,
    /// The output that its leaves add to, where a leaf is one number.
    pub output: u16,
    /// What a leaf is multiplied by before it is added, rounded to the sum's width.
    pub weight: f64,
    /// What reached each node when the source fitted it: rows, or their weights. Empty where that is not known. It is
    /// in a section of its own: [`cover`](crate::model::cover).
    pub cover: Vec<f64>,
}

/// What a leaf's number is.
#[derive(Debug, Clone, PartialEq)]
pub enum Leaves {
    /// A value.
    Values,
    /// A position in this list of values, one per output: row-major `[n_leaves, n_outputs]`.
    Vectors(Vec<f64>),
    /// A position in this list of linear functions.
    Linear(Vec<LinearLeaf>),
}

/// An ensemble of trees. Not checked: [`Neutral::to_form`](super::Neutral::to_form) does.
#[derive(Debug, Clone, PartialEq)]
pub struct Forest {
    /// Columns of a row, at most 65,535.
    pub n_columns: u32,
    /// To what a cell is rounded before it is compared or read as a category.
    pub value: Width,
    /// How it is compared with thresholds.
    pub comparison: Comparison,
    /// The trees, in the order of summation.
    pub trees: Vec<Tree>,
    /// The category sets of all splits: members ascending, each once.
    pub sets: Vec<Vec<u32>>,
    /// What leaves hold.
    pub leaves: Leaves,
    /// How they are summed.
    pub sum: Sum,
    /// What the margins go through.
    pub link: Link,
    /// How a classifier chooses.
    pub decision: Decision,
}

impl Forest {
    /// What reached each node of each tree, where that is known of all of them: numbers of 0 or above.
    pub fn take_cover(&mut self) -> Option<Vec<Vec<f64>>> {
        let is_known = |tree: &Tree| {
            tree.cover.len() == tree.nodes.len() && tree.cover.iter().all(|rows| *rows >= 0.0 && rows.is_finite())
        };
        let are_known = self.trees.iter().all(is_known);
        let cover = self.trees.iter_mut().map(|tree| std::mem::take(&mut tree.cover)).collect();
        are_known.then_some(cover)
    }
}

impl Side {
    /// The other one.
    #[must_use]
    pub fn other(self) -> Self {
        match self {
            Self::Left => Self::Right,
            Self::Right => Self::Left,
        }
    }

    /// Left where true.
    pub fn left_if(left: bool) -> Self {
        if left { Self::Left } else { Self::Right }
    }
}
