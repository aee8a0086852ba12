//! Grows trees as CART does: at each node the best split over all boundaries between neighbouring values, or, of extra
//! trees, one random boundary a column.
//!
//! smartcore's learner skips a boundary where the last row before it and the first after it are of one class, though
//! rows of the same values may be of others, and takes the first column of equally good ones: on iris that costs 0.01
//! of accuracy. It also scans all rows of the table in each node. Here columns are drawn in a seeded order at each
//! node, as scikit-learn does, the first of equally good splits wins, and a node sorts its own rows by ranks that are
//! computed once for a whole forest. Of a column of zeros and few ones, as one-hot encoding makes them, the ones alone are
//! looked at: 100 trees of classes on 2,000 rows of 2,000 such columns take 4.6 s of CPU, 12.5 s without that.

mod criterion;
mod ranked_rows;

use std::ops::Range;

use crate::train::random::SplitMix64;
pub use criterion::{ClassCounts, Criterion, Gini, Variance};
use ranked_rows::Ones;
pub use ranked_rows::{RankedRows, Ranks};

/// When growing stops, how many columns a split considers, and how it is chosen.
#[derive(Debug, Clone, Copy)]
pub struct GrowthLimits {
    /// Levels of nodes, the root's included; `None` is no limit.
    pub levels: Option<u16>,
    /// Fewest rows of a leaf, above 0; a row counts as often as it was drawn.
    pub min_samples_leaf: usize,
    /// Columns that a split considers, at least 1. If none of these can be split, others are tried until one can.
    pub columns: usize,
    /// True where a column's boundary is drawn, uniform between its least and greatest cell of the node.
    pub is_random: bool,
}

/// A node of a tree, which is a list in breadth-first order.
#[derive(Debug)]
pub struct TreeNode<V> {
    /// What it answers.
    pub value: V,
    /// Its rows; a row counts as often as it was drawn.
    pub n_rows: usize,
    /// How impure they are, by the criterion.
    pub impurity: f64,
    /// The root's level is 1.
    pub level: u16,
    /// How its rows are split; `None` for a leaf.
    pub split: Option<NodeSplit>,
}

/// Rows whose `column` is ≤ `threshold` go to the first child.
#[derive(Debug)]
pub struct NodeSplit {
    /// The column.
    pub column: usize,
    /// The threshold.
    pub threshold: f64,
    /// The node's impurity less that of its children, weighted by their rows.
    pub gain: f64,
    /// Where the first child is; the second is next to it.
    pub children: usize,
}

/// A boundary between two ranks of a column.
#[derive(Debug, Clone, Copy)]
struct Boundary {
    score: f64,
    column: usize,
    /// The last rank before it.
    last: u32,
    threshold: f64,
}

impl RankedRows<'_> {
    /// Grows a tree on rows that count as often as `drawn` says, some of them once at least.
    pub fn grow<C: Criterion>(
        &self,
        criterion: C,
        drawn: &[u32],
        limits: GrowthLimits,
        random: &mut SplitMix64,
    ) -> Vec<TreeNode<C::Value>> {
        let rows: Vec<u32> = (0..).zip(drawn).filter(|(_, times)| **times > 0).map(|(row, _)| row).collect();
        let mut grower = Grower {
            table: self,
            criterion,
            drawn,
            limits,
            random,
            keys: Vec::with_capacity(rows.len()),
            spare: Vec::with_capacity(rows.len()),
            columns: (0..self.n_columns).collect(),
            node_of: drawn.iter().map(|times| if *times > 0 { 0 } else { usize::MAX }).collect(),
            rows,
        };
        grower.grow()
    }
}

/// One tree being grown.
struct Grower<'a, C> {
    table: &'a RankedRows<'a>,
    criterion: C,
    drawn: &'a [u32],
    limits: GrowthLimits,
    random: &'a mut SplitMix64,
    /// Rows of all nodes: those of a node are next to each other, in the table's order.
    rows: Vec<u32>,
    /// A node's rows with their ranks in a column: rank in the upper half, row in the lower.
    keys: Vec<u64>,
    spare: Vec<u32>,
    columns: Vec<usize>,
    /// The last node so far that a row has come to.
    node_of: Vec<usize>,
}

