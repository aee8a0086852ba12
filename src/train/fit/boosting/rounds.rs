//! Rounds of boosting, and how many are kept: fitting stops when the loss on validation rows no longer falls.

use std::fmt;

use serde::Serialize;

use super::grow::{self, Tree};
use super::objective::Objective;
use super::tree_task::TreeTask;
use crate::train::data::split;

/// With this many fitting rows or more, a share of them is set aside once, and the fit on the others is the model.
const ONE_FIT: usize = 10_000;
/// That share.
const SHARE: f64 = 0.1;
/// With fewer rows, parts of them are set aside in turn, with a fit for each, and a fit on all rows follows.
const PARTS: u32 = 5;
/// As many parts are taken as have this many rows together, at least one: the loss of fewer rows is mostly noise.
const VALIDATION_ROWS: usize = 1_000;
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
    /// Fitting rows that were set aside, once or in turn, to choose them; 0 where none were.
    pub set_aside: usize,
    /// True where the model was then fitted again, on all rows.
    pub refitted: bool,
}

impl Rounds {
    /// How many fits on all rows a run is worth, where every fit takes all its rounds.
    #[expect(clippy::cast_precision_loss, reason = "parts are few")]
    pub(crate) fn fits(n_rows: usize, patience: usize) -> f64 {
        if patience == 0 || !(LEAST_ROWS..ONE_FIT).contains(&n_rows) {
            return 1.0;
        }
        let parts = (VALIDATION_ROWS * PARTS as usize).div_ceil(n_rows).min(PARTS as usize);
        1.0 + parts as f64 * (1.0 - 1.0 / f64::from(PARTS))
    }
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
        // A row that weighs nothing is in no leaf.
        let counts = |row: &usize| self.weights.is_none_or(|weights| weights[*row] > 0.0);
        let all: Vec<usize> = (0..n_rows).filter(counts).collect();
        let seed = self.seed ^ OTHER_SEED;
        if self.patience == 0 || all.len() < LEAST_ROWS {
            return self.fit_on(&all, Vec::new(), self.max_rounds);
        }
        if n_rows >= ONE_FIT {
            let mut aside = split::holdout(n_rows, self.classes, SHARE, seed);
            aside.train.retain(counts);
            return self.fit_on(&aside.train, aside.test, self.max_rounds);
        }
        let part_of_row = split::folds(n_rows, self.classes, PARTS, seed);
        let (mut fits, mut set_aside) = (Vec::new(), 0);
        for part in 0..PARTS {
            if set_aside < VALIDATION_ROWS {
                let rows: Vec<usize> = all.iter().copied().filter(|row| part_of_row[*row] != part).collect();
                let validation: Vec<usize> = (0..n_rows).filter(|row| part_of_row[*row] == part).collect();
                set_aside += validation.len();
                fits.push(Fit::new(self, &rows, validation));
            }
        }
        let best = self.boost(&mut fits, self.max_rounds);
        let (trees, rounds) = self.fit_on(&all, Vec::new(), best);
        (trees, Rounds { most: self.max_rounds, set_aside, refitted: true, ..rounds })
    }

    /// One fit on `rows`, and its trees up to the round with the smallest loss on the validation rows.
    fn fit_on(&self, rows: &[usize], validation: Vec<usize>, max_rounds: usize) -> (Vec<Tree>, Rounds) {
        let set_aside = validation.len();
        let mut fit = Fit::new(self, rows, validation);
        let kept = self.boost(std::slice::from_mut(&mut fit), max_rounds);
        let mut trees = fit.trees;
        trees.truncate(kept * self.objective.n_outputs());
        (trees, Rounds { kept, most: max_rounds, set_aside, refitted: false })
    }

    /// Adds up to `max_rounds` rounds to each fit. Gives the number of rounds with the smallest loss on the validation
    /// rows of all fits together, or all rounds if there are none.
    fn boost(&self, fits: &mut [Fit<'_>], max_rounds: usize) -> usize {
        let is_validated = fits.iter().any(|fit| !fit.validation.is_empty());
        let (mut n_rounds, mut best, mut least) = (0, 1, f64::INFINITY);
        while n_rounds < max_rounds {
            let mut is_over = true;
            for fit in &mut *fits {
                is_over &= !fit.add_round();
            }
            n_rounds += 1;
            if is_validated {
                let loss = fits.iter().map(Fit::loss).sum();
                if loss < least {
                    (best, least) = (n_rounds, loss);
                }
            }
            // Nothing can be split any more: further rounds would be the same.
            if is_over || is_validated && n_rounds - best >= self.patience {
                break;
            }
        }
        if is_validated { best } else { n_rounds }
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

/// A fit, to which rounds are added.
struct Fit<'a> {
    run: &'a BoostingRun<'a>,
    /// Rows to fit on, ascending.
    rows: Vec<u32>,
    /// Rows that are set aside.
    validation: Vec<usize>,
    /// Rows that weigh nothing and are not set aside.
    weightless: Vec<usize>,
    /// Of all rows of the data, `[n_rows, n_outputs]`; those of other rows stay at the start.
    margins: Vec<f64>,
    /// By outputs.
    gradients: Vec<Vec<[f32; 2]>>,
    trees: Vec<Tree>,
}

impl<'a> Fit<'a> {
    fn new(run: &'a BoostingRun<'a>, rows: &[usize], validation: Vec<usize>) -> Self {
        let (n_rows, n_outputs) = (run.labels.len(), run.objective.n_outputs());
        Self {
            run,
            rows: rows.iter().map(|row| u32::try_from(*row).unwrap_or(u32::MAX)).collect(),
            weightless: all_but(n_rows, rows, &validation),
            validation,
            margins: run.start.iter().copied().cycle().take(n_rows * n_outputs).collect(),
            gradients: vec![vec![[0.0_f32; 2]; n_rows]; n_outputs],
            trees: Vec::new(),
        }
    }

    /// Adds a round; false where nothing could be split.
    fn add_round(&mut self) -> bool {
        let BoostingRun { objective, labels, weights, task, .. } = self.run;
        let n_outputs = objective.n_outputs();
        objective.gradients(&self.margins, labels, *weights, &mut self.gradients);
        let of_output = |gradients: &Vec<[f32; 2]>| self.run.tree(&self.rows, gradients, &self.margins);
        let grown: Vec<Tree> = self.gradients.iter().map(of_output).collect();
        for (output, tree) in grown.iter().enumerate() {
            tree.for_leaves(|value, rows| {
                for row in rows {
                    self.margins[*row as usize * n_outputs + output] += value;
                }
            });
        }
        let is_split = !grown.iter().all(Tree::is_stump);
        for (output, tree) in grown.into_iter().enumerate() {
            let mut others = Vec::with_capacity(self.validation.len() + self.weightless.len());
            for row in &self.validation {
                let (leaf, value) = tree.leaf(task.data, *row);
                self.margins[row * n_outputs + output] += value;
                others.push(leaf);
            }
            others.extend(self.weightless.iter().map(|row| tree.leaf(task.data, *row).0));
            self.trees.push(tree.forget_rows(&others));
        }
        is_split
    }

    /// The total loss of the validation rows.
    fn loss(&self) -> f64 {
        let BoostingRun { objective, labels, weights, .. } = self.run;
        objective.total_loss(&self.validation, &self.margins, labels, *weights)
    }
}

/// The numbers below `n_rows` that are in neither of two lists, which have none in common.
fn all_but(n_rows: usize, rows: &[usize], others: &[usize]) -> Vec<usize> {
    if rows.len() + others.len() == n_rows {
        return Vec::new();
    }
    let mut is_left = vec![true; n_rows];
    rows.iter().chain(others).for_each(|row| is_left[*row] = false);
    (0..n_rows).filter(|row| is_left[*row]).collect()
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
