//! All trees of a model laid out for contributions, and what they answer with on average.

use super::laid::{LEAF, Laid};
use super::laying::Laying;
use super::leaf_values::LeafValues;
use super::quadrature::Quadrature;
use crate::model::cover::{CheckedCover, Cover};
use crate::model::ir::{Leaves, Trees};

/// Numbers of quadrature points that the walk is compiled for. A path that asks for `d` different columns takes d / 2.
pub(super) const POINTS: [usize; 5] = [4, 8, 16, 32, 64];

/// All trees of an ensemble, and what they answer with before a feature is known.
#[derive(Debug)]
pub(super) struct LaidTrees {
    pub(super) trees: Vec<Laid>,
    pub(super) values: LeafValues,
    pub(super) quadratures: [Quadrature; POINTS.len()],
}

impl LaidTrees {
    /// Checks that [`new`](Self::new) lays these trees out, which takes a fraction of its time unless they are deep.
    ///
    /// # Errors
    /// As `new`.
    pub(super) fn check(trees: &Trees, cover: &CheckedCover) -> Result<(), String> {
        let most = 2 * POINTS[POINTS.len() - 1];
        // A path of so many splits asks for no more columns.
        if !matches!(trees.leaves, Leaves::Linear(_)) && trees.depth() <= most {
            return Ok(());
        }
        Self::new(trees, &cover.numbers(trees)).map(|_| ())
    }

    /// Lays out checked trees; `cover` is of their nodes.
    ///
    /// # Errors
    /// One sentence: why their answers cannot be explained.
    #[expect(clippy::cast_precision_loss, reason = "there are less than 2^53 trees")]
    pub(super) fn new(trees: &Trees, cover: &Cover) -> Result<Self, String> {
        let (values, votes) = match &trees.leaves {
            Leaves::Values => (LeafValues::Values, None),
            Leaves::Votes => (LeafValues::Votes, Some(trees.trees.len() as f64)),
            Leaves::Vectors(vectors) => (LeafValues::Vectors(vectors.clone(), trees.n_outputs()), None),
            Leaves::Shares(shares) => (LeafValues::Shares(shares.clone()), None),
            Leaves::Linear(_) => {
                return Err("This model has no contributions: its leaves are linear functions".to_owned());
            }
        };
        let divisor = votes.or(trees.sum.divisor).unwrap_or(1.0);
        let mut laying = Laying::of(trees.n_columns);
        let mut laid = Vec::with_capacity(trees.trees.len());
        for (tree, cover) in trees.trees.iter().zip(cover) {
            let (mut of_tree, n_different) = laying.lay(&tree.nodes, cover)?;
            let needed = n_different.div_ceil(2).max(1);
            of_tree.points = POINTS.iter().position(|points| *points >= needed).ok_or_else(|| {
                let most = 2 * POINTS[POINTS.len() - 1];
                format!("This model has no contributions: a path of its trees asks for more than {most} columns")
            })?;
            (of_tree.output, of_tree.scale) = (tree.output, tree.weight / divisor);
            laid.push(of_tree);
        }
        Ok(Self { trees: laid, values, quadratures: POINTS.map(Quadrature::new) })
    }

    /// What the trees add to an output on average over the rows that cover counts.
    pub(super) fn mean(&self, output: usize) -> f64 {
        let mut sum = 0.0;
        let mut reach = Vec::new();
        for tree in &self.trees {
            if !self.values.are_of_all_outputs() && usize::from(tree.output) != output {
                continue;
            }
            let mut of_tree = 0.0;
            if tree.splits.is_empty() {
                of_tree = self.values.of(tree.only_leaf, output);
            }
            reach.clear();
            reach.resize(tree.splits.len(), 1.0);
            for (place, split) in tree.splits.iter().enumerate() {
                for (i, share) in [split.share, 1.0 - split.share].into_iter().enumerate() {
                    let here = reach[place] * share;
                    match split.below[i] {
                        LEAF => of_tree += here * self.values.of(split.leaves[i], output),
                        below => reach[below as usize] = here,
                    }
                }
            }
            sum += of_tree * tree.scale;
        }
        sum
    }

    /// Bytes that it occupies.
    pub(super) fn resident_bytes(&self) -> usize {
        let of_trees = self.trees.iter().map(|tree| size_of_val(&*tree.splits) + size_of_val(&*tree.columns));
        self.values.resident_bytes() + self.trees.len() * size_of::<Laid>() + of_trees.sum::<usize>()
    }
}
