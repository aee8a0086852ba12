//! Columns that may tell the target: one that predicts it almost alone, or that is missing mostly where the target is
//! one class. They are named before the fit.
//!
//! A column alone is judged on rows it was not learned from: the target's mean, or its commonest class, of each of up
//! to 20 groups of values on every other training row, scored on the rest. So an identifier, each of whose values is
//! met once, tells nothing.

use crate::model::batch::Batch;
use crate::model::schema::{FeatureKind, Schema};
use crate::train::data::target::Observed;
use crate::train::moments::mean;

/// Groups of a numeric column's values, by rank.
const GROUPS: usize = 20;

/// Fewest training rows that are judged.
const LEAST_ROWS: usize = 40;

/// Share of the target's variance, or of the baseline's errors, that one column may explain before it is named.
const ALMOST_ALL: f64 = 0.98;

/// Fewest missing cells that are judged.
const LEAST_MISSING: usize = 10;

/// A column is named when at least this share of the rows where it is missing are of one class.
const MOSTLY: f64 = 0.95;

/// That class has at most this share of all rows: of a commoner one many missing cells say nothing.
const ORDINARY: f64 = 0.8;

/// A sentence for each column that may tell the target.
pub(crate) fn possible(schema: &Schema, batch: &Batch, observed: &Observed) -> Vec<String> {
    let n_features = batch.n_features();
    let column = |f: usize| -> Vec<f64> { batch.values().iter().skip(f).step_by(n_features).copied().collect() };
    let columns = schema.features().iter().enumerate().map(|(f, feature)| (feature, column(f)));
    let sentences = columns.flat_map(|(feature, cells)| {
        let alone = (batch.n_rows() >= LEAST_ROWS)
            .then(|| explained(feature.kind, &cells, observed))
            .flatten()
            .filter(|share| *share >= ALMOST_ALL)
            .map(|share| sentence(&feature.name, share, observed));
        let missing = missing_where(&cells, observed, &schema.target().classes)
            .map(|sentence| format!("{} {sentence}", feature.name));
        [alone, missing]
    });
    let advice = "if it is not known when a prediction is asked for, --drop it";
    sentences.flatten().map(|sentence| format!("possible leak: {sentence}; {advice}")).collect()
}

fn sentence(name: &str, share: f64, observed: &Observed) -> String {
    let percent = (share * 1_000.0).floor() / 10.0;
    match observed {
        Observed::Values(_) => format!("{name} alone explains {percent} % of the target's variance"),
        Observed::Classes(_) => {
            format!("{name} alone takes away {percent} % of the errors of always the commonest class")
        }
    }
}

/// The group of each cell: of numbers by rank, from 1, of categories one more than their position; 0 for a missing
/// cell.
fn groups(kind: FeatureKind, cells: &[f64]) -> Vec<usize> {
    if kind == FeatureKind::Categorical {
        #[expect(
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            reason = "a position, or NaN, which becomes 0"
        )]
        return cells.iter().map(|cell| (*cell + 1.0) as usize).collect();
    }
    let mut sorted: Vec<f64> = cells.iter().copied().filter(|cell| !cell.is_nan()).collect();
    sorted.sort_unstable_by(f64::total_cmp);
    let cuts: Vec<f64> = (1..GROUPS).filter_map(|i| sorted.get(i * sorted.len() / GROUPS).copied()).collect();
    let of_number = |cell: f64| 1 + cuts.partition_point(|cut| *cut <= cell);
    cells.iter().map(|cell| if cell.is_nan() { 0 } else { of_number(*cell) }).collect()
}

/// How much of the target a column explains, measured on every other row: from group means (for classes: each group's
/// commonest class) fitted on the rows between, or from a straight line if that explains more. `None` if there is
/// nothing to explain.
fn explained(kind: FeatureKind, cells: &[f64], observed: &Observed) -> Option<f64> {
    let groups = groups(kind, cells);
    match observed {
        Observed::Values(values) if kind != FeatureKind::Categorical => {
            let by_group = of_values(&groups, values)?;
            Some(of_line(cells, values).map_or(by_group, |by_line| by_group.max(by_line)))
        }
        Observed::Values(values) => of_values(&groups, values),
        Observed::Classes(classes) => of_classes(&groups, classes),
    }
}

