//! Checked ensembles of trees, and the plain walk through them.

use std::ops::Deref;

use super::finite::check_finite;
use super::link::{Link, Width};
use super::trees::{Ensemble, Leaves, LinearLeaf, Missing, Node, Split, Test, Tree};

/// Nodes of one tree at most, so that positions fit 31 bits.
const MAX_NODES: usize = 1 << 30;

/// The largest number of outputs.
const MAX_OUTPUTS: usize = 65_535;

/// A checked ensemble: walking a tree ends at a leaf within its own length, and every index is in range.
#[derive(Debug, Clone, PartialEq)]
pub struct Trees {
    ensemble: Ensemble,
    depth: usize,
}

impl Deref for Trees {
    type Target = Ensemble;

    fn deref(&self) -> &Ensemble {
        &self.ensemble
    }
}

impl Trees {
    /// Checks an ensemble.
    ///
    /// # Errors
    /// One sentence: what is wrong.
    pub fn new(ensemble: Ensemble) -> Result<Self, String> {
        let n_outputs = ensemble.n_outputs();
        if ensemble.trees.is_empty() {
            return Err("the estimator has no trees".to_owned());
        }
        if n_outputs == 0 || n_outputs > MAX_OUTPUTS {
            return Err(format!("{n_outputs} outputs, expected 1 to {MAX_OUTPUTS}"));
        }
        ensemble.check_sum()?;
        ensemble.check_leaves()?;
        let (mut depth, mut depths) = (0, Vec::new());
        for tree in &ensemble.trees {
            depth = depth.max(ensemble.check_tree(tree, &mut depths)?);
        }
        ensemble.check_range()?;
        Ok(Self { ensemble, depth: depth as usize })
    }

    /// The most splits on a way from a root to a leaf.
    pub fn depth(&self) -> usize {
        self.depth
    }

    /// About how many bytes it occupies: its nodes, and what its leaves refer to.
    pub fn resident_bytes(&self) -> usize {
        let of_leaves = match &self.leaves {
            Leaves::Values | Leaves::Votes | Leaves::Linear(_) => 0,
            Leaves::Vectors(values) => size_of_val(values.as_slice()),
            Leaves::Shares(shares) => shares.resident_bytes(),
        };
        of_leaves + self.trees.iter().map(|tree| size_of_val(tree.nodes.as_slice())).sum::<usize>()
    }

    /// Walks a row through one of the trees, node by node, and tells `visit` of each; the position of the leaf.
    pub fn walk(&self, tree: &Tree, row: &[f64], mut visit: impl FnMut(usize)) -> usize {
        let mut at = 0;
        visit(at);
        while let Node::Split(split) = &tree.nodes[at] {
            let passes = self.passes(split, row[usize::from(split.column)]);
            at = if passes { split.children.0 } else { split.children.1 } as usize;
            visit(at);
        }
        at
    }

    /// True when a cell passes a split's test.
    fn passes(&self, split: &Split, cell: f64) -> bool {
        match split.test {
            Test::AtMost(bound) => split.missing.seen(cell) <= bound,
            Test::In(set) => self.sets[set as usize].holds(cell, self.input),
        }
    }
}

impl Ensemble {
    fn check_sum(&self) -> Result<(), String> {
        if let Some(start) = self.sum.start.iter().find(|v| !self.sum.width.holds(**v)) {
            return Err(format!("a sum starts with {start}"));
        }
        match self.sum.divisor {
            Some(d) if !self.sum.width.holds(d) || d <= 0.0 => return Err(format!("the sum is divided by {d}")),
            _ => {}
        }
        if let Some(tree) = self.trees.iter().find(|tree| !self.sum.width.holds(tree.weight)) {
            return Err(format!("a tree weighs {}", tree.weight));
        }
        if self.leaves != Leaves::Values && self.trees.iter().any(|tree| tree.weight != 1.0) {
            return Err("leaves that are no values weigh 1".to_owned());
        }
        match self.leaves {
            Leaves::Votes if self.link != Link::Identity || self.sum.divisor.is_some() => {
                Err("votes are neither divided nor put through a link".to_owned())
            }
            _ => self.link.check(self.sum.width),
        }
    }

    /// Refuses leaves that may add up beyond the range of the sum's numbers: some row's answer would be infinite.
    #[expect(clippy::cast_precision_loss, reason = "a bound, and there are less than 2^53 trees")]
    fn check_range(&self) -> Result<(), String> {
        let mut bounds: Vec<f64> = self.sum.start.iter().map(|start| start.abs()).collect();
        let size = |node: &Node| if let Node::Leaf(number) = node { number.abs() } else { 0.0 };
        match &self.leaves {
            // A leaf's shares add up to 1.
            Leaves::Votes | Leaves::Shares(_) => return Ok(()),
            Leaves::Values => {
                for tree in &self.trees {
                    let largest = tree.nodes.iter().map(size).fold(0.0, f64::max);
                    bounds[usize::from(tree.output)] += largest * tree.weight.abs();
                }
            }
            // What its terms add is up to the row's cells.
            Leaves::Linear(leaves) => {
                let of = |leaf: &LinearLeaf| leaf.constant.abs().max(leaf.otherwise.abs());
                let largest = leaves.iter().map(of).fold(0.0, f64::max);
                for tree in &self.trees {
                    bounds[usize::from(tree.output)] += largest;
                }
            }
            // A vector may be that of many leaves: looked at once, so that this takes no longer than reading the file.
            Leaves::Vectors(values) => {
                let largest = values.iter().fold(0.0_f64, |largest, value| largest.max(value.abs()));
                for bound in &mut bounds {
                    *bound += largest * self.trees.len() as f64;
                }
            }
        }
        let largest = bounds.into_iter().fold(0.0, f64::max);
        let bound = self.sum.divisor.map_or(largest, |divisor| largest.max(largest / divisor));
        let bound = if self.link == Link::SignedSquare { bound.max(bound * bound) } else { bound };
        // Half of the range: sums are rounded, at each step upwards at worst.
        let most = 0.5 * if self.sum.width == Width::F32 { f64::from(f32::MAX) } else { f64::MAX };
        if bound <= most {
            return Ok(());
        }
        Err(format!("its leaves may add up to {bound:e}, beyond the range of numbers; train it on a smaller target"))
    }

