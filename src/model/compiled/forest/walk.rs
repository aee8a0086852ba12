//! Trees of any size, walked from the cells themselves.
//!
//! Nodes of 16 bytes, siblings adjacent: the next node is `left + (x > threshold)`, chosen without a branch. A leaf
//! leads to itself and holds its value, so that reaching it is reading it.

use super::accumulate::Accumulate;
use super::buffers::Buffers;
use super::categories::SetLookup;
use super::cursors::{Cursor, Depth, walk};
use super::thresholds::beyond;
use super::views::Source;
use crate::model::compiled::rows::n_rows;
use crate::model::ir::{Node, Test, Tree};

/// Pairs of siblings laid out breadth-first before a subtree below them begins: as many as fill a page of 4 KiB, so
/// that the last seven or so steps of a walk stay in one page.
const CLUSTER: usize = 128;

/// Rows that go through a tree together: enough to hide loads, few enough for their cells to stay in the first-level
/// cache (20 columns: 20 KiB).
const ROWS_TOGETHER: usize = 128;

/// Bytes of cells that pass through all trees before the next rows do. A tree is read from memory once for each such
/// block, so that it must be large; the cells are read again for every tree, so that they must fit the caches.
const BLOCK_BYTES: usize = 2 << 20;

/// A node.
#[derive(Debug, Clone, Copy)]
struct FlatNode {
    /// A split's threshold or the bits of its set's position, a leaf's value.
    number: f64,
    /// The true child, before the false one. A leaf's own position.
    left: u32,
    feature: u16,
    /// [`SPLIT`], [`SET`], or 0 in a leaf.
    split: u16,
}

/// A split by a threshold.
const SPLIT: u16 = 1;

/// A split by a set of categories; its lowest bit is that of [`SPLIT`].
const SET: u16 = 3;

#[derive(Debug, Clone, Copy)]
struct Root {
    node: u32,
    depth: Depth,
}

/// Trees one after the other.
#[derive(Debug, Clone)]
pub(in crate::model::compiled) struct Walk {
    flat: Vec<FlatNode>,
    roots: Vec<Root>,
    together: Depth,
    sets: SetLookup,
}

impl Walk {
    /// Lays out checked trees of at most `u32::MAX` nodes together.
    pub(super) fn new(source: &Source<'_>) -> Self {
        let trees = &source.trees.trees;
        let total = trees.iter().map(|tree| tree.nodes.len()).sum();
        let sets = SetLookup::new(&source.trees.sets, source.trees.input);
        let mut new = Self { flat: Vec::with_capacity(total), roots: Vec::new(), together: Depth::default(), sets };
        let mut layout = LayoutBuffers::default();
        for tree in trees {
            let root = new.push(source, tree, &mut layout);
            new.roots.push(root);
        }
        new.together = Depth::together(new.roots.iter().map(|root| root.depth));
        new
    }

    #[expect(clippy::cast_possible_truncation, reason = "all nodes fit 32 bits")]
    fn push(&mut self, source: &Source<'_>, tree: &Tree, layout: &mut LayoutBuffers) -> Root {
        let root = self.flat.len() as u32;
        layout.depths.clear();
        layout.depths.push(0);
        self.place(source, tree, 0);
        layout.later.push((0, root));
        while let Some(first) = layout.later.pop() {
            layout.now.clear();
            layout.now.push(first);
            let mut done = 0;
            while let Some(&(from, here)) = layout.now.get(done).filter(|_| done < CLUSTER) {
                done += 1;
                let Node::Split(split) = &tree.nodes[from as usize] else { continue };
                let (left, right) = split.children;
                let at = self.flat.len() as u32;
                self.flat[here as usize].left = at;
                let depth = layout.depths[(here - root) as usize] + 1;
                layout.depths.extend([depth, depth]);
                self.place(source, tree, left);
                self.place(source, tree, right);
                layout.now.extend([(left, at), (right, at + 1)]);
            }
            layout.later.extend(layout.now.drain(done..).rev());
        }
        let leaves = self.flat[root as usize..].iter().zip(&layout.depths).filter(|(node, _)| node.split == 0);
        Root { node: root, depth: Depth::of(leaves.map(|(_, depth)| *depth)) }
    }

    /// Appends a node as if it were a leaf; a split's `left` is set when its children are placed.
    #[expect(clippy::cast_possible_truncation, reason = "all nodes fit 32 bits")]
    fn place(&mut self, source: &Source<'_>, tree: &Tree, from: u32) {
        let left = self.flat.len() as u32;
        self.flat.push(match &tree.nodes[from as usize] {
            Node::Leaf(number) => FlatNode { number: source.leaf(tree, *number), left, feature: 0, split: 0 },
            Node::Split(split) => {
                let (number, kind) = match split.test {
                    Test::AtMost(bound) => (bound, SPLIT),
                    Test::In(set) => (f64::from_bits(u64::from(set)), SET),
                };
                FlatNode { number, left, feature: source.column(split), split: kind }
            }
        });
    }