/// The same share, of a least-squares line. `None` if a number is missing or the sums overflow.
fn of_line(cells: &[f64], values: &[f64]) -> Option<f64> {
    let rows = |from: usize| cells.iter().zip(values).skip(from).step_by(2);
    let xs: Vec<f64> = rows(0).map(|(x, _)| *x).collect();
    let ys: Vec<f64> = rows(0).map(|(_, y)| *y).collect();
    let (x_mean, y_mean) = (mean(&xs), mean(&ys));
    let both: f64 = xs.iter().zip(&ys).map(|(x, y)| (x - x_mean) * (y - y_mean)).sum();
    let slope = both / xs.iter().map(|x| (x - x_mean) * (x - x_mean)).sum::<f64>();
    let total: f64 = rows(1).map(|(_, y)| (y - y_mean) * (y - y_mean)).sum();
    let rest: f64 = rows(1).map(|(x, y)| y - y_mean - slope * (x - x_mean)).map(|error| error * error).sum();
    Some(1.0 - rest / total).filter(|share| share.is_finite())
}

fn of_values(groups: &[usize], values: &[f64]) -> Option<f64> {
    let n_groups = groups.iter().max()? + 1;
    let (mut sums, mut counts) = (vec![0.0; n_groups], vec![0.0; n_groups]);
    for (group, value) in groups.iter().zip(values).step_by(2) {
        sums[*group] += value;
        counts[*group] += 1.0;
    }
    let learned: Vec<f64> = values.iter().step_by(2).copied().collect();
    let overall = mean(&learned);
    let (mut total, mut rest) = (0.0, 0.0);
    for (group, value) in groups.iter().zip(values).skip(1).step_by(2) {
        let answer = if counts[*group] > 0.0 { sums[*group] / counts[*group] } else { overall };
        total += (value - overall) * (value - overall);
        rest += (value - answer) * (value - answer);
    }
    (total > 0.0 && total.is_finite()).then(|| 1.0 - rest / total)
}

#[expect(clippy::cast_precision_loss, reason = "row counts stay far below 2^53")]
fn of_classes(groups: &[usize], classes: &[u32]) -> Option<f64> {
    let (n_groups, n_classes) = (groups.iter().max()? + 1, *classes.iter().max()? as usize + 1);
    let mut counts = vec![0_usize; n_groups * n_classes];
    let mut all = vec![0_usize; n_classes];
    for (group, class) in groups.iter().zip(classes).step_by(2) {
        counts[group * n_classes + *class as usize] += 1;
        all[*class as usize] += 1;
    }
    let commonest = |counts: &[usize]| (0..n_classes).max_by_key(|class| (counts[*class], std::cmp::Reverse(*class)));
    let overall = commonest(&all)?;
    let answers: Vec<usize> = counts
        .chunks_exact(n_classes)
        .map(|of_group| if of_group.iter().any(|n| *n > 0) { commonest(of_group).unwrap_or(overall) } else { overall })
        .collect();
    let judged = || groups.iter().zip(classes).skip(1).step_by(2);
    let errors = judged().filter(|(_, class)| **class as usize != overall).count();
    let left = judged().filter(|(group, class)| **class as usize != answers[**group]).count();
    (errors > 0).then(|| 1.0 - left as f64 / errors as f64)
}

/// A sentence on a column whose missing cells are mostly in rows of one class.
#[expect(clippy::cast_precision_loss, reason = "row counts stay far below 2^53")]
fn missing_where(cells: &[f64], observed: &Observed, labels: &[String]) -> Option<String> {
    let Observed::Classes(classes) = observed else { return None };
    let absent = cells.iter().filter(|cell| cell.is_nan()).count();
    if absent < LEAST_MISSING {
        return None;
    }
    labels.iter().zip(0_u32..).find_map(|(label, class)| {
        let all = classes.iter().filter(|of_row| **of_row == class).count();
        let beside = cells.iter().zip(classes).filter(|(cell, of_row)| cell.is_nan() && **of_row == class).count();
        let (share, overall) = (beside as f64 / absent as f64, all as f64 / classes.len() as f64);
        (share >= MOSTLY && overall <= ORDINARY)
            .then(|| format!("is missing in {absent} training rows, {beside} of them of class {label:?}"))
    })
}
