//! Chooses the golden rows among the training rows: 16 to 64, or all when there are fewer than 16.
//!
//! In this order, each row once: one with each imputed feature missing; one of every class that has none yet; then
//! rows spread evenly over the answers' range, up to 32 in all (16 more when the first two gave over 16). A model of
//! more than 64 classes has golden rows of the first ones only.

use std::collections::BTreeSet;

use crate::model::artifact::Golden;
use crate::model::batch::Batch;
use crate::model::golden::{MAX_GOLDEN, answer, cells};
use crate::model::prediction::Prediction;
use crate::model::schema::Schema;

/// Up to this many rows all are golden; of more rows, at least this many.
const LEAST: usize = 16;
/// How many there are usually.
const USUAL: usize = 32;

/// The chosen rows, ascending. `batch` holds the training rows, `observed` their classes if there are any, `answers`
/// the final model's answers for them.
pub(crate) fn choose(batch: &Batch, observed: Option<&[u32]>, answers: &Prediction) -> Vec<usize> {
    let n_rows = batch.n_rows();
    if n_rows <= LEAST {
        return (0..n_rows).collect();
    }
    let mut chosen = missing_ones(batch);
    if let Some(observed) = observed {
        one_a_class(observed, &mut chosen);
    }
    let total = USUAL.max(chosen.len() + LEAST).min(MAX_GOLDEN).min(n_rows);
    let order = by_answer(answers);
    let with = |wanted: usize| {
        let spread = (0..wanted).map(|i| order[i * (n_rows - 1) / (wanted - 1).max(1)]);
        chosen.iter().copied().chain(spread).collect::<BTreeSet<usize>>()
    };
    // Some rows of the spread may be chosen already: widen it until the total is reached.
    let mut all = chosen.clone();
    for wanted in total - chosen.len()..=n_rows {
        let more = with(wanted);
        if more.len() > total {
            break;
        }
        all = more;
    }
    all.into_iter().collect()
}

/// The chosen rows with their answers, as the header keeps them.
pub(super) fn rows(schema: &Schema, batch: &Batch, answers: &Prediction, chosen: &[usize]) -> Vec<Golden> {
    let one = |row: &usize| Golden {
        row: cells(batch.row(*row), schema),
        prediction: answer(answers, *row, &schema.target().classes),
    };
    chosen.iter().map(one).collect()
}

/// The first row with each feature missing, where there is one.
fn missing_ones(batch: &Batch) -> BTreeSet<usize> {
    let mut chosen = BTreeSet::new();
    let mut seen = vec![false; batch.n_features()];
    for (i, row) in batch.rows().enumerate() {
        let new = row.iter().zip(&seen).any(|(cell, seen)| cell.is_nan() && !seen);
        if new && chosen.len() < MAX_GOLDEN {
            chosen.insert(i);
            row.iter().zip(&mut seen).for_each(|(cell, seen)| *seen |= cell.is_nan());
        }
    }
    chosen
}

fn one_a_class(observed: &[u32], chosen: &mut BTreeSet<usize>) {
    let mut seen: BTreeSet<u32> = chosen.iter().map(|row| observed[*row]).collect();
    for (row, class) in observed.iter().enumerate() {
        if chosen.len() < MAX_GOLDEN && seen.insert(*class) {
            chosen.insert(row);
        }
    }
}

/// Rows sorted by their answers; ties: the first row first.
fn by_answer(answers: &Prediction) -> Vec<usize> {
    let key: Vec<f64> = match answers {
        // Of several outputs by the first.
        Prediction::Regression { values, n_outputs } => values.iter().step_by(*n_outputs).copied().collect(),
        Prediction::Classification { classes, probability: None } => classes.iter().map(|c| f64::from(*c)).collect(),
        Prediction::Classification { classes, probability: Some(p) } => {
            let n_classes = p.len() / classes.len().max(1);
            // Within a class by its probability.
            let sure = |(row, class): (usize, &u32)| f64::from(*class) * 2.0 + p[row * n_classes + *class as usize];
            classes.iter().enumerate().map(sure).collect()
        }
    };
    let mut order: Vec<usize> = (0..key.len()).collect();
    order.sort_by(|a, b| key[*a].total_cmp(&key[*b]).then(a.cmp(b)));
    order
}
