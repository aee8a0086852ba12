//! What `replay` reports: as JSON, and as tables for people.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::path::Path;

use serde::Serialize;

use crate::model::Model;
use crate::model::prediction::Prediction;
use crate::model::statistics::quantile;
use crate::table::Unit;
use crate::text::printable::printable;

use super::answers::RowDifference;
use super::files;

/// How the answers of two models differ.
#[derive(Debug, Serialize)]
pub(super) struct ReplayReport {
    /// The new model.
    pub(super) new: ReplayedModel,
    /// The model that it is compared with.
    pub(super) old: ReplayedModel,
    /// Where the rows came from.
    pub(super) input: String,
    /// How many there are.
    pub(super) rows: u64,
    /// What the new model asks for, or answers, otherwise; none where requests of the one fit the other.
    pub(super) schema_difference: Option<String>,
    /// The greatest difference that passes.
    pub(super) tolerance: Option<f64>,
    /// Rows that differ by more.
    pub(super) rows_beyond: Option<u64>,
    /// Over all rows.
    pub(super) difference: Spread,
    /// The rows that differ most, the worst first.
    pub(super) worst: Vec<WorstRow>,
    /// By group of each column of `--by`.
    pub(super) groups: Vec<GroupDifference>,
}

/// A model, and what it answers on the whole.
#[derive(Debug, Serialize)]
pub(super) struct ReplayedModel {
    /// The file.
    file: String,
    /// The artifact's own name.
    model: String,
    version: String,
    /// The mean of the predictions, of a model of one number.
    #[serde(skip_serializing_if = "Option::is_none")]
    mean_prediction: Option<f64>,
    /// The share of rows that get each class, of a classifier.
    #[serde(skip_serializing_if = "Option::is_none")]
    class_ratios: Option<BTreeMap<String, f64>>,
}

/// How rows differ.
#[derive(Debug, Serialize)]
pub(super) struct Spread {
    /// How many rows.
    rows: u64,
    /// Those of them with exactly the same answer.
    equal_rows: u64,
    /// Rows with another label, of classifiers.
    other_labels: u64,
    /// The mean of new minus old, of models of one number.
    #[serde(skip_serializing_if = "Option::is_none")]
    mean_change: Option<f64>,
    /// The mean size of the differences; none without rows, as the next four.
    mean: Option<f64>,
    median: Option<f64>,
    /// What nine of ten rows do not exceed.
    p90: Option<f64>,
    p99: Option<f64>,
    greatest: Option<f64>,
}

/// A row that differs.
#[derive(Debug, Clone, Serialize)]
pub(super) struct WorstRow {
    /// Its line in the file, or its row where the file has no lines.
    pub(super) line: u64,
    /// What `line` counts.
    #[serde(skip)]
    pub(super) unit: Unit,
    /// The old answer.
    pub(super) old: String,
    /// The new one.
    pub(super) new: String,
    /// How large the difference is.
    pub(super) difference: f64,
}

/// How the rows of a group differ.
#[derive(Debug, Serialize)]
pub(super) struct GroupDifference {
    /// The column.
    pub(super) column: String,
    /// A text, a value or a range.
    pub(super) group: String,
    #[serde(flatten)]
    pub(super) spread: Spread,
}

/// Sums of a model's answers.
#[derive(Debug, Default)]
pub(super) struct Answered {
    n_rows: usize,
    sum: f64,
    classes: Vec<u64>,
}

impl Answered {
    /// Adds a chunk's answers.
    pub(super) fn add(&mut self, answers: &Prediction, n_classes: usize) {
        self.n_rows += answers.n_rows();
        match answers {
            Prediction::Regression { values, .. } => self.sum += values.iter().sum::<f64>(),
            Prediction::Classification { classes, .. } => {
                self.classes.resize(n_classes, 0);
                for class in classes {
                    self.classes[*class as usize] += 1;
                }
            }
        }
    }

    /// The model with these answers.
    #[expect(clippy::cast_precision_loss, reason = "counts stay far below 2^53")]
    pub(super) fn of(&self, model: &Model, file: &Path) -> ReplayedModel {
        let target = model.schema().target();
        let n = self.n_rows as f64;
        let ratios = target.classes.iter().cloned().zip(self.classes.iter().map(|count| *count as f64 / n));
        ReplayedModel {
            file: file.display().to_string(),
            model: model.header().name.clone(),
            version: model.version().to_owned(),
            mean_prediction: (target.classes.is_empty() && target.n_outputs() == 1).then(|| self.sum / n),
            class_ratios: (!target.classes.is_empty()).then(|| ratios.collect()),
        }
    }
}

