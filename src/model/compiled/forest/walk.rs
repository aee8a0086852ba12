//! Trees of any size, walked from the cells themselves.
//!
//! Walk of 16 bytes, siblings adjacent: the next node is `left + (x > threshold)`, chosen without a branch. A leaf
//! leads to itself and holds its value, so that reaching it is reading it.

use super::Buffers;
use super::accumulate::Accumulate;
use super::cursors::{Cursor, Depth, walk};
use super::thresholds::beyond;
use crate::model::smartcore::trees::Tree;

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
struct Node {
    /// A split's threshold, a leaf's value.
    number: f64,
    /// The true child, before the false one. A leaf's own position.
    left: u32,
    feature: u16,
    /// 1 in a split, 0 in a leaf.
    split: u16,
}

#[derive(Debug, Clone, Copy)]
struct Root {
    node: u32,
    depth: Depth,
}

/// Trees one after the other.
#[derive(Debug, Clone)]
pub(super) struct Walk {
    flat: Vec<Node>,
    roots: Vec<Root>,
    together: Depth,
}

impl Walk {
    /// Lays out checked trees of at most `u32::MAX` nodes together.
    pub(super) fn new(trees: &[Tree], scale: f64) -> Self {
        let total = trees.iter().map(Vec::len).sum();
        let mut new = Self { flat: Vec::with_capacity(total), roots: Vec::new(), together: Depth::default() };
        let mut layout = Layout::default();
        for tree in trees {
            let root = new.push(tree, scale, &mut layout);
            new.roots.push(root);
        }
        new.together = Depth::together(new.roots.iter().map(|root| root.depth));
        new
    }

    #[expect(clippy::cast_possible_truncation, reason = "all nodes fit 32 bits")]
    fn push(&mut self, tree: &Tree, scale: f64, layout: &mut Layout) -> Root {
        let root = self.flat.len() as u32;
        layout.depths.clear();
        layout.depths.push(0);
        self.place(tree, 0, scale);
        layout.later.push((0, root));
        while let Some(first) = layout.later.pop() {
            layout.now.clear();
            layout.now.push(first);
            let mut done = 0;
            while let Some(&(from, here)) = layout.now.get(done).filter(|_| done < CLUSTER) {
                done += 1;
                let Some((left, right)) = tree[from as usize].children else { continue };
                let at = self.flat.len() as u32;
                self.flat[here as usize].left = at;
                let depth = layout.depths[(here - root) as usize] + 1;
                layout.depths.extend([depth, depth]);
                self.place(tree, left, scale);
                self.place(tree, right, scale);
                layout.now.extend([(left, at), (right, at + 1)]);
            }
            layout.later.extend(layout.now.drain(done..).rev());
        }
        let leaves = self.flat[root as usize..].iter().zip(&layout.depths).filter(|(node, _)| node.split == 0);
        Root { node: root, depth: Depth::of(leaves.map(|(_, depth)| *depth)) }
    }

    /// Appends a node as if it were a leaf; a split's `left` is set when its children are placed.
    #[expect(clippy::cast_possible_truncation, reason = "all nodes fit 32 bits")]
    fn place(&mut self, tree: &Tree, from: u32, scale: f64) {
        let left = self.flat.len() as u32;
        let node = &tree[from as usize];
        self.flat.push(match node.children {
            Some(_) => Node { number: node.threshold, left, feature: node.feature, split: 1 },
            None => Node { number: scale * node.value, left, feature: 0, split: 0 },
        });
    }

    pub(super) fn resident_bytes(&self) -> usize {
        self.flat.len() * size_of::<Node>() + self.roots.len() * size_of::<Root>()
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
        // Side by side goes what there is more of, rows or trees.
        if matrix.len() / n_columns < self.roots.len().min(ROWS_TOGETHER) {
            for (row, cells) in (first..).zip(matrix.chunks_exact(n_columns)) {
                self.one_row(cells, buffers);
                into.row(row, buffers.leaves[..self.roots.len()].iter().copied());
            }
            return;
        }
        let block = (BLOCK_BYTES / 8 / n_columns).max(1).next_multiple_of(ROWS_TOGETHER);
        for (i, cells) in matrix.chunks(block * n_columns).enumerate() {
            for root in &self.roots {
                for (j, cells) in cells.chunks(ROWS_TOGETHER * n_columns).enumerate() {
                    let n = self.one_tree(*root, cells, n_columns, buffers);
                    into.rows(first + i * block + j * ROWS_TOGETHER, &buffers.leaves[..n]);
                }
            }
        }
    }

    fn one_row(&self, row: &[f64], buffers: &mut Buffers) {
        let (cursors, arrived, leaves) = buffers.cursors(self.roots.len());
        for ((cursor, root), id) in cursors.iter_mut().zip(&self.roots).zip(0..) {
            *cursor = Cursor { at: root.node, id };
        }
        walk(
            cursors,
            arrived,
            self.together,
            |cursor| self.step(cursor.at, row),
            |at| self.flat[at as usize].split == 0,
        );
        self.read(arrived, leaves);
    }

    fn one_tree(&self, root: Root, rows: &[f64], n_columns: usize, buffers: &mut Buffers) -> usize {
        let n_rows = rows.len() / n_columns;
        let (cursors, arrived, leaves) = buffers.cursors(n_rows);
        for (cursor, id) in cursors.iter_mut().zip(0..) {
            *cursor = Cursor { at: root.node, id };
        }
        let step = |cursor: Cursor| self.step(cursor.at, &rows[cursor.id as usize * n_columns..]);
        walk(cursors, arrived, root.depth, step, |at| self.flat[at as usize].split == 0);
        self.read(arrived, leaves);
        n_rows
    }

    #[inline]
    fn step(&self, at: u32, row: &[f64]) -> u32 {
        let node = &self.flat[at as usize];
        node.left + (u32::from(beyond(row[usize::from(node.feature)], node.number)) & u32::from(node.split))
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
struct Layout {
    /// Splits whose children are not placed yet, as (node in the tree, position): of this cluster, of later ones.
    now: Vec<(u32, u32)>,
    later: Vec<(u32, u32)>,
    /// Depth of each node placed.
    depths: Vec<u32>,
}
