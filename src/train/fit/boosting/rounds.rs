//! Rounds of boosting, and how many are kept: fitting stops when the loss on validation rows no longer falls.

use std::fmt;

use serde::Serialize;

use super::grow::{self, Tree};
use super::objective::Objective;
use super::tree_task::TreeTask;
use crate::train::data::split;

/// Share of the fitting rows that are set aside.
const SHARE: f64 = 0.1;
/// With fewer fitting rows than this, a second fit on all of them follows, with the same number of rounds.
const REFIT_BELOW: usize = 10_000;
/// With fewer fitting rows than this, none are set aside.
const LEAST_ROWS: usize = 40;
/// Changes the seed, so that these rows are drawn independently of the holdout.
const OTHER_SEED: u64 = 0x51e7_a51d;

/// Rounds of boosting. A round is one tree; with more than two classes, one tree per class.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct Rounds {
    /// Rounds in the model.
    pub kept: usize,
    /// Rounds that were asked for.
    pub most: usize,
    /// Fitting rows that were set aside to choose them; 0 where none were.
    pub set_aside: usize,
    /// True where the model was then fitted again, on all rows.
    pub refitted: bool,
}

/// The inputs of a boosting run.
#[derive(Debug)]
pub(super) struct BoostingRun<'a> {
    pub(super) task: TreeTask<'a>,
    pub(super) objective: Objective,
    /// One a row of the data.
    pub(super) labels: &'a [f64],
    /// One a row of the data; `None`: 1.
    pub(super) weights: Option<&'a [f64]>,
    /// The class of each row, where there are classes.
    pub(super) classes: Option<&'a [u32]>,
    /// One an output.
    pub(super) start: &'a [f64],
    pub(super) learning_rate: f64,
    /// The largest number of rounds.
    pub(super) max_rounds: usize,
    /// Fitting stops after this many rounds without a smaller loss on the validation rows; 0: never.
    pub(super) patience: usize,
    pub(super) seed: u64,
}

impl BoostingRun<'_> {
    /// The trees, round by round and in each by outputs.
    pub(super) fn fit(&self) -> (Vec<Tree>, Rounds) {
        let n_rows = self.labels.len();
        let n_outputs = self.objective.n_outputs();
        // A row that weighs nothing is in no leaf.
        let counts = |row: &usize| self.weights.is_none_or(|weights| weights[*row] > 0.0);
        let all: Vec<usize> = (0..n_rows).filter(counts).collect();
        let rounds = |trees: Vec<Tree>, set_aside: usize, refitted: bool| {
            let kept = trees.len() / n_outputs;
            (trees, Rounds { kept, most: self.max_rounds, set_aside, refitted })
        };
        if self.patience == 0 || all.len() < LEAST_ROWS {
            return rounds(self.boost(&all, &[], self.max_rounds).0, 0, false);
        }
        let mut aside = split::holdout(n_rows, self.classes, SHARE, self.seed ^ OTHER_SEED);
        aside.train.retain(counts);
        let (mut trees, best) = self.boost(&aside.train, &aside.test, self.max_rounds);
        let refitted = n_rows < REFIT_BELOW;
        if refitted {
            trees = self.boost(&all, &[], best).0;
        }
        trees.truncate(best * n_outputs);
        rounds(trees, aside.test.len(), refitted)
    }

    /// Fits up to `max_rounds` rounds on `rows`. Also gives the number of rounds with the smallest loss on the
    /// validation rows, or all rounds if there are none.
    fn boost(&self, rows: &[usize], validation: &[usize], max_rounds: usize) -> (Vec<Tree>, usize) {
        let n_outputs = self.objective.n_outputs();
        let n_rows = self.labels.len();
        let mut margins: Vec<f64> = self.start.iter().copied().cycle().take(n_rows * n_outputs).collect();
        let mut gradients = vec![vec![[0.0_f32; 2]; n_rows]; n_outputs];
        let numbers: Vec<u32> = rows.iter().map(|row| u32::try_from(*row).unwrap_or(u32::MAX)).collect();
        let mut trees = Vec::new();
        let (mut best, mut least) = (0, f64::INFINITY);
        for round in 0..max_rounds {
            self.objective.gradients(&margins, self.labels, self.weights, &mut gradients);
            let grown: Vec<Tree> = gradients.iter().map(|of_output| self.tree(&numbers, of_output, &margins)).collect();
            let is_over = grown.iter().all(Tree::is_stump);
            for (output, tree) in grown.iter().enumerate() {
                tree.for_leaves(|value, rows| {
                    for row in rows {
                        margins[*row as usize * n_outputs + output] += value;
                    }
                });
                for row in validation {
                    margins[row * n_outputs + output] += tree.value(self.task.data, *row);
                }
            }
            trees.extend(grown);
            if !validation.is_empty() {
                let loss = self.objective.mean_loss(validation, &margins, self.labels, self.weights);
                if loss < least {
                    (best, least) = (round + 1, loss);
                }
                if round + 1 - best >= self.patience {
                    break;
                }
            }
            // Nothing can be split any more: further rounds would be the same.
            if is_over {
                break;
            }
        }
        let n_rounds = trees.len() / n_outputs;
        (trees, if validation.is_empty() { n_rounds } else { best.max(1) })
    }

    /// A tree whose leaves hold what is added to the margins.
    fn tree(&self, rows: &[u32], gradients: &[[f32; 2]], margins: &[f64]) -> Tree {
        let is_counted_by_hessians = self.objective.has_unit_hessians() && self.weights.is_none();
        let mut tree = if is_counted_by_hessians {
            grow::tree::<2>(&self.task, rows.to_vec(), gradients)
        } else {
            grow::tree::<3>(&self.task, rows.to_vec(), gradients)
        };
        tree.renew(|step, rows| {
            self.learning_rate * self.objective.leaf(step, rows, margins, self.labels, self.weights)
        });
        tree
    }
}

impl fmt::Display for Rounds {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { kept, most, set_aside, refitted } = self;
        match (set_aside, refitted) {
            (0, _) => write!(f, "{kept} of at most {most} rounds kept"),
            (n, false) => write!(f, "{kept} of at most {most} rounds kept, by {n} training rows set aside for it"),
            (n, true) => write!(
                f,
                "{kept} of at most {most} rounds kept, by {n} training rows set aside for it and then fitted on with the rest"
            ),
        }
    }
}
