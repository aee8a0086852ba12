//! Boosted trees on histograms, for numbers and classes, on cells as they are: a byte a cell, missing ones among them.
//! The fitted trees are held in the neutral form. `docs/libraries.md` says why they are grown here.

pub mod bins;
mod cells;
mod columns;
mod grow;
mod histogram;
mod neutral;
mod objective;
mod rounds;
mod split;
mod target;
mod tree_task;
mod wide_set;

use std::num::NonZeroUsize;

pub(crate) use bins::BinnedRows;
pub(crate) use cells::CellView;
pub(crate) use columns::BoostedColumns;
pub use rounds::Rounds;

use objective::Objective;
use rounds::BoostingRun;
use target::ScaledTarget;
use tree_task::TreeTask;

use crate::model::neutral::Neutral;
use crate::model::schema::Schema;
use crate::train::data::target::Observed;
use crate::train::options::{Hyperparameters, Loss, Monotone};

/// L2 penalty on leaf values: added to the sum of a leaf's hessians.
const LAMBDA: f64 = 1.0;

/// The inputs of a fit.
pub(crate) struct BoostingTask<'a> {
    pub(crate) schema: &'a Schema,
    /// What is made of the features.
    pub(crate) columns: &'a BoostedColumns,
    pub(crate) rows: &'a BinnedRows,
    pub(crate) observed: &'a Observed,
    /// What each row weighs; `None`: 1.
    pub(crate) weights: Option<&'a [f64]>,
    pub(crate) parameters: &'a Hyperparameters,
    /// One a column; empty where there is no constraint.
    pub(crate) monotone: &'a [Option<Monotone>],
    pub(crate) seed: u64,
    pub(crate) threads: NonZeroUsize,
}

/// A fitted model.
#[derive(Debug)]
pub(crate) struct Boosted {
    pub(crate) neutral: Neutral,
    /// How many of the task's rows reach each node of each tree.
    pub(crate) cover: Vec<Vec<u32>>,
    pub(crate) rounds: Rounds,
}

/// Fits a model.
///
/// # Errors
/// One sentence: what the loss is not defined for, or what the rows lack.
#[expect(clippy::cast_precision_loss, reason = "a row count")]
pub(crate) fn fit(task: &BoostingTask<'_>) -> Result<Boosted, String> {
    let n_classes = task.schema.target().classes.len();
    let weights = row_weights(task, n_classes)?;
    let weights = weights.as_deref();
    let (target, objective) = match task.observed {
        Observed::Values(y) => numbers(task, y, weights)?,
        Observed::Classes(y) => {
            let objective = if n_classes == 2 { Objective::Binary } else { Objective::Classes(n_classes) };
            (target::of_classes(y, n_classes, weights), objective)
        }
    };
    let p = task.parameters;
    // Margins are of the scaled target: they start from 0, or its logarithm does; classes from their shares.
    let start = if n_classes == 0 { vec![0.0] } else { target.start.clone() };
    let run = BoostingRun {
        task: TreeTask {
            data: task.rows,
            monotone: task.monotone,
            max_leaves: p.count("max-leaves").unwrap_or(31),
            max_depth: p.count("max-depth").unwrap_or(usize::MAX),
            min_rows: p.count("min-samples-leaf").unwrap_or(1) as f64,
            lambda: LAMBDA,
            threads: task.threads,
        },
        objective,
        labels: &target.labels,
        weights,
        classes: task.observed.classes(),
        start: &start,
        learning_rate: p.number("learning-rate").unwrap_or(0.1),
        max_rounds: p.count("trees").unwrap_or(100),
        patience: p.count("early-stopping").unwrap_or(0),
        seed: task.seed,
    };
    let (mut trees, rounds) = run.fit();
    let neutral = neutral::model(task.columns, task.rows, &trees, objective, &target);
    let cover = trees.iter_mut().map(|tree| std::mem::take(&mut tree.cover)).collect();
    Ok(Boosted { neutral, cover, rounds })
}

fn numbers(task: &BoostingTask<'_>, y: &[f64], weights: Option<&[f64]>) -> Result<(ScaledTarget, Objective), String> {
    let loss = task.parameters.loss().unwrap_or(Loss::Squared);
    let target = target::scale(y, weights, loss)?;
    let delta = match loss {
        Loss::Huber { delta: Some(delta) } => delta / target.factor,
        _ => 1.0,
    };
    Ok((target, Objective::Number(loss, delta)))
}

/// The weight of each row: its own, of which the mean of those above 0 is made 1, because the penalties on leaves are
/// absolute; times that of its class if classes are balanced; `None` if all are 1.
#[expect(clippy::cast_precision_loss, reason = "row counts stay far below 2^53")]
fn row_weights(task: &BoostingTask<'_>, n_classes: usize) -> Result<Option<Vec<f64>>, String> {
    if task.weights.is_some_and(|weights| weights.iter().all(|weight| *weight == 0.0)) {
        return Err("every row to fit on weighs 0".to_owned());
    }
    let weights = task.weights.map(|weights| {
        // Divided by the largest first: a sum of the smallest and largest weights has to be a number.
        let largest = weights.iter().copied().fold(0.0, f64::max);
        let (sum, n) = weights.iter().fold((0.0, 0.0), |(sum, n), w| (sum + w / largest, n + f64::from(*w > 0.0)));
        weights.iter().map(|weight| weight / largest * (n / sum)).collect::<Vec<f64>>()
    });
    let own = |row: usize| weights.as_ref().map_or(1.0, |weights| weights[row]);
    let balanced = |y: &[u32]| {
        let mut of_class = vec![0.0; n_classes];
        y.iter().enumerate().for_each(|(row, class)| of_class[*class as usize] += own(row));
        let n_present = of_class.iter().filter(|weight| **weight > 0.0).count() as f64;
        let share = of_class.iter().sum::<f64>() / n_present;
        let weight = |(row, class): (usize, &u32)| match of_class[*class as usize] {
            0.0 => 0.0,
            of_class => own(row) * share / of_class,
        };
        y.iter().enumerate().map(weight).collect()
    };
    match task.observed {
        Observed::Classes(y) if task.parameters.is("class-weight", "balanced") => Ok(Some(balanced(y))),
        _ => Ok(weights),
    }
}
