//! Errors by the groups of a sensitive feature: they show a model that errs more, or to one side, for some of them.

use serde::Serialize;

use crate::model::artifact::Figures;
use crate::model::batch::Batch;
use crate::model::prediction::Prediction;
use crate::model::schema::{Feature, FeatureKind, Schema};
use crate::train::data::target::Observed;
use crate::train::evaluate::folds::subset;
use crate::train::evaluate::scoring::Scoring;
use crate::train::moments::mean;

/// A feature with at most this many distinct values has a group for each; others are cut at their quartiles.
const FEW_VALUES: usize = 5;

/// Figures of one group.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct GroupFigures {
    /// The sensitive feature.
    pub feature: String,
    /// The group: a category, a value, or a range between quartiles (values that occur).
    pub group: String,
    /// Mean of predicted minus observed, in the target's unit; regression only.
    pub mean_error: Option<f64>,
    /// The figures of the group's rows.
    pub figures: Figures,
}

/// Figures of every group of every sensitive feature, features in schema order.
pub(crate) fn errors(schema: &Schema, batch: &Batch, observed: &Observed, answers: &Prediction) -> Vec<GroupFigures> {
    let n_classes = schema.target().classes.len();
    let mut all = Vec::new();
    for (f, feature) in schema.features().iter().enumerate().filter(|(_, feature)| feature.sensitive) {
        let cells: Vec<f64> = batch.rows().map(|row| row[f]).collect();
        let of_group = |(group, rows): (String, Vec<usize>)| {
            GroupFigures::new(&feature.name, group, &rows, (observed, answers), n_classes)
        };
        all.extend(feature_groups(feature, &cells).into_iter().map(of_group));
    }
    all
}

impl GroupFigures {
    /// The figures of some rows, which are the group called `group` of a column; not empty.
    pub(crate) fn new(
        column: &str,
        group: String,
        rows: &[usize],
        (observed, answers): (&Observed, &Prediction),
        n_classes: usize,
    ) -> Self {
        let (observed, answers) = (observed.of_rows(rows), subset(answers, rows, n_classes));
        let figures = Scoring::of_classes(n_classes).figures(&observed, &answers);
        let mean_error = mean_error(&observed, &answers);
        Self { feature: column.to_owned(), group, mean_error, figures }
    }
}

/// Groups of a feature's cells with their rows, none empty: each category, or as [`number_groups`].
pub(crate) fn feature_groups(feature: &Feature, cells: &[f64]) -> Vec<(String, Vec<usize>)> {
    if feature.kind != FeatureKind::Categorical {
        return groups_of(cells, &|value| feature.shown(value));
    }
    let mut groups = Vec::new();
    for (name, position) in feature.categories.iter().zip(0_u32..) {
        groups.push((name.clone(), rows_where(cells, |c| is(c, f64::from(position)))));
    }
    with_missing(groups, cells)
}

/// Groups of numbers with their rows, none empty: each value of a few, else the ranges between quartiles; NaN is missing.
pub(crate) fn number_groups(cells: &[f64]) -> Vec<(String, Vec<usize>)> {
    groups_of(cells, &|value| format!("{value}"))
}

/// The same, where `shown` writes a value.
fn groups_of(cells: &[f64], shown: &dyn Fn(f64) -> String) -> Vec<(String, Vec<usize>)> {
    let mut sorted: Vec<f64> = cells.iter().copied().filter(|c| !c.is_nan()).collect();
    sorted.sort_unstable_by(f64::total_cmp);
    let mut distinct = sorted.clone();
    distinct.dedup();
    let mut groups: Vec<(String, Vec<usize>)> = Vec::new();
    if distinct.len() <= FEW_VALUES {
        groups.extend(distinct.iter().map(|v| (shown(*v), rows_where(cells, |c| is(c, *v)))));
    } else {
        let mut edges: Vec<f64> = [1, 2, 3].iter().map(|i| sorted[(sorted.len() * i).div_ceil(4) - 1]).collect();
        edges.dedup();
        edges.retain(|e| *e < sorted[sorted.len() - 1]);
        if edges.is_empty() {
            // Over three quarters are the largest value.
            edges.push(distinct[distinct.len() - 2]);
        }
        groups.push((format!("≤ {}", shown(edges[0])), rows_where(cells, |c| c <= edges[0])));
        for pair in edges.windows(2) {
            let name = format!("{} to {}", shown(pair[0]), shown(pair[1]));
            groups.push((name, rows_where(cells, |c| c > pair[0] && c <= pair[1])));
        }
        let last = edges[edges.len() - 1];
        groups.push((format!("> {}", shown(last)), rows_where(cells, |c| c > last)));
    }
    with_missing(groups, cells)
}

fn rows_where(cells: &[f64], is_inside: impl Fn(f64) -> bool) -> Vec<usize> {
    (0..cells.len()).filter(|row| is_inside(cells[*row])).collect()
}

/// The groups that are not empty, and that of missing cells.
fn with_missing(mut groups: Vec<(String, Vec<usize>)>, cells: &[f64]) -> Vec<(String, Vec<usize>)> {
    groups.push(("missing".to_owned(), rows_where(cells, f64::is_nan)));
    groups.retain(|(_, rows)| !rows.is_empty());
    groups
}

#[allow(clippy::float_cmp, reason = "the same value is meant")]
fn is(a: f64, b: f64) -> bool {
    a == b
}

fn mean_error(observed: &Observed, answers: &Prediction) -> Option<f64> {
    match (observed, answers) {
        (Observed::Values(y), Prediction::Regression { values, .. }) => {
            Some(mean(&values.iter().zip(y).map(|(p, y)| p - y).collect::<Vec<f64>>()))
        }
        _ => None,
    }
}
