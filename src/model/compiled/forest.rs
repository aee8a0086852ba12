//! Trees, forests and boosting in one flat form, bit-identical to smartcore's `predict`.
//!
//! Nodes of 16 bytes in breadth-first order, siblings adjacent: the next node is `left + (x > threshold)`, chosen
//! without a branch. A leaf leads to itself, so that every tree is walked its own depth and trees (for one row) or rows
//! (for a batch) can be walked side by side, hiding each other's latency. Leaves are summed in smartcore's order.

use super::trees::{self, Tree};

/// Trees walked together for one row: enough loads in flight to hide a cache miss, few enough for the registers.
const TREES_TOGETHER: usize = 16;

/// Rows walked together through one tree.
const ROWS_TOGETHER: usize = 16;

/// Rows per block: their cells and sums stay in the first-level cache while every tree passes over them.
const BLOCK: usize = 256;

/// One node, 16 bytes.
#[derive(Debug, Clone, Copy)]
struct Node {
    /// NaN in a leaf: every comparison fails, so that a leaf's `left` is the position before it.
    threshold: f64,
    /// The true child; the false child is the next node.
    left: u32,
    feature: u16,
}

#[derive(Debug, Clone, Copy)]
struct Root {
    node: u32,
    /// Steps from the root to its deepest leaf.
    depth: u32,
}

/// How leaves become an answer.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) enum Combine {
    /// One tree: its leaf.
    Single,
    /// Σ leaves / number of trees.
    Mean,
    /// Start + Σ leaves, the learning rate already multiplied in.
    Sum(f64),
    /// Leaves are class positions, each tree has one vote; of equals the first class wins.
    Vote,
}

/// A flat forest.
#[derive(Debug, Clone)]
pub(super) struct Forest {
    nodes: Vec<Node>,
    /// Leaf values by node.
    values: Vec<f64>,
    roots: Vec<Root>,
    combine: Combine,
}

impl Forest {
    /// Flattens checked trees. `scale` multiplies the leaves (1 but for boosting).
    pub(super) fn new(trees: &[Tree], combine: Combine, scale: f64) -> Result<Self, String> {
        let total: usize = trees.iter().map(Vec::len).sum();
        if trees.is_empty() {
            return Err("the estimator has no trees".to_owned());
        }
        if u32::try_from(total).is_err() {
            return Err("the estimator has more nodes than fit 32 bits".to_owned());
        }
        let mut forest = Self {
            nodes: Vec::with_capacity(total),
            values: Vec::with_capacity(total),
            roots: Vec::with_capacity(trees.len()),
            combine,
        };
        let mut level = Vec::new();
        let mut next = Vec::new();
        for tree in trees {
            forest.push(tree, scale, &mut level, &mut next);
        }
        Ok(forest)
    }

    /// Appends one tree breadth-first; `level` and `next` are buffers.
    #[expect(clippy::cast_possible_truncation, reason = "the caller checked that all nodes fit 32 bits")]
    fn push(&mut self, tree: &Tree, scale: f64, level: &mut Vec<u32>, next: &mut Vec<u32>) {
        let root = self.nodes.len() as u32;
        let mut depth = 0;
        level.clear();
        level.push(0);
        let mut children_from = root + 1;
        while !level.is_empty() {
            next.clear();
            for position in level.iter() {
                let node = &tree[*position as usize];
                let here = self.nodes.len() as u32;
                match node.children {
                    Some((left, right)) => {
                        self.nodes.push(Node { threshold: node.threshold, left: children_from, feature: node.feature });
                        next.extend([left, right]);
                        children_from += 2;
                    }
                    None => self.nodes.push(Node { threshold: f64::NAN, left: here.wrapping_sub(1), feature: 0 }),
                }
                self.values.push(if scale == 1.0 { node.value } else { scale * node.value });
            }
            depth += u32::from(!next.is_empty());
            std::mem::swap(level, next);
        }
        self.roots.push(Root { node: root, depth });
    }

    pub(super) fn n_trees(&self) -> usize {
        self.roots.len()
    }

    pub(super) fn resident_bytes(&self) -> usize {
        self.nodes.len() * size_of::<Node>() + self.values.len() * 8 + self.roots.len() * size_of::<Root>()
    }

    /// Values for a row-major matrix of `n_columns` columns, appended to `out`. Not for [`Combine::Vote`].
    pub(super) fn values(&self, matrix: &[f64], n_columns: usize, out: &mut Vec<f64>) {
        let from = out.len();
        let start = if let Combine::Sum(start) = self.combine { start } else { 0.0 };
        out.resize(from + matrix.len() / n_columns, start);
        for (rows, sums) in matrix.chunks(BLOCK * n_columns).zip(out[from..].chunks_mut(BLOCK)) {
            match self.combine {
                Combine::Single => self.each_leaf(rows, n_columns, |row, leaf| sums[row] = leaf),
                _ => self.each_leaf(rows, n_columns, |row, leaf| sums[row] += leaf),
            }
        }
        if self.combine == Combine::Mean {
            let n = f64::from(u32::try_from(self.n_trees()).expect("trees have at least one 32-bit node each"));
            out[from..].iter_mut().for_each(|sum| *sum /= n);
        }
    }

