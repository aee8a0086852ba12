//! Trees laid out for contributions: nodes in the order of a walk that visits all of them, each with the share of its
//! parent's training rows.

use super::quadrature::Quadrature;
use crate::model::cover::Cover;
use crate::model::ir::{Leaves, Missing, Node, Shares, Split, Test, Trees};

/// Splits that one path may have.
const MAX_DEPTH: usize = 1_024;
/// Numbers of quadrature points that the walk is compiled for. A path that asks for `d` different columns takes d / 2.
pub(super) const POINTS: [usize; 5] = [4, 8, 16, 32, 64];
/// Below the root, and where no split above asks for the same column.
pub(super) const NONE: u16 = u16::MAX;

/// What a node asks.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) enum Ask {
    /// Nothing: it is a leaf.
    Nothing,
    /// Whether a cell is at most the node's number.
    AtMost(Missing),
    /// Whether a cell names a category of the set of the node's number.
    In,
}

/// A node. The child where its test holds comes right after it.
#[derive(Debug, Clone, Copy)]
pub(super) struct Visit {
    /// A bound, a set's position, or what the leaf holds.
    pub(super) number: f64,
    /// The share of the parent's rows that come here: 0 to 1.
    pub(super) share: f64,
    /// The position of the child where its test does not hold.
    pub(super) otherwise: u32,
    /// The column that it asks for.
    pub(super) column: u16,
    /// How many splits are above it.
    pub(super) depth: u16,
    /// The depth of the nearest node above whose parent asks for the same column as this one's parent, or [`NONE`].
    pub(super) same: u16,
    pub(super) ask: Ask,
}

/// A tree.
#[derive(Debug)]
pub(super) struct Laid {
    pub(super) nodes: Box<[Visit]>,
    /// The most splits above a node.
    pub(super) depth: usize,
    /// The place in [`POINTS`] of as many points as its paths need.
    pub(super) points: usize,
    /// The output that it adds to, where a leaf is one number.
    pub(super) output: u16,
    /// What its leaves are multiplied by: its weight over the sum's divisor.
    pub(super) scale: f64,
}

/// What a leaf's number is.
#[derive(Debug)]
pub(super) enum LeafValues {
    /// A value.
    Values,
    /// The position of a class: 1 for it.
    Votes,
    /// A position among row-major vectors, `[n_leaves, n_outputs]`.
    Vectors(Vec<f64>, usize),
    /// A position among the shares of classes.
    Shares(Shares),
}

impl LeafValues {
    /// What a leaf adds to an output.
    #[inline(always)]
    #[expect(clippy::inline_always, reason = "what is not inlined is compiled for the smallest CPU")]
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a checked position")]
    pub(super) fn of(&self, number: f64, output: usize) -> f64 {
        match self {
            Self::Values => number,
            Self::Votes => f64::from(u8::from(number as usize == output)),
            Self::Vectors(values, n_outputs) => values[number as usize * n_outputs + output],
            Self::Shares(shares) => {
                shares.of_leaf(number as usize).find(|(class, _)| *class == output).map_or(0.0, |(_, share)| share)
            }
        }
    }

    /// True where a tree's leaves add to all outputs.
    pub(super) fn are_of_all_outputs(&self) -> bool {
        !matches!(self, Self::Values)
    }
}

/// All trees of an ensemble, and what they answer with before a feature is known.
#[derive(Debug)]
pub(super) struct LaidTrees {
    pub(super) trees: Vec<Laid>,
    pub(super) values: LeafValues,
    pub(super) quadratures: [Quadrature; POINTS.len()],
}

impl LaidTrees {
    /// Lays out checked trees; `cover` is of their nodes.
    ///
    /// # Errors
    /// One sentence: why their answers cannot be explained.
    #[expect(clippy::cast_precision_loss, reason = "there are less than 2^53 trees")]
    pub(super) fn new(trees: &Trees, cover: &Cover) -> Result<Self, String> {
        let (values, votes) = match &trees.leaves {
            Leaves::Values => (LeafValues::Values, None),
            Leaves::Votes => (LeafValues::Votes, Some(trees.trees.len() as f64)),
            Leaves::Vectors(vectors) => (LeafValues::Vectors(vectors.clone(), trees.n_outputs()), None),
            Leaves::Shares(shares) => (LeafValues::Shares(shares.clone()), None),
            Leaves::Linear(_) => {
                return Err("This model has no contributions: its leaves are linear functions".to_owned());
            }
        };
        let divisor = votes.or(trees.sum.divisor).unwrap_or(1.0);
        let mut laying = Laying { path: Vec::new(), last: vec![NONE; trees.n_columns] };
        let mut laid = Vec::with_capacity(trees.trees.len());
        for (tree, cover) in trees.trees.iter().zip(cover) {
            let (nodes, depth, n_different) = laying.lay(&tree.nodes, cover)?;
            let needed = n_different.div_ceil(2).max(1);
            let points = POINTS.iter().position(|points| *points >= needed).ok_or_else(|| {
                let most = 2 * POINTS[POINTS.len() - 1];
                format!("This model has no contributions: a path of its trees asks for more than {most} columns")
            })?;
            laid.push(Laid { nodes, depth, points, output: tree.output, scale: tree.weight / divisor });
        }
        Ok(Self { trees: laid, values, quadratures: POINTS.map(Quadrature::new) })
    }

