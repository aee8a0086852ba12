//! Ensembles of decision trees: nodes, what a split asks, what a leaf holds, how leaves become margins.

use super::categories::CategorySet;
use super::link::{Decision, Link, Width};
use super::shares::Shares;

/// A node of a tree.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Node {
    /// An end, and its number: see [`Leaves`].
    Leaf(f64),
    /// A question.
    Split(Split),
}

/// A question about one column.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Split {
    /// What is asked.
    pub test: Test,
    /// Positions of the child where the test holds and of the one where it does not, both after the split itself.
    pub children: (u32, u32),
    /// The column.
    pub column: u16,
    /// How a missing cell is seen.
    pub missing: Missing,
}

/// What a split asks of a cell.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Test {
    /// Is it at most this bound? A bound may be infinite; NaN never is.
    AtMost(f64),
    /// Does it name a category of this set, a position in [`Ensemble::sets`]?
    In(u32),
}

/// What an [`AtMost`](Test::AtMost) test sees of a cell that is missing.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Missing {
    /// NaN fails the test.
    Fails,
    /// NaN passes the test: it is seen as −∞.
    Passes,
    /// NaN is seen as 0.
    AsZero,
    /// NaN, and what is 0 up to 1e-35, fails the test.
    ZeroFails,
    /// NaN, and what is 0 up to 1e-35, passes the test.
    ZeroPasses,
}

impl Missing {
    /// The cell as a test sees it.
    #[inline]
    pub fn seen(self, cell: f64) -> f64 {
        // LightGBM's bound is the f32 nearest to 1e-35, widened.
        const ZERO: f64 = 1e-35_f32 as f64;
        let is_zero = || cell.is_nan() || cell.abs() <= ZERO;
        match self {
            Self::Passes if cell.is_nan() => f64::NEG_INFINITY,
            Self::AsZero if cell.is_nan() => 0.0,
            Self::ZeroFails if is_zero() => f64::NAN,
            Self::ZeroPasses if is_zero() => f64::NEG_INFINITY,
            _ => cell,
        }
    }
}

/// One tree; the root is node 0. Each other node is the child of exactly one node before it.
#[derive(Debug, Clone, PartialEq)]
pub struct Tree {
    /// The nodes.
    pub nodes: Vec<Node>,
    /// The output that its leaves add to, where a leaf is one number.
    pub output: u16,
    /// What its leaves are multiplied by, rounded to the sum's width.
    pub weight: f64,
}

/// What a leaf's number is.
#[derive(Debug, Clone, PartialEq)]
pub enum Leaves {
    /// A value.
    Values,
    /// The position of a class that gets the tree's vote; outputs are classes.
    Votes,
    /// A position in this list of values, one per output: row-major `[n_leaves, n_outputs]`.
    Vectors(Vec<f64>),
    /// The same, a leaf's values being the shares of the classes among its rows; outputs are classes.
    Shares(Shares),
    /// A position in this list of linear functions.
    Linear(Vec<LinearLeaf>),
}

/// constant + Σ coefficient · cell, in order; `otherwise` where one of the cells is NaN.
#[derive(Debug, Clone, PartialEq)]
pub struct LinearLeaf {
    /// What the sum starts with.
    pub constant: f64,
    /// Columns and coefficients.
    pub terms: Vec<(u16, f64)>,
    /// The value where a cell is missing.
    pub otherwise: f64,
}

/// How leaves become margins: start + Σ weight · leaf, trees in order, divided at last.
#[derive(Debug, Clone, PartialEq)]
pub struct Sum {
    /// To what each step is rounded.
    pub width: Width,
    /// One an output. −0 adds nothing, not even to −0.
    pub start: Vec<f64>,
    /// What the sums are divided by: the number of trees where the answer is their mean.
    pub divisor: Option<f64>,
    /// True where the raw score is the sum before it is divided, as in `LightGBM`'s forests.
    pub raw_is_undivided: bool,
}

/// An ensemble, not yet checked: see [`Trees`](super::Trees).
#[derive(Debug, Clone, PartialEq)]
pub struct Ensemble {
    /// Columns of a row.
    pub n_columns: usize,
    /// To what the source rounds a cell before it looks up a category. Bounds are exact in f64 already.
    pub input: Width,
    /// The trees, in the order of summation.
    pub trees: Vec<Tree>,
    /// Category sets of all splits.
    pub sets: Vec<CategorySet>,
    /// What leaves hold.
    pub leaves: Leaves,
    /// How they are summed; votes are counted instead.
    pub sum: Sum,
    /// What the margins go through; votes through nothing.
    pub link: Link,
    /// How a class is chosen; by votes where leaves are votes.
    pub decision: Decision,
}

impl Ensemble {
    /// Margins of a row, or classes that are voted for.
    pub fn n_outputs(&self) -> usize {
        self.sum.start.len()
    }
}
