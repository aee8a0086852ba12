//! Grows one tree: the leaf that gains most is split next.

use std::collections::BinaryHeap;

use super::bins::BinnedRows;
use super::histogram::{Gradients, Histogram};
use super::split::{self, Bounds, Split, Sums};
use super::tree_task::TreeTask;
use crate::train::options::Monotone;

/// Bytes of histograms that a tree keeps at most; beyond that, both children are summed, not one subtracted.
const MAX_KEPT: usize = 1 << 28;

/// A tree over bins; the root is node 0, children come after their parent.
#[derive(Debug)]
pub(super) struct Tree {
    pub(super) nodes: Vec<TreeNode>,
    /// The fitting rows, leaf by leaf; none once they are forgotten.
    pub(super) rows: Vec<u32>,
    /// How many rows reach each node; none until the rows are forgotten.
    pub(super) cover: Vec<u32>,
}

/// A node.
#[derive(Debug)]
pub(super) enum TreeNode {
    /// A leaf: its value, and where its rows are in [`Tree::rows`].
    Leaf { value: f64, rows: std::ops::Range<usize> },
    /// A split, and the positions of its children.
    Split { split: Split, left: u32, right: u32 },
}

/// A leaf with the best split found for it.
struct SplitCandidate<const K: usize> {
    node: usize,
    depth: usize,
    rows: std::ops::Range<usize>,
    bounds: Bounds,
    split: Split,
    /// Kept until it is split, unless there are too many.
    histogram: Option<Histogram<K>>,
}

impl<const K: usize> SplitCandidate<K> {
    fn key(&self) -> (f64, std::cmp::Reverse<usize>) {
        (self.split.gain, std::cmp::Reverse(self.node))
    }
}

impl<const K: usize> PartialEq for SplitCandidate<K> {
    fn eq(&self, other: &Self) -> bool {
        self.cmp(other).is_eq()
    }
}

impl<const K: usize> Eq for SplitCandidate<K> {}

impl<const K: usize> PartialOrd for SplitCandidate<K> {
    fn partial_cmp(&self, other: &Self) -> Option<std::cmp::Ordering> {
        Some(self.cmp(other))
    }
}

impl<const K: usize> Ord for SplitCandidate<K> {
    fn cmp(&self, other: &Self) -> std::cmp::Ordering {
        let ((gain, node), (other_gain, other_node)) = (self.key(), other.key());
        gain.total_cmp(&other_gain).then(node.cmp(&other_node))
    }
}

/// A leaf that was just made, not yet searched for a split.
struct NewLeaf {
    node: usize,
    depth: usize,
    rows: std::ops::Range<usize>,
    bounds: Bounds,
    sums: Sums,
}

/// Grows a tree on `rows`, ascending; `gradients` are of all rows of the data, by their numbers. `K` is 2 where every
/// hessian is 1, else 3.
pub(super) fn tree<const K: usize>(task: &TreeTask<'_>, rows: Vec<u32>, gradients: &Gradients) -> Tree {
    Grower::<K> {
        task,
        gradients,
        tree: Tree { nodes: Vec::new(), rows, cover: Vec::new() },
        ordered: Vec::new(),
        spare: Vec::new(),
    }
    .grow()
}

struct Grower<'a, const K: usize> {
    task: &'a TreeTask<'a>,
    gradients: &'a Gradients,
    tree: Tree,
    /// A node's gradients in the order of its rows.
    ordered: Vec<[f32; 2]>,
    /// The rows that go to the right, while a node's rows are divided.
    spare: Vec<u32>,
}

