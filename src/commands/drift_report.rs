//! What `drift` reports: as JSON, and as a table for people.

use std::fmt::Write as _;

use serde::Serialize;

use crate::model::drift::Cells;
use crate::model::schema::FeatureKind;
use crate::text::printable::printable;

use super::files;

/// The heights of a bar, from nothing to a column's largest share.
const BARS: [char; 9] = [' ', '▁', '▂', '▃', '▄', '▅', '▆', '▇', '█'];

/// How far rows are from training.
#[derive(Debug, Serialize)]
pub(super) struct DriftReport {
    /// The artifact's own name.
    pub(super) model: String,
    /// Its version.
    pub(super) version: String,
    /// Where the rows came from.
    pub(super) input: String,
    /// How many there are.
    pub(super) rows: u64,
    /// Those of them that the model refuses: a category or a missing cell that it has no rule for.
    pub(super) refused_rows: u64,
    /// The rows of training that they are compared with.
    pub(super) training_rows: Option<u64>,
    /// The PSI from which on a column has drifted.
    pub(super) threshold: f64,
    /// In schema order.
    pub(super) features: Vec<ColumnReport>,
    /// Of the predictions for the rows that the model takes; none where it takes no row, or there are no statistics.
    pub(super) prediction: Option<ColumnReport>,
}

/// How far a column is from training.
#[derive(Debug, Serialize)]
pub(super) struct ColumnReport {
    /// The feature or the target.
    pub(super) name: String,
    /// The population stability index.
    pub(super) psi: f64,
    /// What it stays below in 999 of 1,000 samples of this size without drift.
    pub(super) chance: f64,
    /// Whether it is at least the threshold and above chance.
    pub(super) drifted: bool,
    /// The share of missing cells.
    pub(super) missing_ratio: f64,
    /// The same in training.
    pub(super) expected_missing_ratio: f64,
    /// Values outside of training's range; numeric features only.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) out_of_range: Option<u64>,
    /// Values in none of the categories; categorical features only.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) unseen_category: Option<u64>,
    /// The cells, as in the server's metrics.
    pub(super) bins: Vec<BinReport>,
}

/// A cell of a column.
#[derive(Debug, Serialize)]
pub(super) struct BinReport {
    /// A numeric one's upper edge or a category, `other`, `missing`.
    pub(super) bin: String,
    /// Values in it.
    pub(super) count: u64,
    /// Their share.
    pub(super) ratio: f64,
    /// Training's share.
    pub(super) expected_ratio: f64,
}

impl ColumnReport {
    /// None for a column without values, or without cells. `n_new` values are not known from training.
    #[expect(clippy::cast_precision_loss, reason = "counts stay far below 2^53")]
    pub(super) fn new(
        name: &str,
        kind: Option<FeatureKind>,
        cells: &Cells,
        counts: &[u64],
        n_new: Option<u64>,
        threshold: f64,
    ) -> Option<Self> {
        let n_rows: u64 = counts.iter().sum();
        let (psi, missing) = (cells.psi(counts)?, cells.missing()?);
        let ratio = |count: u64| count as f64 / n_rows as f64;
        let chance = cells.chance(n_rows);
        let bins = cells.labels().iter().zip(counts).zip(cells.expected());
        let bins = bins.map(|((bin, count), expected)| BinReport {
            bin: bin.clone(),
            count: *count,
            ratio: ratio(*count),
            expected_ratio: *expected,
        });
        Some(Self {
            name: name.to_owned(),
            psi,
            chance,
            drifted: psi >= threshold && psi > chance,
            missing_ratio: ratio(counts[missing]),
            expected_missing_ratio: cells.expected()[missing],
            out_of_range: n_new.filter(|_| kind.is_some_and(|kind| kind != FeatureKind::Categorical)),
            unseen_category: n_new.filter(|_| kind == Some(FeatureKind::Categorical)),
            bins: bins.collect(),
        })
    }

    /// What is new in words.
    fn new_values(&self) -> String {
        match (self.out_of_range, self.unseen_category) {
            (Some(n), _) if n > 0 => format!("{n} out of range"),
            (_, Some(n)) if n > 0 => format!("{n} in no category"),
            _ => String::new(),
        }
    }

    /// The shares of training and of these rows as bars of one scale.
    fn bars(&self) -> [String; 2] {
        let largest = self.bins.iter().map(|bin| bin.ratio.max(bin.expected_ratio)).fold(0.0, f64::max);
        let line = |ratio: fn(&BinReport) -> f64| self.bins.iter().map(|bin| bar(ratio(bin), largest)).collect();
        [line(|bin| bin.expected_ratio), line(|bin| bin.ratio)]
    }
}

/// The bar of a share, where `largest` has a whole one. A share above 0 is seen.
#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "from 0 to 8")]
fn bar(share: f64, largest: f64) -> char {
    let height = (share / largest * 8.0).ceil().clamp(0.0, 8.0);
    BARS[height as usize]
}

impl DriftReport {
    /// The names of the columns that have drifted; the predictions go by the target's name.
    pub(super) fn drifted(&self) -> Vec<&str> {
        let columns = self.features.iter().chain(&self.prediction);
        columns.filter(|column| column.drifted).map(|column| column.name.as_str()).collect()
    }

    /// A table: features by their PSI, the largest first, then the predictions.
    pub(super) fn for_people(&self) -> String {
        let Self { model, version, input, rows, refused_rows, threshold, .. } = self;
        let training = self.training_rows.unwrap_or_default();
        let head = format!("{input}: {rows} rows against the {training} training rows of {model}, version {version}");
        let mut text = format!("{}\n", printable(&head));
        if *refused_rows > 0 {
            let what = "a category or a missing cell that it has no rule for";
            let _ = writeln!(text, "the model refuses {refused_rows} of them: {what}");
        }
        let mut features: Vec<&ColumnReport> = self.features.iter().collect();
        features.sort_by(|a, b| b.psi.total_cmp(&a.psi));
        let head = ["feature", "PSI", "by chance", "training", "these rows", "missing", "new values", ""];
        let mut table = vec![head.map(str::to_owned)];
        let mut push = |name: String, column: &ColumnReport| {
            let [expected, actual] = column.bars();
            let missing = match (column.missing_ratio, column.expected_missing_ratio) {
                (now, before) if now + before > 0.0 => format!("{:.1} %, was {:.1} %", now * 100.0, before * 100.0),
                _ => String::new(),
            };
            let chance = if column.chance.is_finite() { format!("{:.4}", column.chance) } else { String::new() };
            let mark = if column.drifted { "drift" } else { "" };
            let psi = format!("{:.4}", column.psi);
            let new = column.new_values();
            table.push([printable(&name).into_owned(), psi, chance, expected, actual, missing, new, mark.to_owned()]);
        };
        for column in features {
            push(column.name.clone(), column);
        }
        if let Some(prediction) = &self.prediction {
            push("(predictions)".to_owned(), prediction);
        }
        text.push_str(&files::aligned(&table));
        let what = "a column has drifted where its PSI is at least";
        let _ = writeln!(text, "{what} {threshold} and above what chance gives in one of 1,000 such samples");
        text
    }
}
