//! Trees laid out for contributions: their splits, parents before children, each with the share of its training rows
//! that pass its test.

use super::leaf_values::LeafValues;
use super::quadrature::Quadrature;
use crate::model::cover::Cover;
use crate::model::ir::{Leaves, Missing, Node, Split, Test, Trees};

/// Splits that one path may have.
const MAX_DEPTH: usize = 1_024;
/// Numbers of quadrature points that the walk is compiled for. A path that asks for `d` different columns takes d / 2.
pub(super) const POINTS: [usize; 5] = [4, 8, 16, 32, 64];
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
    only_leaf: f64,
    /// The place in [`POINTS`] of as many points as its paths need.
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
        let no_column = vec![NONE; trees.n_columns];
        let mut laying = Laying { last: no_column.clone(), columns: no_column, ..Laying::default() };
        let mut laid = Vec::with_capacity(trees.trees.len());
        for (tree, cover) in trees.trees.iter().zip(cover) {
            let (mut of_tree, n_different) = laying.lay(&tree.nodes, cover)?;
            let needed = n_different.div_ceil(2).max(1);
            of_tree.points = POINTS.iter().position(|points| *points >= needed).ok_or_else(|| {
                let most = 2 * POINTS[POINTS.len() - 1];
                format!("This model has no contributions: a path of its trees asks for more than {most} columns")
            })?;
            (of_tree.output, of_tree.scale) = (tree.output, tree.weight / divisor);
            laid.push(of_tree);
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
            if tree.splits.is_empty() {
                of_tree = self.values.of(tree.only_leaf, output);
            }
            reach.clear();
            reach.resize(tree.splits.len(), 1.0);
            for (place, split) in tree.splits.iter().enumerate() {
                for (i, share) in [split.share, 1.0 - split.share].into_iter().enumerate() {
                    let here = reach[place] * share;
                    match split.below[i] {
                        LEAF => of_tree += here * self.values.of(split.leaves[i], output),
                        below => reach[below as usize] = here,
                    }
                }
            }
            sum += of_tree * tree.scale;
        }
        sum
    }

    /// Bytes that it occupies.
    pub(super) fn resident_bytes(&self) -> usize {
        let of_trees = self.trees.iter().map(|tree| size_of_val(&*tree.splits) + size_of_val(&*tree.columns));
        self.values.resident_bytes() + self.trees.len() * size_of::<Laid>() + of_trees.sum::<usize>()
    }
}

/// No position.
const NONE: u32 = u32::MAX;

/// The walk that lays trees out, with room that all of them use in turn: a large tree's own would be mapped anew.
#[derive(Default)]
struct Laying {
    /// The splits as they are reached, and their depths.
    splits: Vec<LaidSplit>,
    depths: Vec<usize>,
    /// What they are ordered by, and where each comes to stand.
    order: Vec<(u32, u32)>,
    moved: Vec<u32>,
    /// Of each split from below the root to the last one: the column that its parent asks for, and what was the last
    /// such split before.
    path: Vec<(u16, u32)>,
    /// By column, the last of these splits.
    last: Vec<u32>,
    /// By column, its position among those of the tree.
    columns: Vec<u32>,
}

