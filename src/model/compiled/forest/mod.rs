//! Trees, forests and boosting in flat forms, bit-identical to smartcore's `predict`.
//!
//! Three ways to find the leaf that a row reaches in each tree, chosen by the forest's and the batch's shape; each puts
//! the leaves into smartcore's own sum in smartcore's order:
//! - [`bitvector`]: blocks of rows, by set algebra over the forest's distinct thresholds;
//! - [`two_level`]: few rows through such forests, two levels a step;
//! - [`walk`]: forests of larger trees, and single trees: node by node.

mod accumulate;
mod bitvector;
mod cursors;
mod quantized;
mod thresholds;
mod two_level;
mod walk;

use crate::model::smartcore::trees::{self, Tree};
use accumulate::{Accumulate, Squares, Sums, Votes};
use cursors::Cursor;
use quantized::Quantized;
use walk::Walk;

/// How leaves become an answer.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(in crate::model) enum Combine {
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
    n_trees: usize,
    n_columns: usize,
    combine: Combine,
    kernel: Kernel,
}

#[derive(Debug, Clone)]
enum Kernel {
    Quantized(Quantized),
    Walk(Walk),
}

/// Buffers of one worker, reused from call to call.
#[derive(Debug, Default)]
pub(super) struct Buffers {
    /// BitVectors by slot, and by boundary between leaves.
    slots: Vec<u64>,
    sets: Vec<u64>,
    /// Low and high bytes of each row's leaf.
    codes: Vec<u8>,
    /// Leaf values, of rows or of trees.
    leaves: Vec<f64>,
    cursors: Vec<Cursor>,
    arrived: Vec<u32>,
}

impl Buffers {
    /// `n` cursors, and as many places for the nodes and values they arrive at.
    fn cursors(&mut self, n: usize) -> (&mut [Cursor], &mut [u32], &mut [f64]) {
        if self.cursors.len() < n {
            self.cursors.resize(n, Cursor::default());
            self.arrived.resize(n, 0);
        }
        self.leaves.resize(self.leaves.len().max(n), 0.0);
        (&mut self.cursors[..n], &mut self.arrived[..n], &mut self.leaves[..n])
    }
}

impl Forest {
    /// Flattens checked trees. `scale` multiplies the leaves (1 but for boosting).
    pub(super) fn new(trees: &[Tree], n_columns: usize, combine: Combine, scale: f64) -> Result<Self, String> {
        let total: usize = trees.iter().map(Vec::len).sum();
        if trees.is_empty() {
            return Err("the estimator has no trees".to_owned());
        }
        // Pairs hold a node up to twice.
        if u32::try_from(2 * total).is_err() {
            return Err("the estimator has more nodes than fit 31 bits".to_owned());
        }
        let quantized = Quantized::new(trees, n_columns, scale);
        let kernel = quantized.map_or_else(|| Kernel::Walk(Walk::new(trees, scale)), Kernel::Quantized);
        Ok(Self { n_trees: trees.len(), n_columns, combine, kernel })
    }

    pub(super) fn resident_bytes(&self) -> usize {
        match &self.kernel {
            Kernel::Quantized(quantized) => quantized.resident_bytes(),
            Kernel::Walk(nodes) => nodes.resident_bytes(),
        }
    }

    /// Values for a row-major matrix, appended to `out`. Not for [`Combine::Vote`].
    #[expect(clippy::cast_precision_loss, reason = "tree counts stay far below 2^53")]
    pub(super) fn values(&self, matrix: &[f64], buffers: &mut Buffers, out: &mut Vec<f64>) {
        let start = match self.combine {
            Combine::Sum(start) => start,
            // Adds nothing, not even to −0.
            Combine::Single => -0.0,
            Combine::Mean | Combine::Vote => 0.0,
        };
        let from = out.len();
        out.resize(from + matrix.len() / self.n_columns, start);
        let sums = &mut out[from..];
        self.each_leaf(matrix, buffers, &mut Sums(sums));
        if self.combine == Combine::Mean {
            for sum in sums {
                *sum /= self.n_trees as f64;
            }
        }
    }

    /// Votes for a row-major matrix, row-major `[n_rows, n_classes]`, added to `votes`.
    pub(super) fn votes(&self, matrix: &[f64], n_classes: usize, buffers: &mut Buffers, votes: &mut [u32]) {
        self.each_leaf(matrix, buffers, &mut Votes { votes, n_classes });
    }

    /// Population standard deviation of the trees' leaves for each row.
    #[expect(clippy::cast_precision_loss, reason = "tree counts stay far below 2^53")]
    pub(super) fn spread(&self, matrix: &[f64]) -> Vec<f64> {
        let n_rows = matrix.len() / self.n_columns;
        let n = self.n_trees as f64;
        let buffers = &mut Buffers::default();
        let mut means = vec![0.0; n_rows];
        self.each_leaf(matrix, buffers, &mut Sums(&mut means));
        for mean in &mut means {
            *mean /= n;
        }
        let mut sums = vec![0.0; n_rows];
        self.each_leaf(matrix, buffers, &mut Squares { means: &means, sums: &mut sums });
        sums.iter().map(|sum| (sum / n).sqrt()).collect()
    }

    /// Gives `into` the leaf of every row and tree, for each row in tree order.
    fn each_leaf(&self, matrix: &[f64], buffers: &mut Buffers, into: &mut impl Accumulate) {
        match &self.kernel {
            Kernel::Quantized(quantized) => quantized.each_leaf(matrix, self.n_columns, buffers, into),
            Kernel::Walk(nodes) => nodes.each_leaf(matrix, self.n_columns, 0, buffers, into),
        }
    }
}

/// How many rows of a row-major matrix depth each node of each tree, in the trees' own node order.
pub(in crate::model) fn cover(trees: &[Tree], matrix: &[f64], n_columns: usize) -> Vec<Vec<u32>> {
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