    fn check_leaves(&self) -> Result<(), String> {
        let fits = |v: &f64| self.sum.width.holds(*v);
        match &self.leaves {
            Leaves::Values | Leaves::Votes => Ok(()),
            Leaves::Vectors(values) if values.len().is_multiple_of(self.n_outputs()) && values.iter().all(fits) => {
                Ok(())
            }
            Leaves::Vectors(_) => Err("a leaf has not one finite value an output".to_owned()),
            Leaves::Shares(shares) if self.sum.width == Width::F64 && shares.fit(self.n_outputs()) => Ok(()),
            Leaves::Shares(_) => Err("a leaf has shares of classes that there are not".to_owned()),
            Leaves::Linear(leaves) => {
                if self.sum.width == Width::F32 {
                    return Err("linear leaves are of 64 bits".to_owned());
                }
                for leaf in leaves {
                    let numbers = leaf.terms.iter().map(|(_, c)| c).chain([&leaf.constant, &leaf.otherwise]);
                    check_finite("a number of a linear leaf", numbers)?;
                    if let Some((column, _)) = leaf.terms.iter().find(|(c, _)| usize::from(*c) >= self.n_columns) {
                        return Err(format!("a linear leaf reads column {column} of {}", self.n_columns));
                    }
                }
                Ok(())
            }
        }
    }

    /// The tree's depth; `depths` is a buffer.
    fn check_tree(&self, tree: &Tree, depths: &mut Vec<u32>) -> Result<u32, String> {
        let nodes = &tree.nodes;
        if nodes.is_empty() {
            return Err("a tree has no nodes".to_owned());
        }
        if nodes.len() > MAX_NODES {
            return Err(format!("{} nodes are too many", nodes.len()));
        }
        if usize::from(tree.output) >= self.n_outputs() {
            return Err(format!("a tree adds to output {} of {}", tree.output, self.n_outputs()));
        }
        // Below a parent it is 1 and more.
        depths.clear();
        depths.resize(nodes.len(), 0);
        let mut deepest = 0;
        for (i, node) in nodes.iter().enumerate() {
            match node {
                Node::Leaf(number) => self.check_leaf(i, *number)?,
                Node::Split(split) => {
                    self.check_split(i, split)?;
                    let depth = depths[i] + 1;
                    deepest = deepest.max(depth);
                    for child in [split.children.0 as usize, split.children.1 as usize] {
                        if child <= i || child >= nodes.len() {
                            return Err(format!("node {i} has the child {child} in a tree of {} nodes", nodes.len()));
                        }
                        if std::mem::replace(&mut depths[child], depth) > 0 {
                            return Err(format!("node {child} has two parents"));
                        }
                    }
                }
            }
        }
        match depths.iter().skip(1).position(|depth| *depth == 0) {
            Some(orphan) => Err(format!("node {} has no parent", orphan + 1)),
            None => Ok(deepest),
        }
    }

    #[inline]
    #[expect(clippy::cast_precision_loss, reason = "there are less than 2^53 leaves")]
    fn check_leaf(&self, i: usize, number: f64) -> Result<(), String> {
        let below = |n: usize| number >= 0.0 && number.fract() == 0.0 && number < n as f64;
        let fits = match &self.leaves {
            Leaves::Values => self.sum.width.holds(number),
            Leaves::Votes => below(self.n_outputs()),
            Leaves::Vectors(values) => below(values.len() / self.n_outputs()),
            Leaves::Shares(shares) => below(shares.n_leaves()),
            Leaves::Linear(leaves) => below(leaves.len()),
        };
        if fits { Ok(()) } else { Err(format!("the leaf {i} holds {number}")) }
    }

    #[inline]
    fn check_split(&self, i: usize, split: &Split) -> Result<(), String> {
        if usize::from(split.column) >= self.n_columns {
            return Err(format!("node {i} splits on column {} of {}", split.column, self.n_columns));
        }
        match split.test {
            Test::AtMost(bound) if bound.is_nan() => Err(format!("the threshold of node {i} is not a number")),
            Test::In(set) if set as usize >= self.sets.len() => {
                Err(format!("node {i} asks for set {set} of {}", self.sets.len()))
            }
            Test::In(_) if split.missing != Missing::Fails => {
                Err(format!("node {i} has a rule for missing cells that its set has"))
            }
            _ => Ok(()),
        }
    }
}