impl<C: Criterion> Grower<'_, C> {
    fn grow(&mut self) -> Vec<TreeNode<C::Value>> {
        let mut ranges = vec![(0..self.rows.len(), 1)];
        let mut nodes = Vec::new();
        while let Some((range, level)) = ranges.get(nodes.len()).cloned() {
            self.criterion.begin(self.rows[range.clone()].iter().map(|row| (*row, self.drawn[*row as usize])));
            let may_split = !self.criterion.is_pure() && self.limits.levels.is_none_or(|levels| level < levels);
            let best = may_split.then(|| self.best(&range, nodes.len())).flatten();
            let impurity = self.criterion.impurity();
            nodes.push(TreeNode {
                value: self.criterion.value(best.is_none()),
                n_rows: usize::try_from(self.criterion.n_rows()).unwrap_or(usize::MAX),
                impurity,
                level,
                split: best.map(|best| NodeSplit {
                    column: best.column,
                    threshold: best.threshold,
                    gain: impurity - self.criterion.impurity_left(best.score),
                    children: ranges.len(),
                }),
            });
            if let Some(best) = best {
                let middle = self.partition(&range, best);
                for side in [range.start..middle, middle..range.end] {
                    self.rows[side.clone()].iter().for_each(|row| self.node_of[*row as usize] = ranges.len());
                    ranges.push((side, level.saturating_add(1)));
                }
            }
        }
        nodes
    }

    /// The best boundary among the columns considered, which are drawn at random.
    fn best(&mut self, range: &Range<usize>, node: usize) -> Option<Boundary> {
        let mut best = None;
        for looked_at in 0..self.columns.len() {
            if looked_at >= self.limits.columns && best.is_some() {
                break;
            }
            let left = (self.columns.len() - looked_at) as u64;
            let other = looked_at + usize::try_from(self.random.below(left)).unwrap_or_default();
            self.columns.swap(looked_at, other);
            let column = self.columns[looked_at];
            match self.table.ones(column) {
                Some(ones) if ones.rows.len() <= range.len() => self.scan_ones(ones, column, node, &mut best),
                _ if self.limits.is_random => self.scan_random(range, column, &mut best),
                _ if self.sort(range, column) => self.scan(column, &mut best),
                _ => {}
            }
        }
        best
    }

    /// Sorts a node's rows by a column into `keys`; false when all values are the same.
    fn sort(&mut self, range: &Range<usize>, column: usize) -> bool {
        let ranks = self.table.ranks(column);
        self.keys.clear();
        self.keys.extend(self.rows[range.clone()].iter().map(|row| key(ranks[*row as usize], *row)));
        let first = rank(self.keys[0]);
        if self.keys.iter().all(|key| rank(*key) == first) {
            return false;
        }
        self.keys.sort_unstable();
        true
    }

    /// Tries all boundaries of the column that `keys` are sorted by.
    fn scan(&mut self, column: usize, best: &mut Option<Boundary>) {
        self.criterion.restart();
        for pair in self.keys.windows(2) {
            let before = row(pair[0]);
            self.criterion.pass(before, self.drawn[before as usize]);
            if rank(pair[0]) == rank(pair[1]) {
                continue;
            }
            if let Some(score) = score_above(&self.criterion, self.limits, best.as_ref()) {
                let threshold = self.table.threshold(column, (before, row(pair[1])));
                *best = Some(Boundary { score, column, last: rank(pair[0]), threshold });
            }
        }
    }

    /// Tries the one boundary of a column of zeros and ones: passes its ones that are in the node.
    fn scan_ones(&mut self, ones: &Ones, column: usize, node: usize, best: &mut Option<Boundary>) {
        self.criterion.restart();
        for row in ones.rows.iter().filter(|row| self.node_of[**row as usize] == node) {
            self.criterion.pass(*row, self.drawn[*row as usize]);
        }
        if let Some(score) = score_above(&self.criterion, self.limits, best.as_ref()) {
            *best = Some(Boundary { score, column, last: 0, threshold: self.table.threshold(column, ones.sides()) });
        }
    }

    /// Tries one boundary between the least and the greatest cell of the node.
    fn scan_random(&mut self, range: &Range<usize>, column: usize, best: &mut Option<Boundary>) {
        let rows = &self.rows[range.clone()];
        let cell = |row: &u32| self.table.cell(*row, column);
        let bounds = |(low, high): (f64, f64), cell: f64| (low.min(cell), high.max(cell));
        let (low, high) = rows.iter().map(cell).fold((f64::INFINITY, f64::NEG_INFINITY), bounds);
        if low >= high {
            return;
        }
        let drawn = low + self.random.share() * (high - low);
        let threshold = if drawn < high { drawn } else { low };
        self.criterion.restart();
        let ranks = self.table.ranks(column);
        let mut last = 0;
        for row in rows.iter().filter(|row| cell(row) <= threshold) {
            self.criterion.pass(*row, self.drawn[*row as usize]);
            last = last.max(ranks[*row as usize]);
        }
        if let Some(score) = score_above(&self.criterion, self.limits, best.as_ref()) {
            *best = Some(Boundary { score, column, last, threshold });
        }
    }

    /// Puts the rows before the boundary first, each side in the table's order; returns where the second side begins.
    fn partition(&mut self, range: &Range<usize>, best: Boundary) -> usize {
        let ranks = self.table.ranks(best.column);
        let mut middle = range.start;
        self.spare.clear();
        for at in range.clone() {
            let row = self.rows[at];
            if ranks[row as usize] <= best.last {
                self.rows[middle] = row;
                middle += 1;
            } else {
                self.spare.push(row);
            }
        }
        self.rows[middle..range.end].copy_from_slice(&self.spare);
        middle
    }
}

/// The score of the boundary, if both sides have rows enough and it is higher than the best one's.
fn score_above(criterion: &impl Criterion, limits: GrowthLimits, best: Option<&Boundary>) -> Option<f64> {
    let least = limits.min_samples_leaf as u64;
    if criterion.sides().iter().any(|n| *n < least) {
        return None;
    }
    Some(criterion.score()).filter(|score| best.is_none_or(|best| *score > best.score))
}

fn key(rank: u32, row: u32) -> u64 {
    u64::from(rank) << u32::BITS | u64::from(row)
}

fn rank(key: u64) -> u32 {
    (key >> u32::BITS) as u32
}

#[expect(clippy::cast_possible_truncation, reason = "the lower half is meant")]
fn row(key: u64) -> u32 {
    key as u32
}