    /// What the trees add to an output on average over the rows that cover counts.
    pub(super) fn mean(&self, output: usize) -> f64 {
        let mut sum = 0.0;
        let mut reach = Vec::new();
        for tree in &self.trees {
            if !self.values.are_of_all_outputs() && usize::from(tree.output) != output {
                continue;
            }
            let mut of_tree = 0.0;
            for node in &tree.nodes {
                reach.truncate(usize::from(node.depth));
                let here = reach.last().copied().unwrap_or(1.0) * node.share;
                reach.push(here);
                if node.ask == Ask::Nothing {
                    of_tree += here * self.values.of(node.number, output);
                }
            }
            sum += of_tree * tree.scale;
            reach.clear();
        }
        sum
    }

    /// Bytes that it occupies.
    pub(super) fn resident_bytes(&self) -> usize {
        let leaves = match &self.values {
            LeafValues::Values | LeafValues::Votes => 0,
            LeafValues::Vectors(values, _) => size_of_val(values.as_slice()),
            LeafValues::Shares(shares) => shares.resident_bytes(),
        };
        leaves + self.trees.iter().map(|tree| size_of::<Laid>() + size_of_val(&*tree.nodes)).sum::<usize>()
    }
}

/// The walk that lays trees out.
struct Laying {
    /// Of each node from below the root to the last one: the column that its parent asks for, and its `same`.
    path: Vec<(u16, u16)>,
    /// By column, the depth of the last of these nodes.
    last: Vec<u16>,
}

impl Laying {
    /// The nodes, the largest depth, and the most different columns that a path asks for.
    fn lay(&mut self, nodes: &[Node], cover: &[f64]) -> Result<(Box<[Visit]>, usize, usize), String> {
        let mut laid: Vec<Visit> = Vec::with_capacity(nodes.len());
        let (mut deepest, mut most, mut different) = (0, 0, vec![0_usize]);
        // A node's place, its depth, its share, and the laid parent of a child that comes where the test does not hold.
        let mut open = vec![(0_usize, 0_usize, 1.0, None::<usize>)];
        while let Some((at, depth, share, parent)) = open.pop() {
            if depth > MAX_DEPTH {
                return Err(format!("This model has no contributions: its trees are deeper than {MAX_DEPTH} splits"));
            }
            let place = u32::try_from(laid.len()).unwrap_or(u32::MAX);
            if let Some(parent) = parent {
                laid[parent].otherwise = place;
            }
            let asked = (depth > 0).then(|| laid[parent.unwrap_or(laid.len() - 1)].column);
            let same = self.enter(depth, asked);
            different.truncate(depth.max(1));
            if depth > 0 {
                different.push(different[depth - 1] + usize::from(same == NONE));
            }
            deepest = deepest.max(depth);
            let depth_of_node = u16::try_from(depth).unwrap_or(NONE);
            let mut visit =
                Visit { number: 0.0, share, otherwise: 0, column: 0, depth: depth_of_node, same, ask: Ask::Nothing };
            match nodes[at] {
                Node::Leaf(number) => {
                    visit.number = number;
                    most = most.max(different[depth]);
                }
                Node::Split(Split { test, children, column, missing }) => {
                    (visit.number, visit.ask) = match test {
                        Test::AtMost(bound) => (bound, Ask::AtMost(missing)),
                        Test::In(set) => (f64::from(set), Ask::In),
                    };
                    visit.column = column;
                    let (holds, otherwise) = (children.0 as usize, children.1 as usize);
                    let to_first = share_of(cover[holds], cover[otherwise]);
                    open.push((otherwise, depth + 1, 1.0 - to_first, Some(laid.len())));
                    open.push((holds, depth + 1, to_first, None));
                }
            }
            laid.push(visit);
        }
        self.enter(0, None);
        Ok((laid.into_boxed_slice(), deepest, most))
    }

    /// Goes to a node at this depth, whose parent asks for a column; the depth of the one above it that asks for the
    /// same, or [`NONE`].
    fn enter(&mut self, depth: usize, asked: Option<u16>) -> u16 {
        while self.path.len() >= depth.max(1) {
            if let Some((column, same)) = self.path.pop() {
                self.last[usize::from(column)] = same;
            }
        }
        let Some(column) = asked else { return NONE };
        let same = std::mem::replace(&mut self.last[usize::from(column)], u16::try_from(depth).unwrap_or(NONE));
        self.path.push((column, same));
        same
    }
}

/// The share of rows that go to the first of two children; half of none.
fn share_of(first: f64, second: f64) -> f64 {
    let both = first + second;
    if both > 0.0 { first / both } else { 0.5 }
}
