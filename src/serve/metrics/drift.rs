//! Counts the values of each feature and the predictions by cell, beside the shares that training expects.
//!
//! Each request counts, so each model version has one array of atomics: no label look-up and no lock. The arrays become
//! series when they are scraped. Counts add up across pods, so a drift index over all of them is one query; that of this
//! process alone is computed from the counts of its last full window (`window`).

use std::ops::Range;
use std::time::Duration;

use prometheus::{Histogram, IntCounter};

use crate::model::Model;
use crate::model::batch::Batch;
use crate::model::drift::{Cells, Seen};
use crate::model::prediction::Prediction;
use crate::model::schema::{Feature, FeatureKind};

use super::counts::Counts;
use super::families::Families;
use super::window::Window;

/// Only the first features of a model are counted, to bound the number of series.
pub const MAX_FEATURES: usize = 200;

/// The counters of one version of one model.
#[derive(Debug)]
pub struct Drift {
    pub(super) model: String,
    pub(super) version: String,
    pub(super) algorithm: String,
    pub(super) features: Vec<FeatureCounts>,
    /// None where the model came without statistics.
    pub(super) predictions: Option<Counts>,
    rows: IntCounter,
    seconds: Histogram,
    window: Window,
}

/// A feature's counters.
#[derive(Debug)]
pub(super) struct FeatureCounts {
    pub(super) name: String,
    pub(super) counts: Counts,
    column: usize,
    known: Seen,
    /// Of a numeric feature the values out of range, of a categorical one those in no category.
    new: IntCounter,
}

impl Drift {
    pub(super) fn new(families: &Families, name: &str, model: &Model) -> Self {
        let header = model.header();
        let schema = model.schema();
        // Without bins there is nothing to count in.
        let features =
            schema.features().iter().take(MAX_FEATURES).enumerate().filter(|(_, f)| !f.stats().bins.is_empty());
        let (rows, seconds) = families.of_model(name);
        let window = Window::new(rows.get());
        Self {
            model: name.to_owned(),
            version: model.version().to_owned(),
            algorithm: header.algorithm.to_string(),
            features: features.map(|(column, feature)| FeatureCounts::new(families, name, feature, column)).collect(),
            predictions: header
                .prediction_stats
                .as_ref()
                .map(|s| Counts::new(Cells::new(&s.bins, &schema.target().classes))),
            rows,
            seconds,
            window,
        }
    }

    /// Counts the feature values of `rows`: a column at a time on the stack, then one atomic add a bin.
    pub fn saw_rows(&self, batch: &Batch, rows: Range<usize>) {
        let width = batch.n_features();
        let cells = &batch.values()[rows.start * width..rows.end * width];
        if rows.len() == 1 {
            // Most requests have one row.
            return self.features.iter().for_each(|feature| feature.add_one(cells[feature.column]));
        }
        for feature in &self.features {
            feature.add(cells.iter().skip(feature.column).step_by(width).copied());
        }
    }

    /// Counts a batch's predictions and the time spent computing them.
    pub fn answered(&self, answer: &Prediction, took: Duration) {
        if let Some(predictions) = &self.predictions {
            match answer {
                Prediction::Regression { values, .. } => add_answers(predictions, values, |value| value),
                Prediction::Classification { classes, .. } => add_answers(predictions, classes, f64::from),
            }
        }
        self.rows.inc_by(answer.n_rows() as u64);
        self.seconds.observe(took.as_secs_f64());
        let rows = self.rows.get();
        if self.window.is_over(rows) {
            self.window.end(rows, &self.columns());
        }
    }

    /// The PSI of the last full window: that of each feature that is counted, and that of the predictions. None before
    /// there is a window, and where so many rows, or the training rows, are too few to tell drift from chance.
    pub(super) fn psi(&self) -> (Vec<Option<f64>>, Option<f64>) {
        let mut all = self.window.psi(&self.columns());
        let predictions = if self.predictions.is_some() { all.pop().flatten() } else { None };
        (all, predictions)
    }

    /// The counts of the features, then those of the predictions where there are some.
    fn columns(&self) -> Vec<&Counts> {
        self.features.iter().map(|feature| &feature.counts).chain(&self.predictions).collect()
    }
}

/// Counts the answers of a request: most have one.
fn add_answers<T: Copy>(predictions: &Counts, answers: &[T], number: impl Fn(T) -> f64) {
    match answers {
        [answer] => predictions.add_one(number(*answer)),
        _ => predictions.add(answers.iter().map(|answer| number(*answer)), |_| {}),
    }
}

impl FeatureCounts {
    fn new(families: &Families, model: &str, feature: &Feature, column: usize) -> Self {
        let counter = match feature.kind {
            FeatureKind::Numeric | FeatureKind::Date(_) => &families.out_of_range,
            FeatureKind::Categorical => &families.unseen,
        };
        Self {
            name: feature.name.clone(),
            counts: Counts::new(feature.drift_cells()),
            column,
            known: feature.seen(),
            new: counter.with_label_values(&[model, &feature.name]),
        }
    }

    fn add_one(&self, value: f64) {
        self.counts.add_one(value);
        if self.known.is_new(value) {
            self.new.inc();
        }
    }

    fn add(&self, values: impl ExactSizeIterator<Item = f64>) {
        let mut new = 0;
        self.counts.add(values, |values| new += self.known.n_new(values));
        if new > 0 {
            self.new.inc_by(new);
        }
    }
}