impl<const K: usize> Grower<'_, K> {
    fn grow(mut self) -> Tree {
        let mut candidates = BinaryHeap::new();
        let all = 0..self.tree.rows.len();
        let histogram = self.fill(all.clone());
        let sums = self.sums();
        let root = self.leaf(0, all, Bounds::NONE, sums, self.task.lambda);
        self.consider(root, histogram, &mut candidates);
        let mut n_leaves = 1;
        while n_leaves < self.task.max_leaves {
            let Some(next) = candidates.pop() else { break };
            n_leaves += 1;
            let is_last = n_leaves == self.task.max_leaves;
            self.split(next, is_last, &mut candidates);
        }
        self.tree
    }

    /// The histogram of a node's rows.
    fn fill(&mut self, rows: std::ops::Range<usize>) -> Histogram<K> {
        let rows = &self.tree.rows[rows];
        self.ordered.clear();
        self.ordered.extend(rows.iter().map(|row| self.gradients[*row as usize]));
        Histogram::of(self.task.data, rows, &self.ordered, self.task.threads)
    }

    /// The sums of the rows that were filled in last.
    #[expect(clippy::cast_precision_loss, reason = "row counts stay far below 2^53")]
    fn sums(&self) -> Sums {
        let n = self.ordered.len() as f64;
        let add = |sums: Sums, [gradient, hessian]: &[f32; 2]| {
            sums.plus(Sums { gradient: f64::from(*gradient), hessian: f64::from(*hessian), n: 0.0 })
        };
        Sums { n, ..self.ordered.iter().fold(Sums::default(), add) }
    }

    fn leaf(&mut self, depth: usize, rows: std::ops::Range<usize>, bounds: Bounds, sums: Sums, lambda: f64) -> NewLeaf {
        let value = sums.value(lambda, bounds);
        self.tree.nodes.push(TreeNode::Leaf { value, rows: rows.clone() });
        NewLeaf { node: self.tree.nodes.len() - 1, depth, rows, bounds, sums }
    }

    /// Searches a leaf for its best split and keeps it as a candidate if there is one.
    fn consider(&self, leaf: NewLeaf, histogram: Histogram<K>, candidates: &mut BinaryHeap<SplitCandidate<K>>) {
        let NewLeaf { node, depth, rows, bounds, sums } = leaf;
        if depth >= self.task.max_depth || sums.n < 2.0 * self.task.min_rows {
            return;
        }
        if let Some(split) = split::best(self.task, &histogram, sums, bounds) {
            let bytes = size_of::<[f64; K]>() * self.task.data.n_slots();
            let histogram = ((candidates.len() + 1) * bytes <= MAX_KEPT).then_some(histogram);
            candidates.push(SplitCandidate { node, depth, rows, bounds, split, histogram });
        }
    }

    fn split(&mut self, leaf: SplitCandidate<K>, is_last: bool, candidates: &mut BinaryHeap<SplitCandidate<K>>) {
        let SplitCandidate { node, depth, rows, bounds, split, histogram } = leaf;
        let middle = rows.start + self.divide(rows.clone(), &split);
        let (left_bounds, right_bounds) = self.bounds_below(&split, bounds);
        let left = self.leaf(depth + 1, rows.start..middle, left_bounds, split.left, split.lambda);
        let right = self.leaf(depth + 1, middle..rows.end, right_bounds, split.right, split.lambda);
        let position = |leaf: &NewLeaf| u32::try_from(leaf.node).unwrap_or(u32::MAX);
        self.tree.nodes[node] = TreeNode::Split { split, left: position(&left), right: position(&right) };
        // The last split's children stay leaves.
        if is_last || depth + 1 >= self.task.max_depth {
            return;
        }
        let (small, large) = if left.rows.len() <= right.rows.len() { (left, right) } else { (right, left) };
        let of_small = self.fill(small.rows.clone());
        let of_large = match histogram {
            Some(mut parent) => {
                parent.subtract(&of_small);
                parent
            }
            None => self.fill(large.rows.clone()),
        };
        self.consider(small, of_small, candidates);
        self.consider(large, of_large, candidates);
    }

    /// Moves the rows that go to the left before the others and gives their number; each part keeps its order.
    fn divide(&mut self, rows: std::ops::Range<usize>, split: &Split) -> usize {
        let bins = &self.task.data.columns[split.column];
        // One byte says where each bin leads.
        let leads_left: Vec<bool> =
            (0..=u16::MAX).take(bins.n_bins + 1).map(|bin| split.leads_left(bin, bins.missing())).collect();
        if bins.is_wide() {
            return self.divide_by(rows, |row| leads_left[usize::from(bins.wide[row])]);
        }
        // Of a size that is known, so that no byte is out of bounds.
        let mut of_byte = [false; 256];
        of_byte[..leads_left.len()].copy_from_slice(&leads_left);
        let block = &self.task.data.blocks[split.column / super::bins::BLOCK];
        let at = split.column % super::bins::BLOCK;
        self.divide_by(rows, |row| of_byte[usize::from(block[row][at])])
    }

    /// Moves the rows that a test leads to the left before the others.
    fn divide_by(&mut self, rows: std::ops::Range<usize>, leads_left: impl Fn(usize) -> bool) -> usize {
        let rows = &mut self.tree.rows[rows];
        self.spare.resize(self.spare.len().max(rows.len()), 0);
        let (mut n_left, mut n_right) = (0, 0);
        // Each row is written to both sides and counted on one: a branch would be mispredicted for half of the rows.
        for i in 0..rows.len() {
            let row = rows[i];
            let goes_left = leads_left(row as usize);
            rows[n_left] = row;
            self.spare[n_right] = row;
            n_left += usize::from(goes_left);
            n_right += usize::from(!goes_left);
        }
        rows[n_left..].copy_from_slice(&self.spare[..n_right]);
        n_left
    }

    /// The bounds of the children: below a constrained split the middle between their values is the limit.
    fn bounds_below(&self, split: &Split, bounds: Bounds) -> (Bounds, Bounds) {
        let Some(Some(direction)) = self.task.monotone.get(split.column) else { return (bounds, bounds) };
        let value = |sums: &Sums| sums.value(split.lambda, bounds);
        let middle = f64::midpoint(value(&split.left), value(&split.right));
        let (below, above) = (Bounds { high: middle, ..bounds }, Bounds { low: middle, ..bounds });
        match direction {
            Monotone::Rising => (below, above),
            Monotone::Falling => (above, below),
        }
    }
}

