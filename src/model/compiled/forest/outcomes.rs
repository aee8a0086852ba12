//! Few rows through a forest that asks for sets of categories: two levels a step, no test made twice.
//!
//! A set's test is no comparison of ranks, so [`two_level`](super::two_level) cannot make it. Here the outcomes of a row
//! at all slots, thresholds and sets alike, are written down first, a byte each; a node is three slots without their
//! columns. 500 trees, a column of 40 categories, 12,930 slots: writing takes 1.4 of 9.7 µs, and a row took 41.8 where
//! each node looked its set up.

use super::buffers::Buffers;
use super::categories::SetSlots;
use super::cursors::{Cursor, Depth, walk};
use super::thresholds::Thresholds;
use super::two_level::{NEVER, TwoLevel, TwoLevelNode, ends};

/// What a slot can say, so that no index needs a check.
const SLOTS: usize = 1 << 16;

/// A split and its children.
#[derive(Debug, Clone, Copy)]
struct OutcomeNode {
    /// Of the split, its true child and its false child; [`NEVER`] where that is a leaf. For a leaf itself the third is
    /// the place of its value, counted from the tree's first.
    slots: [u16; 3],
    /// Offset of the first grandchild; 0 for a leaf.
    grandchildren: u16,
}

#[derive(Debug, Clone, Copy)]
struct Root {
    node: u32,
    /// The place of the tree's first value.
    first_value: u32,
}

/// Trees, one after the other, each breadth-first.
#[derive(Debug, Clone)]
pub(in crate::model::compiled) struct Outcomes {
    nodes: Vec<OutcomeNode>,
    roots: Vec<Root>,
    depth: Depth,
    /// In the order of [`Thresholds::categories`].
    sets: Vec<SetSlots>,
}

impl Outcomes {
    /// Of the same trees in two levels. `None` when a tree's values lie too far apart for 16 bits.
    #[expect(clippy::cast_possible_truncation, reason = "places fit 32 bits in a node of two levels")]
    pub(super) fn new(trees: &TwoLevel, thresholds: &Thresholds) -> Option<Self> {
        let sets = thresholds.categories.iter().map(SetSlots::of).collect();
        let mut new =
            Self { nodes: Vec::with_capacity(trees.nodes.len()), roots: Vec::new(), depth: trees.depth, sets };
        let ends = trees.roots.iter().skip(1).copied().chain([trees.nodes.len() as u32]);
        for (root, end) in trees.roots.iter().zip(ends) {
            let nodes = &trees.nodes[*root as usize..end as usize];
            let leaves = || nodes.iter().filter(|node| node.grandchildren == 0);
            let first_value = leaves().map(TwoLevelNode::place).min().unwrap_or_default();
            for node in nodes {
                let mut slots = node.slots;
                if node.grandchildren == 0 {
                    slots[2] = u16::try_from(node.place() - first_value).ok()?;
                }
                new.nodes.push(OutcomeNode { slots, grandchildren: node.grandchildren });
            }
            new.roots.push(Root { node: *root, first_value: first_value as u32 });
        }
        Some(new)
    }

    pub(super) fn resident_bytes(&self) -> usize {
        let of_sets: usize = self.sets.iter().map(SetSlots::resident_bytes).sum();
        self.nodes.len() * size_of::<OutcomeNode>() + self.roots.len() * size_of::<Root>() + of_sets
    }

    /// The leaf of each tree for a row; `values` are those at the leaves' places.
    pub(super) fn one_row<'b>(
        &'b self,
        thresholds: &Thresholds,
        values: &'b [f64],
        row: &[f64],
        buffers: &'b mut Buffers,
    ) -> impl Iterator<Item = f64> + 'b {
        let mut table = std::mem::take(&mut buffers.outcomes);
        table.resize(SLOTS, false);
        self.write(thresholds, row, &mut table);
        let fails: &[bool; SLOTS] = table.first_chunk().expect("it was made as long");
        let (cursors, arrived, _) = buffers.cursors(self.roots.len());
        for ((cursor, root), id) in cursors.iter_mut().zip(&self.roots).zip(0..) {
            *cursor = Cursor { at: root.node, id };
        }
        let nodes = self.nodes.as_slice();
        let step = |cursor: Cursor| {
            let node = &nodes[cursor.at as usize];
            let first = fails[usize::from(node.slots[0])];
            let second = fails[usize::from(node.slots[1 + usize::from(first)])];
            cursor.at + u32::from(node.grandchildren) + 2 * u32::from(first) + u32::from(second)
        };
        walk(cursors, arrived, self.depth, step, |at| nodes[at as usize].grandchildren == 0);
        buffers.outcomes = table;
        let arrived = &buffers.arrived[..self.roots.len()];
        arrived.iter().zip(&self.roots).map(|(at, root)| {
            let place = usize::from(nodes[*at as usize].slots[2]);
            values[root.first_value as usize + place]
        })
    }

    /// Writes for each slot whether a row fails its test.
    fn write(&self, thresholds: &Thresholds, row: &[f64], table: &mut [bool]) {
        table[..usize::from(thresholds.n_slots)].fill(false);
        for (column, end) in thresholds.columns.iter().zip(ends(thresholds, row)) {
            table[usize::from(column.slot)..usize::from(end)].fill(true);
        }
        for (sets, column) in self.sets.iter().zip(&thresholds.categories) {
            sets.write(column, row[usize::from(column.column)], thresholds.input, table);
        }
        // Another forest's slot may have been there.
        table[usize::from(NEVER)] = false;
    }
}
