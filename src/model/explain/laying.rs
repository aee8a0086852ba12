//! The walk that lays out a tree for contributions: its splits in the order and with the shares that
//! [`Laid`](super::laid::Laid) has.

use super::laid::{Ask, LEAF, Laid, LaidSplit};
use crate::model::ir::{Node, Split, Test};

/// Splits that one path may have.
const MAX_DEPTH: usize = 1_024;

/// No position.
const NONE: u32 = u32::MAX;

/// The walk that lays trees out, with room that all of them use in turn: a large tree's own would be mapped anew.
#[derive(Default)]
pub(super) struct Laying {
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
    /// One for trees that ask for this many columns.
    pub(super) fn of(n_columns: usize) -> Self {
        let no_column = vec![NONE; n_columns];
        Self { last: no_column.clone(), columns: no_column, ..Self::default() }
    }

    /// The tree, and the most different columns that a path asks for. Points, output and scale are the caller's.
    pub(super) fn lay(&mut self, nodes: &[Node], cover: &[f64]) -> Result<(Laid, usize), String> {
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