    /// Votes for a row-major matrix, row-major `[n_rows, n_classes]`, added to `votes`.
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "leaves are checked class positions")]
    pub(super) fn votes(&self, matrix: &[f64], n_columns: usize, n_classes: usize, votes: &mut [u32]) {
        for (rows, votes) in matrix.chunks(BLOCK * n_columns).zip(votes.chunks_mut(BLOCK * n_classes)) {
            self.each_leaf(rows, n_columns, |row, leaf| votes[row * n_classes + leaf as usize] += 1);
        }
    }

    /// Calls `add` with (row, leaf value) for every row and tree: for each row in tree order.
    #[inline]
    fn each_leaf(&self, matrix: &[f64], n_columns: usize, mut add: impl FnMut(usize, f64)) {
        let n_rows = matrix.len() / n_columns;
        let mut row = 0;
        if n_rows >= ROWS_TOGETHER {
            for root in &self.roots {
                row = 0;
                while row + ROWS_TOGETHER <= n_rows {
                    let cells = &matrix[row * n_columns..(row + ROWS_TOGETHER) * n_columns];
                    let leaves = self.walk_rows(*root, cells, n_columns);
                    for (i, leaf) in leaves.into_iter().enumerate() {
                        add(row + i, self.values[leaf as usize]);
                    }
                    row += ROWS_TOGETHER;
                }
            }
        }
        for row in row..n_rows {
            let cells = &matrix[row * n_columns..(row + 1) * n_columns];
            for roots in self.roots.chunks(TREES_TOGETHER) {
                let leaves = self.walk_trees(roots, cells);
                for leaf in &leaves[..roots.len()] {
                    add(row, self.values[*leaf as usize]);
                }
            }
        }
    }

    #[inline]
    fn walk_rows(&self, root: Root, cells: &[f64], n_columns: usize) -> [u32; ROWS_TOGETHER] {
        let mut at = [root.node; ROWS_TOGETHER];
        for _ in 0..root.depth {
            for (at, row) in at.iter_mut().zip(cells.chunks_exact(n_columns)) {
                *at = self.step(*at, row);
            }
        }
        at
    }

    #[inline]
    fn walk_trees(&self, roots: &[Root], row: &[f64]) -> [u32; TREES_TOGETHER] {
        let mut at = [0; TREES_TOGETHER];
        let mut depth = 0;
        for (at, root) in at.iter_mut().zip(roots) {
            *at = root.node;
            depth = depth.max(root.depth);
        }
        for _ in 0..depth {
            for at in &mut at[..roots.len()] {
                *at = self.step(*at, row);
            }
        }
        at
    }

    /// smartcore's rule: `x <= threshold` goes to the true child, all else (NaN too) to the false one.
    #[inline]
    fn step(&self, at: u32, row: &[f64]) -> u32 {
        let node = &self.nodes[at as usize];
        let goes_left = row[usize::from(node.feature)] <= node.threshold;
        node.left.wrapping_add(u32::from(!goes_left))
    }

    /// Population standard deviation of the trees' leaves for each row.
    #[expect(clippy::cast_precision_loss, reason = "tree counts stay far below 2^53")]
    pub(super) fn spread(&self, matrix: &[f64], n_columns: usize) -> Vec<f64> {
        let n_rows = matrix.len() / n_columns;
        let n = self.n_trees() as f64;
        let mut sums = vec![0.0; n_rows];
        self.each_leaf(matrix, n_columns, |row, leaf| sums[row] += leaf);
        let means: Vec<f64> = sums.iter().map(|s| s / n).collect();
        let mut squares = vec![0.0; n_rows];
        self.each_leaf(matrix, n_columns, |row, leaf| squares[row] += (leaf - means[row]) * (leaf - means[row]));
        squares.iter().map(|s| (s / n).sqrt()).collect()
    }
}

/// How many rows of a row-major matrix reach each node of each tree, in the trees' own node order.
pub(super) fn cover(trees: &[Tree], matrix: &[f64], n_columns: usize) -> Vec<Vec<u32>> {
    trees.iter().map(|tree| cover_one(tree, matrix, n_columns)).collect()
}

fn cover_one(tree: &[trees::Node], matrix: &[f64], n_columns: usize) -> Vec<u32> {
    let mut counts = vec![0_u32; tree.len()];
    for row in matrix.chunks_exact(n_columns) {
        let mut at = 0;
        counts[at] += 1;
        while let Some((left, right)) = tree[at].children {
            let goes_left = row[usize::from(tree[at].feature)] <= tree[at].threshold;
            at = if goes_left { left } else { right } as usize;
            counts[at] += 1;
        }
    }
    counts
}
