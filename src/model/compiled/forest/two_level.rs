//! Few rows through a forest whose thresholds are ranked: two levels a step, no cell read twice.
//!
//! A row's ranks are found once. Then a column is one number, its *end*: the slots from the column's first up
//! to there are the thresholds that the row is beyond. A node of 12 bytes holds a split and both of its children, and
//! leads to one of the four grandchildren, which are adjacent: half the steps, one load each. A leaf holds
//! the place of its value in the bit vectors' list, so that no value is kept twice.

use super::buffers::Buffers;
use super::cursors::{Cursor, Depth, walk};
use super::thresholds::{COLUMNS_TOGETHER, Thresholds};
use super::views::Source;
use crate::model::ir::{Node, Split, Tree};

/// Columns at most: what a byte can name, so that no index needs a check.
const COLUMNS: usize = 256;

/// The slot of a leaf: not below any end, for there are fewer slots than `u16::MAX`.
pub(super) const NEVER: u16 = u16::MAX;

/// A split and its children.
#[derive(Debug, Clone, Copy)]
pub(super) struct TwoLevelNode {
    /// Of the split, its true child and its false child; [`NEVER`] where that is a leaf.
    pub(super) slots: [u16; 3],
    /// Offset of the first grandchild; 0 for a leaf.
    pub(super) grandchildren: u16,
    /// Columns of the three slots; the fourth byte is unused, as is the column of a slot that is [`NEVER`] or a category
    /// set's. For a leaf: its value's index, little-endian.
    columns_or_leaf: [u8; 4],
}

impl TwoLevelNode {
    /// The place of a leaf's value.
    pub(super) fn place(&self) -> usize {
        u32::from_le_bytes(self.columns_or_leaf) as usize
    }
}

/// Trees, one after the other, each breadth-first.
#[derive(Debug, Clone)]
pub(in crate::model::compiled) struct TwoLevel {
    pub(super) nodes: Vec<TwoLevelNode>,
    pub(super) roots: Vec<u32>,
    pub(super) depth: Depth,
}

/// What [`TwoLevel::push`] needs besides the tree: buffers, and the splits' slots and the leaves' places still to come.
struct TwoLevelLayout<'a> {
    slots: std::slice::Iter<'a, u16>,
    places: std::slice::Iter<'a, usize>,
    /// By feature: the column among those that have thresholds, 0 for the others.
    columns: Vec<u8>,
    /// Slot and column of each split of the tree, [`NEVER`] and place of each leaf.
    named: Vec<(u16, u32)>,
    /// Nodes of the tree in their order here, with the rounds from the root.
    order: Vec<(u32, u32)>,
    /// Rounds to each leaf of all trees.
    ways: Vec<u32>,
}

impl TwoLevel {
    /// `None` when a tree is too wide for 16 bits or there are too many columns. `slots` are those of all splits, `places`
    /// those of all leaves' values, tree after tree in node order. [`Self::one_row`] is for forests without category sets.
    #[expect(clippy::cast_possible_truncation, reason = "the caller checked that twice the nodes fit 32 bits")]
    pub(super) fn new(source: &Source<'_>, thresholds: &Thresholds, slots: &[u16], places: &[usize]) -> Option<Self> {
        let mut columns = vec![0; source.n_columns()];
        for (position, column) in thresholds.columns.iter().enumerate() {
            columns[usize::from(column.feature)] = u8::try_from(position).ok()?;
        }
        let (slots, places) = (slots.iter(), places.iter());
        let mut layout =
            TwoLevelLayout { slots, places, columns, named: Vec::new(), order: Vec::new(), ways: Vec::new() };
        let mut new = Self { nodes: Vec::new(), roots: Vec::new(), depth: Depth::default() };
        for tree in &source.trees.trees {
            new.roots.push(new.nodes.len() as u32);
            new.push(source, tree, &mut layout)?;
        }
        new.nodes.shrink_to_fit();
        new.depth = Depth::of(layout.ways.into_iter());
        Some(new)
    }

    fn push(&mut self, source: &Source<'_>, tree: &Tree, layout: &mut TwoLevelLayout<'_>) -> Option<()> {
        let TwoLevelLayout { slots, places, columns, named, order, ways } = layout;
        named.clear();
        for node in &tree.nodes {
            named.push(match node {
                Node::Split(split) => (*slots.next()?, u32::from(columns[usize::from(source.column(split))])),
                Node::Leaf(_) => (NEVER, u32::try_from(*places.next()?).ok()?),
            });
        }
        let children = |at: u32| match &tree.nodes[at as usize] {
            Node::Split(Split { children, .. }) => Some(*children),
            Node::Leaf(_) => None,
        };
        order.clear();
        order.push((0, 0));
        let mut done = 0;
        while let Some(&(at, round)) = order.get(done) {
            let below = children(at);
            let (left, right) = below.unwrap_or((at, at));
            let [own, first, second] = [at, left, right].map(|at| named[at as usize]);
            let (mut grandchildren, mut columns_or_leaf) = (0, own.1.to_le_bytes());
            if below.is_some() {
                grandchildren = u16::try_from(order.len() - done).ok()?;
                (columns_or_leaf[1], columns_or_leaf[2]) = (first.1.to_le_bytes()[0], second.1.to_le_bytes()[0]);
                for child in [left, right] {
                    // A leaf one level early is its own children.
                    let (left, right) = children(child).unwrap_or((child, child));
                    order.extend([(left, round + 1), (right, round + 1)]);
                }
            } else {
                ways.push(round);
            }
            self.nodes.push(TwoLevelNode { slots: [own.0, first.0, second.0], grandchildren, columns_or_leaf });
            done += 1;
        }
        Some(())
    }

    pub(super) fn resident_bytes(&self) -> usize {
        self.nodes.len() * size_of::<TwoLevelNode>() + self.roots.len() * 4
    }

    /// The leaf of each tree for a row; `values` are those at the leaves' places.
    pub(super) fn one_row<'b>(
        &'b self,
        thresholds: &Thresholds,
        values: &'b [f64],
        row: &[f64],
        buffers: &'b mut Buffers,
    ) -> impl Iterator<Item = f64> + 'b {
        let ends = ends(thresholds, row);
        let (cursors, arrived, _) = buffers.cursors(self.roots.len());
        for ((cursor, root), id) in cursors.iter_mut().zip(&self.roots).zip(0..) {
            *cursor = Cursor { at: *root, id };
        }
        let nodes = self.nodes.as_slice();
        let step = |cursor: Cursor| {
            let node = &nodes[cursor.at as usize];
            let beyond = |i: usize| node.slots[i] < ends[usize::from(node.columns_or_leaf[i])];
            let first = beyond(0);
            let second = beyond(1 + usize::from(first));
            cursor.at + u32::from(node.grandchildren) + 2 * u32::from(first) + u32::from(second)
        };
        walk(cursors, arrived, self.depth, step, |at| nodes[at as usize].grandchildren == 0);
        arrived.iter().map(|at| values[nodes[*at as usize].place()])
    }
}

/// Of each column, the first slot whose threshold the row is not beyond.
pub(super) fn ends(thresholds: &Thresholds, row: &[f64]) -> [u16; COLUMNS] {
    let mut ends = [0; COLUMNS];
    let together = thresholds.columns.chunks(COLUMNS_TOGETHER).zip(ends.chunks_mut(COLUMNS_TOGETHER));
    for (columns, ends) in together {
        let ranks = thresholds.ranks_in_row(columns, row);
        for ((end, column), rank) in ends.iter_mut().zip(columns).zip(ranks) {
            *end = column.slot + rank;
        }
    }
    ends
}
