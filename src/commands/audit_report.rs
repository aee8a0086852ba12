//! What `audit` reports: as JSON, and as tables for people.

use std::fmt::Write as _;

use serde::Serialize;

use crate::model::artifact::Figures;
use crate::text::printable::printable;

use super::files;
use super::flip::Flip;

/// Errors and calibration by group, and the flip test.
#[derive(Debug, Serialize)]
pub(super) struct AuditReport {
    /// The artifact's own name.
    pub(super) model: String,
    pub(super) version: String,
    /// Where the rows came from.
    pub(super) input: String,
    /// The column with what was observed.
    pub(super) target: String,
    pub(super) rows: u64,
    /// Over all rows.
    pub(super) all: GroupReport,
    /// By group of each sensitive feature, then of each column of `--by`.
    pub(super) groups: Vec<GroupReport>,
    /// What changing a sensitive feature alone does.
    pub(super) flips: Vec<Flip>,
}

/// A group's errors and calibration.
#[derive(Debug, Serialize)]
pub(super) struct GroupReport {
    /// The column.
    pub(super) column: String,
    /// A category, a value or a range.
    pub(super) group: String,
    pub(super) rows: u64,
    /// As in the training report.
    pub(super) figures: Figures,
    /// The mean of predicted minus observed; of numbers, as the next two.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) mean_error: Option<f64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) mean_predicted: Option<f64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) mean_observed: Option<f64>,
    /// Of a classifier.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(super) classes: Vec<ClassCalibration>,
}

/// How often a class is observed, answered and expected.
#[derive(Debug, Serialize)]
pub(super) struct ClassCalibration {
    /// The label.
    pub(super) class: String,
    /// The share of rows that were it.
    pub(super) observed: f64,
    /// The share of rows that are answered by it.
    pub(super) answered: f64,
    /// The mean of its probability; none where a model has none. Calibrated probabilities have the mean that was
    /// observed.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) probability: Option<f64>,
}

fn four(value: Option<f64>) -> String {
    value.map(|value| format!("{value:.4}")).unwrap_or_default()
}

impl AuditReport {
    /// The groups, then the flip test.
    pub(super) fn for_people(&self) -> String {
        let Self { model, version, input, target, rows, .. } = self;
        let head = format!("{input}: {rows} rows, {target} as observed and as {model}, version {version}, predicts it");
        let mut text = format!("{}\n\n", printable(&head));
        let groups: Vec<&GroupReport> = std::iter::once(&self.all).chain(&self.groups).collect();
        text.push_str(&if self.all.classes.is_empty() { of_numbers(&groups) } else { of_classes(&groups) });
        if self.groups.is_empty() {
            text.push_str(
                "\nno feature is marked sensitive (train --sensitive), and --by names no column: there are no groups\n",
            );
        }
        if !self.flips.is_empty() {
            let what = "with the feature changed to this value in every row, and nothing else:";
            let _ = write!(text, "\n{what}\n{}", flips(&self.flips));
        }
        text
    }
}

fn of_numbers(groups: &[&GroupReport]) -> String {
    let head = ["column", "group", "rows", "RMSE", "MAE", "mean error", "mean predicted", "mean observed"];
    let mut table = vec![head.map(str::to_owned)];
    table.extend(groups.iter().map(|group| {
        [
            printable(&group.column).into_owned(),
            printable(&group.group).into_owned(),
            group.rows.to_string(),
            four(group.figures.rmse),
            four(group.figures.mae),
            four(group.mean_error),
            four(group.mean_predicted),
            four(group.mean_observed),
        ]
    }));
    files::aligned(&table)
}

/// A line a class; of two classes only the second, whose complement the first is.
fn of_classes(groups: &[&GroupReport]) -> String {
    let head = ["column", "group", "rows", "accuracy", "log-loss", "ROC AUC", "class", "observed", "answered"];
    let head = head.into_iter().chain(["mean probability"]).map(str::to_owned);
    let mut table = vec![head.collect::<Vec<String>>()];
    for group in groups {
        let first = usize::from(group.classes.len() == 2);
        for (at, class) in group.classes.iter().enumerate().skip(first) {
            let figures = &group.figures;
            let of_group = [
                printable(&group.column).into_owned(),
                printable(&group.group).into_owned(),
                group.rows.to_string(),
                four(figures.accuracy),
                four(figures.log_loss),
                four(figures.roc_auc),
            ];
            let of_group = of_group.into_iter().map(|cell| if at == first { cell } else { String::new() });
            let shares = [Some(class.observed), Some(class.answered), class.probability].map(four);
            table.push(of_group.chain([printable(&class.class).into_owned()]).chain(shares).collect());
        }
    }
    files::aligned_columns(&table, &[0, 1, 2, 3, 4, 5, 6, 7, 8, 9])
}

fn flips(flips: &[Flip]) -> String {
    let is_classifier = flips.iter().any(|flip| flip.other_labels.is_some());
    let head = if is_classifier {
        ["feature", "value", "other label", "mean |difference|", "greatest", "on line"]
    } else {
        ["feature", "value", "mean prediction", "mean change", "greatest |change|", "on line"]
    };
    let mut table = vec![head.map(str::to_owned)];
    table.extend(flips.iter().map(|flip| {
        let greatest = four(Some(flip.greatest_difference));
        let (third, fourth) = match flip.other_labels {
            Some(n) => (n.to_string(), four(Some(flip.mean_difference))),
            None => (four(flip.mean_prediction), four(flip.mean_change)),
        };
        let names = [&flip.feature, &flip.value].map(|name| printable(name).into_owned());
        let [feature, value] = names;
        [feature, value, third, fourth, greatest, flip.line.to_string()]
    }));
    files::aligned(&table)
}