impl Laying {
    /// The tree, and the most different columns that a path asks for. Points, output and scale are the caller's.
    fn lay(&mut self, nodes: &[Node], cover: &[f64]) -> Result<(Laid, usize), String> {
        let (mut splits, mut depths) = (std::mem::take(&mut self.splits), std::mem::take(&mut self.depths));
        splits.clear();
        depths.clear();
        let (mut columns, mut only_leaf) = (Vec::new(), 0.0);
        // Of each split of the path, how many columns those above it ask for.
        let (mut most, mut different) = (0, Vec::<usize>::new());
        // A node, its depth, and the parent with its side.
        let mut open = vec![(0_usize, 0_usize, None::<(usize, usize)>)];
        while let Some((at, depth, parent)) = open.pop() {
            if depth > MAX_DEPTH {
                return Err(format!("This model has no contributions: its trees are deeper than {MAX_DEPTH} splits"));
            }
            let Split { test, children, column, missing } = match (nodes[at], parent) {
                (Node::Split(split), _) => split,
                (Node::Leaf(number), Some((parent, side))) => {
                    splits[parent].leaves[side] = number;
                    continue;
                }
                (Node::Leaf(number), None) => {
                    only_leaf = number;
                    continue;
                }
            };
            let place = splits.len();
            let is_first = self.enter(depth, parent.map(|(parent, _)| splits[parent].column), narrow(place));
            different.truncate(depth);
            different.push(different.last().map_or(0, |above| above + usize::from(is_first)));
            let above = self.last[usize::from(column)];
            most = most.max(different[depth] + usize::from(above == NONE));
            let (number, ask) = match test {
                Test::AtMost(bound) => (bound, Ask::AtMost(missing)),
                Test::In(set) => (f64::from(set), Ask::In),
            };
            let (holds, otherwise) = (children.0 as usize, children.1 as usize);
            if let Some((parent, side)) = parent {
                splits[parent].below[side] = narrow(place);
            }
            splits.push(LaidSplit {
                number,
                share: share_of(cover[holds], cover[otherwise]),
                leaves: [0.0; 2],
                below: [LEAF; 2],
                above: if above == NONE { 0 } else { above },
                column,
                column_of_tree: self.column_of_tree(column, &mut columns),
                ask,
            });
            depths.push(depth);
            open.push((otherwise, depth + 1, Some((place, 1))));
            open.push((holds, depth + 1, Some((place, 0))));
        }
        self.enter(0, None, NONE);
        for column in &columns {
            self.columns[usize::from(*column)] = NONE;
        }
        (self.splits, self.depths) = (splits, depths);
        let (splits, n_inner) = self.in_runs();
        let columns = columns.into_boxed_slice();
        Ok((Laid { splits, n_inner, columns, only_leaf, points: 0, output: 0, scale: 1.0 }, most))
    }

    /// The splits in the order of [`Laid::splits`], and how many of them have a split below.
    fn in_runs(&mut self) -> (Box<[LaidSplit]>, usize) {
        let Self { splits, depths, order, moved, .. } = self;
        let are_leaves = |split: &LaidSplit| split.below.map(|below| below == LEAF);
        order.clear();
        order.extend(splits.iter().zip(depths).zip(0..).map(|((split, depth), at)| {
            let [holds, otherwise] = are_leaves(split);
            // One number orders them faster than three do; MAX_DEPTH keeps its parts apart.
            let by_depth = u32::from(holds && otherwise) << 31 | narrow(*depth) << 2;
            (by_depth | u32::from(holds) << 1 | u32::from(otherwise), at)
        }));
        order.sort_unstable();
        moved.clear();
        moved.resize(splits.len(), 0);
        order.iter().enumerate().for_each(|(place, (_, at))| moved[*at as usize] = narrow(place));
        let placed = |at: u32| moved[at as usize];
        let laid = order.iter().map(|(_, at)| {
            let split = splits[*at as usize];
            // The root, which is what a leaf's position says, stays the first.
            LaidSplit { below: split.below.map(placed), above: placed(split.above), ..split }
        });
        (laid.collect(), splits.iter().filter(|split| are_leaves(split) != [true; 2]).count())
    }

    /// Goes to a split at this depth, whose parent asks for a column; true where none above it asks for the same.
    fn enter(&mut self, depth: usize, asked: Option<u16>, place: u32) -> bool {
        while self.path.len() >= depth.max(1) {
            if let Some((column, before)) = self.path.pop() {
                self.last[usize::from(column)] = before;
            }
        }
        let Some(column) = asked else { return false };
        let before = std::mem::replace(&mut self.last[usize::from(column)], place);
        self.path.push((column, before));
        before == NONE
    }

    /// A column's position among those of the tree, a new one at the end.
    fn column_of_tree(&mut self, column: u16, columns: &mut Vec<u16>) -> u16 {
        let position = &mut self.columns[usize::from(column)];
        if *position == NONE {
            *position = narrow(columns.len());
            columns.push(column);
        }
        u16::try_from(*position).expect("a tree has no more columns than 16 bits number")
    }
}

/// A position among a tree's nodes, which 31 bits number.
fn narrow(place: usize) -> u32 {
    u32::try_from(place).unwrap_or(NONE)
}

/// The share of rows that go to the first of two children; half of none.
fn share_of(first: f64, second: f64) -> f64 {
    let both = first + second;
    if both > 0.0 { first / both } else { 0.5 }
}