impl Tree {
    /// The position of the leaf that a row of the data reaches, and its value.
    pub(super) fn leaf(&self, data: &BinnedRows, row: usize) -> (usize, f64) {
        let mut at = 0;
        loop {
            match &self.nodes[at] {
                TreeNode::Leaf { value, .. } => return (at, *value),
                TreeNode::Split { split, left, right } => {
                    let missing = data.columns[split.column].missing();
                    let goes_left = split.leads_left(data.bin(row, split.column), missing);
                    at = if goes_left { *left } else { *right } as usize;
                }
            }
        }
    }

    /// The tree with the numbers of its rows, without the rows themselves: kept until the end they were 400 bytes a
    /// fitting row, of 100 rounds. `others` are the leaves that other rows reached.
    pub(super) fn forget_rows(self, others: &[usize]) -> Self {
        let mut cover = vec![0; self.nodes.len()];
        for leaf in others {
            cover[*leaf] += 1;
        }
        // Children come after their parent.
        for (at, node) in self.nodes.iter().enumerate().rev() {
            cover[at] = match node {
                TreeNode::Leaf { rows, .. } => cover[at] + u32::try_from(rows.len()).unwrap_or(u32::MAX),
                TreeNode::Split { left, right, .. } => cover[*left as usize] + cover[*right as usize],
            };
        }
        Self { nodes: self.nodes, rows: Vec::new(), cover }
    }

    /// True where nothing was split.
    pub(super) fn is_stump(&self) -> bool {
        self.nodes.len() == 1
    }

    /// Sets each leaf's value to what `of` computes from its value and rows.
    pub(super) fn renew(&mut self, mut of: impl FnMut(f64, &[u32]) -> f64) {
        for node in &mut self.nodes {
            if let TreeNode::Leaf { value, rows } = node {
                *value = of(*value, &self.rows[rows.clone()]);
            }
        }
    }

    /// Calls `with` for each leaf's rows.
    pub(super) fn for_leaves(&self, mut with: impl FnMut(f64, &[u32])) {
        for node in &self.nodes {
            if let TreeNode::Leaf { value, rows } = node {
                with(*value, &self.rows[rows.clone()]);
            }
        }
    }
}
