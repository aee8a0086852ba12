//! A forest ready to answer: which kernel finds the leaves, and what becomes of them.

use super::accumulate::{Accumulate, LinearSums, OutputSums, ShareSums, Squares, Sums, VectorSums, Votes};
use super::buffers::Buffers;
use super::quantized::{FewRows, Quantized};
use super::views::{Rows, Source, Views};
use super::walk::Walk;
use crate::model::compiled::links::AnswerRule;
use crate::model::compiled::rounding::rounded_to_f32;
use crate::model::compiled::rows::n_rows;
use crate::model::ir::{Decision, Leaves, LinearLeaf, Link, Shares, Sum, Trees, Width};

/// Classes up to which leaves' shares are laid out with their zeros, 64 bytes a leaf at most: adding up to 8 numbers is
/// faster than finding out which of them are there.
const FEW_CLASSES: usize = 8;

/// A flat forest.
#[derive(Debug, Clone)]
pub(in crate::model::compiled) struct Forest {
    n_columns: usize,
    n_trees: usize,
    sum: Sum,
    link: Link,
    decision: Decision,
    leaves: LeafNumbers,
    views: Option<Views>,
    finder: Finder,
}

/// What a kernel's leaf numbers are.
#[derive(Debug, Clone)]
enum LeafNumbers {
    /// Values of the one output, or class positions.
    Numbers,
    /// Values; the output of each tree.
    Outputs(Vec<u16>),
    /// Positions in this list of vectors.
    Vectors(Vec<f64>),
    /// Positions in this list of shares.
    Shares(Shares),
    /// Positions in this list of functions; the output of each tree.
    Linear(Vec<LinearLeaf>, Vec<u16>),
}

#[derive(Debug, Clone)]
enum Finder {
    Quantized(Quantized),
    Walk(Walk),
}

impl Forest {
    /// Flattens trees.
    ///
    /// # Errors
    /// One sentence: there are too many nodes or columns.
    pub(in crate::model::compiled) fn new(trees: &Trees) -> Result<Self, String> {
        let total: usize = trees.trees.iter().map(|tree| tree.nodes.len()).sum();
        // Two levels a node hold each up to twice.
        if u32::try_from(2 * total).is_err() {
            return Err("the estimator has more nodes than fit 31 bits".to_owned());
        }
        let views = Views::of(trees)?;
        let source = &Source { trees, views: views.as_ref() };
        let quantized = Quantized::new(source);
        let finder = quantized.map_or_else(|| Finder::Walk(Walk::new(source)), Finder::Quantized);
        let outputs = || trees.trees.iter().map(|tree| tree.output).collect();
        let leaves = match &trees.leaves {
            Leaves::Votes => LeafNumbers::Numbers,
            Leaves::Values if trees.n_outputs() == 1 => LeafNumbers::Numbers,
            Leaves::Values => LeafNumbers::Outputs(outputs()),
            Leaves::Vectors(values) => LeafNumbers::Vectors(values.clone()),
            Leaves::Shares(shares) if trees.n_outputs() <= FEW_CLASSES => {
                LeafNumbers::Vectors(shares.to_vectors(trees.n_outputs()))
            }
            Leaves::Shares(shares) => LeafNumbers::Shares(shares.clone()),
            Leaves::Linear(leaves) => LeafNumbers::Linear(leaves.clone(), outputs()),
        };
        Ok(Self {
            n_columns: trees.n_columns,
            n_trees: trees.trees.len(),
            sum: trees.sum.clone(),
            link: trees.link,
            decision: trees.decision,
            leaves,
            views,
            finder,
        })
    }

    /// The other layout in which few rows can walk the trees, those this was made of; `None` when they have only one.
    pub(in crate::model::compiled) fn other_layout(&self, trees: &Trees) -> Option<FewRows> {
        match &self.finder {
            Finder::Quantized(quantized) => quantized.other_layout(&Source { trees, views: self.views.as_ref() }),
            Finder::Walk(_) => None,
        }
    }

    /// Exchanges the present layout for few rows for another of the same trees.
    pub(in crate::model::compiled) fn swap_layout(&mut self, other: &mut FewRows) {
        if let Finder::Quantized(quantized) = &mut self.finder {
            quantized.swap_layout(other);
        }
    }

    pub(in crate::model::compiled) fn resident_bytes(&self) -> usize {
        let held = match &self.leaves {
            LeafNumbers::Numbers => 0,
            LeafNumbers::Outputs(outputs) => outputs.len() * 2,
            LeafNumbers::Vectors(values) => values.len() * 8,
            LeafNumbers::Shares(shares) => shares.resident_bytes(),
            LeafNumbers::Linear(leaves, outputs) => {
                let terms: usize = leaves.iter().map(|leaf| leaf.terms.len() * size_of::<(u16, f64)>()).sum();
                leaves.len() * size_of::<LinearLeaf>() + terms + outputs.len() * 2
            }
        };
        let of_finder = match &self.finder {
            Finder::Quantized(quantized) => quantized.resident_bytes(),
            Finder::Walk(walk) => walk.resident_bytes(),
        };
        held + of_finder + self.views.as_ref().map_or(0, Views::resident_bytes)
    }

    /// From its margins to an answer.
    pub(in crate::model::compiled) fn rule(&self) -> AnswerRule {
        AnswerRule { link: self.link, width: self.sum.width, decision: self.decision }
    }