    pub(super) fn resident_bytes(&self) -> usize {
        self.flat.len() * size_of::<FlatNode>() + self.roots.len() * size_of::<Root>() + self.sets.resident_bytes()
    }

    /// Gives `into` the leaves of all rows of a row-major matrix; `first` is the number of the first.
    pub(super) fn each_leaf(
        &self,
        matrix: &[f64],
        n_columns: usize,
        first: usize,
        buffers: &mut Buffers,
        into: &mut impl Accumulate,
    ) {
        if self.sets.is_empty() {
            self.each_leaf_of::<false>(matrix, n_columns, first, buffers, into);
        } else {
            self.each_leaf_of::<true>(matrix, n_columns, first, buffers, into);
        }
    }

    /// `SETS` says whether a split may ask for a set.
    fn each_leaf_of<const SETS: bool>(
        &self,
        matrix: &[f64],
        n_columns: usize,
        first: usize,
        buffers: &mut Buffers,
        into: &mut impl Accumulate,
    ) {
        // Side by side goes what there is more of, rows or trees.
        if n_rows(matrix, n_columns) < self.roots.len().min(ROWS_TOGETHER) {
            for (row, cells) in (first..).zip(matrix.chunks(n_columns)) {
                self.one_row::<SETS>(cells, buffers);
                into.row(row, buffers.leaves[..self.roots.len()].iter().copied());
            }
            return;
        }
        let block = (BLOCK_BYTES / 8 / n_columns).max(1).next_multiple_of(ROWS_TOGETHER);
        for (i, cells) in matrix.chunks(block * n_columns).enumerate() {
            for (tree, root) in self.roots.iter().enumerate() {
                for (j, cells) in cells.chunks(ROWS_TOGETHER * n_columns).enumerate() {
                    let n = self.one_tree::<SETS>(*root, cells, n_columns, buffers);
                    into.rows(tree, first + i * block + j * ROWS_TOGETHER, &buffers.leaves[..n]);
                }
            }
        }
    }

    fn one_row<const SETS: bool>(&self, row: &[f64], buffers: &mut Buffers) {
        let (cursors, arrived, leaves) = buffers.cursors(self.roots.len());
        for ((cursor, root), id) in cursors.iter_mut().zip(&self.roots).zip(0..) {
            *cursor = Cursor { at: root.node, id };
        }
        walk(
            cursors,
            arrived,
            self.together,
            |cursor| self.step::<SETS>(cursor.at, row),
            |at| self.flat[at as usize].split == 0,
        );
        self.read(arrived, leaves);
    }

    fn one_tree<const SETS: bool>(&self, root: Root, rows: &[f64], n_columns: usize, buffers: &mut Buffers) -> usize {
        let n_rows = n_rows(rows, n_columns);
        let (cursors, arrived, leaves) = buffers.cursors(n_rows);
        for (cursor, id) in cursors.iter_mut().zip(0..) {
            *cursor = Cursor { at: root.node, id };
        }
        let step = |cursor: Cursor| self.step::<SETS>(cursor.at, &rows[cursor.id as usize * n_columns..]);
        walk(cursors, arrived, root.depth, step, |at| self.flat[at as usize].split == 0);
        self.read(arrived, leaves);
        n_rows
    }

    #[inline]
    #[expect(clippy::cast_possible_truncation, reason = "the bits are those of a u32")]
    fn step<const SETS: bool>(&self, at: u32, row: &[f64]) -> u32 {
        let node = &self.flat[at as usize];
        let cell = row[usize::from(node.feature)];
        let fails = if SETS && node.split == SET {
            !self.sets.holds(node.number.to_bits() as usize, cell)
        } else {
            beyond(cell, node.number)
        };
        node.left + (u32::from(fails) & u32::from(node.split))
    }

    #[inline]
    fn read(&self, arrived: &[u32], leaves: &mut [f64]) {
        for (leaf, at) in leaves.iter_mut().zip(arrived) {
            *leaf = self.flat[*at as usize].number;
        }
    }
}

/// Buffers of [`Walk::push`].
#[derive(Default)]
struct LayoutBuffers {
    /// Splits whose children are not placed yet, as (node in the tree, position): of this cluster, of later ones.
    now: Vec<(u32, u32)>,
    later: Vec<(u32, u32)>,
    /// Depth of each node placed.
    depths: Vec<u32>,
}