impl Spread {
    /// The spread of these rows' differences.
    #[expect(clippy::cast_precision_loss, reason = "counts stay far below 2^53")]
    pub(super) fn of(rows: &[RowDifference]) -> Self {
        let mut sizes: Vec<f64> = rows.iter().map(|row| row.size).collect();
        sizes.sort_by(f64::total_cmp);
        let n = rows.len() as f64;
        let level = |level: f64| (!sizes.is_empty()).then(|| quantile(&sizes, level));
        let changes: Option<f64> = rows.iter().map(|row| row.change).sum();
        Self {
            rows: rows.len() as u64,
            equal_rows: rows.iter().filter(|row| row.size <= 0.0 && !row.is_other_label).count() as u64,
            other_labels: rows.iter().filter(|row| row.is_other_label).count() as u64,
            mean_change: changes.filter(|_| !rows.is_empty()).map(|sum| sum / n),
            mean: (!sizes.is_empty()).then(|| sizes.iter().sum::<f64>() / n),
            median: level(0.5),
            p90: level(0.9),
            p99: level(0.99),
            greatest: sizes.last().copied(),
        }
    }

    fn cells(&self) -> [String; 9] {
        let four = |value: Option<f64>| value.map(|v| format!("{v:.4}")).unwrap_or_default();
        [
            self.rows.to_string(),
            self.equal_rows.to_string(),
            self.other_labels.to_string(),
            four(self.mean_change),
            four(self.mean),
            four(self.median),
            four(self.p90),
            four(self.p99),
            four(self.greatest),
        ]
    }
}

impl WorstRow {
    /// True when it differs by less.
    pub(super) fn is_below(&self, other: &RowDifference) -> bool {
        self.difference < other.size
    }
}

impl ReplayReport {
    /// The differences, by group too, then the worst rows.
    pub(super) fn for_people(&self) -> String {
        let Self { new, old, input, rows, .. } = self;
        let mut text = format!("{}: {rows} rows\n", printable(input));
        for (what, model) in [("new", new), ("old", old)] {
            let ReplayedModel { file, model, version, mean_prediction, class_ratios } = model;
            let mean = mean_prediction.map(|mean| format!(", predicts {mean:.4} on average")).unwrap_or_default();
            let of_class = |(class, ratio): (&String, &f64)| format!("{class} {:.1} %", ratio * 100.0);
            let ratios = class_ratios.iter().flatten().map(of_class).collect::<Vec<String>>().join(", ");
            let ratios = if ratios.is_empty() { ratios } else { format!(", answers {ratios}") };
            let _ =
                writeln!(text, "{what}: {}", printable(&format!("{file}: {model}, version {version}{mean}{ratios}")));
        }
        let schemas = self.schema_difference.as_deref();
        let _ = writeln!(text, "schema: {}", printable(schemas.unwrap_or("requests of the one fit the other")));
        if let (Some(n), Some(tolerance)) = (self.rows_beyond, self.tolerance) {
            let _ = writeln!(text, "tolerance: {n} of {rows} rows differ by more than {tolerance}");
        }
        let head = ["column", "group", "rows", "equal", "other label", "mean change", "mean |difference|", "median"];
        let head = head.into_iter().chain(["90 %", "99 %", "greatest"]).map(str::to_owned);
        let mut table = vec![head.collect::<Vec<String>>()];
        let row = |column: &str, group: &str, spread: &Spread| {
            let names = [column, group].map(|name| printable(name).into_owned());
            names.into_iter().chain(spread.cells()).collect::<Vec<String>>()
        };
        table.push(row("", "all", &self.difference));
        table.extend(self.groups.iter().map(|group| row(&group.column, &group.group, &group.spread)));
        // Columns that are empty or 0 throughout say nothing: there are no labels, or no groups.
        let says = |at: &usize| table[1..].iter().any(|row| !matches!(row[*at].as_str(), "" | "0")) || *at == 3;
        let kept: Vec<usize> = (0..11).filter(says).collect();
        text.push('\n');
        text.push_str(&files::aligned_columns(&table, &kept));
        if let Some(first) = self.worst.first() {
            let mut table = vec![[&first.unit.to_string(), "old", "new", "difference"].map(str::to_owned)];
            table.extend(self.worst.iter().map(|row| {
                let difference = format!("{:.4}", row.difference);
                [row.line.to_string(), row.old.clone(), row.new.clone(), difference].map(|c| printable(&c).into_owned())
            }));
            let _ = write!(text, "\n{}", files::aligned(&table));
        }
        text
    }
}