    /// Trees.
    pub(in crate::model::compiled) fn n_trees(&self) -> usize {
        self.n_trees
    }

    /// Margins of a row.
    pub(in crate::model::compiled) fn n_outputs(&self) -> usize {
        self.sum.start.len()
    }

    /// True when the answer is the mean of independent trees.
    pub(in crate::model::compiled) fn is_mean(&self) -> bool {
        self.sum.divisor.is_some() && matches!(self.leaves, LeafNumbers::Numbers)
    }

    /// True when the answer is the mean of what leaves hold for each class.
    pub(in crate::model::compiled) fn holds_shares(&self) -> bool {
        self.link == Link::Identity && matches!(self.leaves, LeafNumbers::Vectors(_) | LeafNumbers::Shares(_))
    }

    /// Margins for a row-major matrix, row-major `[n_rows, n_outputs]`, appended to `out`. Not for votes.
    pub(in crate::model::compiled) fn margins(&self, matrix: &[f64], buffers: &mut Buffers, out: &mut Vec<f64>) {
        let from = out.len();
        self.sums(matrix, buffers, out);
        self.divide(&mut out[from..]);
    }

    /// As [`Self::margins`], but not divided where the source's raw score is not.
    pub(in crate::model::compiled) fn raw(&self, matrix: &[f64], buffers: &mut Buffers, out: &mut Vec<f64>) {
        let from = out.len();
        self.sums(matrix, buffers, out);
        if !self.sum.raw_is_undivided {
            self.divide(&mut out[from..]);
        }
    }

    fn divide(&self, sums: &mut [f64]) {
        match (self.sum.divisor, self.sum.width) {
            (Some(divisor), Width::F32) => sums.iter_mut().for_each(|sum| *sum = rounded_to_f32(*sum / divisor)),
            (Some(divisor), Width::F64) => sums.iter_mut().for_each(|sum| *sum /= divisor),
            (None, _) => {}
        }
    }

    fn sums(&self, matrix: &[f64], buffers: &mut Buffers, out: &mut Vec<f64>) {
        let (from, n_rows) = (out.len(), n_rows(matrix, self.n_columns));
        match self.sum.start.as_slice() {
            [start] => out.resize(from + n_rows, *start),
            starts => (0..n_rows).for_each(|_| out.extend_from_slice(starts)),
        }
        let sums = &mut out[from..];
        match self.sum.width {
            Width::F32 => self.add_up::<true>(matrix, buffers, sums),
            Width::F64 => self.add_up::<false>(matrix, buffers, sums),
        }
    }

    fn add_up<const F32: bool>(&self, matrix: &[f64], buffers: &mut Buffers, sums: &mut [f64]) {
        let (n_outputs, n_columns) = (self.n_outputs(), self.n_columns);
        match &self.leaves {
            LeafNumbers::Numbers => self.each_leaf(matrix, buffers, &mut Sums::<F32>(sums)),
            LeafNumbers::Outputs(outputs) => {
                self.each_leaf(matrix, buffers, &mut OutputSums::<F32> { sums, n_outputs, outputs });
            }
            LeafNumbers::Vectors(vectors) => {
                self.each_leaf(matrix, buffers, &mut VectorSums::<F32> { sums, n_outputs, vectors });
            }
            LeafNumbers::Shares(shares) => self.each_leaf(matrix, buffers, &mut ShareSums { sums, n_outputs, shares }),
            LeafNumbers::Linear(leaves, outputs) => {
                let mut sums = LinearSums { sums, n_outputs, outputs, leaves, matrix, n_columns };
                self.each_leaf(matrix, buffers, &mut sums);
            }
        }
    }

    /// Votes for a row-major matrix, row-major `[n_rows, n_classes]`, added to `votes`.
    pub(in crate::model::compiled) fn votes(&self, matrix: &[f64], buffers: &mut Buffers, votes: &mut [u32]) {
        self.each_leaf(matrix, buffers, &mut Votes { votes, n_classes: self.n_outputs() });
    }

    /// Population standard deviation of the trees' leaves for each row.
    #[expect(clippy::cast_precision_loss, reason = "tree counts stay far below 2^53")]
    pub(in crate::model::compiled) fn spread(&self, matrix: &[f64]) -> Vec<f64> {
        let n_rows = n_rows(matrix, self.n_columns);
        let n = self.n_trees as f64;
        let buffers = &mut Buffers::default();
        let mut means = vec![0.0; n_rows];
        self.each_leaf(matrix, buffers, &mut Sums::<false>(&mut means));
        for mean in &mut means {
            *mean /= n;
        }
        let mut sums = vec![0.0; n_rows];
        self.each_leaf(matrix, buffers, &mut Squares { means: &means, sums: &mut sums });
        sums.iter().map(|sum| (sum / n).sqrt()).collect()
    }

    /// Gives `into` the leaf of every row and tree, for each row in tree order.
    fn each_leaf(&self, matrix: &[f64], buffers: &mut Buffers, into: &mut impl Accumulate) {
        let rows = Rows { matrix, n_columns: self.n_columns, views: self.views.as_ref() };
        match &self.finder {
            Finder::Quantized(quantized) => quantized.each_leaf(rows, buffers, into),
            Finder::Walk(walk) => {
                let mut shown = std::mem::take(&mut buffers.shown);
                let (compared, n_columns) = rows.compared(&mut shown);
                walk.each_leaf(compared, n_columns, 0, buffers, into);
                buffers.shown = shown;
            }
        }
    }
}
