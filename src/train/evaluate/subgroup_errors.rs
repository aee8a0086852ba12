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
        for (group, rows) in groups(feature, &cells) {
            let (observed, answers) = (observed.of_rows(&rows), subset(answers, &rows, n_classes));
            let figures = Scoring::of_classes(n_classes).figures(&observed, &answers);
            let mean_error = mean_error(&observed, &answers);
            all.push(GroupFigures { feature: feature.name.clone(), group, mean_error, figures });
        }
    }
    all
}

/// Groups with their rows, none empty.
fn groups(feature: &Feature, cells: &[f64]) -> Vec<(String, Vec<usize>)> {
    let mut sorted: Vec<f64> = cells.iter().copied().filter(|c| !c.is_nan()).collect();
    sorted.sort_by(f64::total_cmp);
    let mut distinct = sorted.clone();
    distinct.dedup();
    let rows_where = |inside: &dyn Fn(f64) -> bool| (0..cells.len()).filter(|row| inside(cells[*row])).collect();
    let mut groups: Vec<(String, Vec<usize>)> = Vec::new();
    if feature.kind == FeatureKind::Categorical {
        for (name, position) in feature.categories.iter().zip(0_u32..) {
            groups.push((name.clone(), rows_where(&|c| is(c, f64::from(position)))));
        }
    } else if distinct.len() <= FEW_VALUES {
        groups.extend(distinct.iter().map(|v| (format!("{v}"), rows_where(&|c| is(c, *v)))));
    } else {
        let mut edges: Vec<f64> = [1, 2, 3].iter().map(|i| sorted[(sorted.len() * i).div_ceil(4) - 1]).collect();
        edges.dedup();
        edges.retain(|e| *e < sorted[sorted.len() - 1]);
        groups.push((format!("≤ {}", edges[0]), rows_where(&|c| c <= edges[0])));
        for pair in edges.windows(2) {
            groups.push((format!("{} to {}", pair[0], pair[1]), rows_where(&|c| c > pair[0] && c <= pair[1])));
        }
        let last = edges[edges.len() - 1];
        groups.push((format!("> {last}"), rows_where(&|c| c > last)));
    }
    groups.push(("missing".to_owned(), rows_where(&f64::is_nan)));
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
