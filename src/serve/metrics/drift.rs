//! Counts the values of each feature and the predictions by bin, beside the shares that training expects.
//!
//! Each request counts, so each model version has one array of atomics: no label look-up and no lock. The arrays become
//! series when they are scraped. Counts add up across pods, so a drift index is one query.

use std::ops::Range;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::time::Duration;

use prometheus::{Histogram, IntCounter};

use crate::model::Model;
use crate::model::batch::Batch;
use crate::model::prediction::Prediction;
use crate::model::schema::Feature;
use crate::model::statistics::{Bins, MAX_BINS};

use super::families::Families;

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
}

/// A column's bins and their counts.
#[derive(Debug)]
pub(super) struct Counts {
    bins: Bins,
    /// For each bin the one that counts its values: itself, unless a category is called `other` or `missing`.
    counted_in: Vec<usize>,
    labels: Vec<String>,
    seen: Vec<AtomicU64>,
}

/// A feature's counters.
#[derive(Debug)]
pub(super) struct FeatureCounts {
    pub(super) name: String,
    pub(super) counts: Counts,
    column: usize,
    /// A numeric feature's range in training.
    range: Option<(f64, f64)>,
    out_of_range: IntCounter,
}

impl Drift {
    pub(super) fn new(families: &Families, name: &str, model: &Model) -> Self {
        let header = model.header();
        let schema = model.schema();
        // Without bins there is nothing to count in.
        let features =
            schema.features().iter().take(MAX_FEATURES).enumerate().filter(|(_, f)| !f.stats().bins.is_empty());
        let (rows, seconds) = families.of_model(name);
        Self {
            model: name.to_owned(),
            version: model.version().to_owned(),
            algorithm: header.algorithm.to_string(),
            features: features.map(|(column, feature)| FeatureCounts::new(families, name, feature, column)).collect(),
            predictions: header.prediction_stats.as_ref().map(|s| Counts::new(&s.bins, &schema.target().classes)),
            rows,
            seconds,
        }
    }

    /// Counts the feature values of `rows`: a column at a time on the stack, then one atomic add a bin.
    pub fn saw_rows(&self, batch: &Batch, rows: Range<usize>) {
        let width = batch.n_features();
        let cells = &batch.values()[rows.start * width..rows.end * width];
        for feature in &self.features {
            feature.add(cells.iter().skip(feature.column).step_by(width).copied());
        }
    }

    /// Counts a batch's predictions and the time spent computing them.
    pub fn answered(&self, answer: &Prediction, took: Duration) {
        if let Some(predictions) = &self.predictions {
            match answer {
                Prediction::Regression { values, .. } => predictions.add(values.iter().copied()),
                Prediction::Classification { classes, .. } => predictions.add(classes.iter().copied().map(f64::from)),
            }
        }
        self.rows.inc_by(answer.n_rows() as u64);
        self.seconds.observe(took.as_secs_f64());
    }
}

impl FeatureCounts {
    fn new(families: &Families, model: &str, feature: &Feature, column: usize) -> Self {
        Self {
            name: feature.name.clone(),
            counts: Counts::new(&feature.stats().bins, &feature.categories),
            column,
            range: feature.stats().min.zip(feature.stats().max),
            out_of_range: families.out_of_range.with_label_values(&[model, &feature.name]),
        }
    }

    fn add(&self, values: impl ExactSizeIterator<Item = f64> + Clone) {
        self.counts.add(values.clone());
        if let Some((min, max)) = self.range {
            let outside = values.filter(|v| *v < min || *v > max).count();
            if outside > 0 {
                self.out_of_range.inc_by(outside as u64);
            }
        }
    }
}

impl Counts {
    fn new(bins: &Bins, categories: &[String]) -> Self {
        let labels = bins.labels(categories);
        let first = |label: &String| labels.iter().position(|l| l == label);
        Self {
            counted_in: labels.iter().filter_map(first).collect(),
            seen: labels.iter().map(|_| AtomicU64::new(0)).collect(),
            labels,
            bins: bins.clone(),
        }
    }

    fn add(&self, mut values: impl ExactSizeIterator<Item = f64>) {
        // In range: a loaded model has at most MAX_BINS bins, and `index` gives one of them.
        if values.len() == 1 {
            // Most requests have one row: no array of bins to clear and to scan.
            if let Some(value) = values.next() {
                self.seen[self.counted_in[self.bins.index(value)]].fetch_add(1, Relaxed);
            }
            return;
        }
        let mut seen = [0_u64; MAX_BINS];
        for value in values {
            seen[self.bins.index(value)] += 1;
        }
        for (bin, count) in seen.into_iter().enumerate().filter(|(_, count)| *count > 0) {
            self.seen[self.counted_in[bin]].fetch_add(count, Relaxed);
        }
    }

    /// Each series: its bin's label, its count, its share of the training rows.
    pub(super) fn series(&self) -> impl Iterator<Item = (&str, u64, f64)> {
        let mut expected = vec![0.0; self.labels.len()];
        for (bin, ratio) in self.bins.expected_ratios().into_iter().enumerate() {
            expected[self.counted_in[bin]] += ratio;
        }
        let own = |bin: &usize| self.counted_in[*bin] == *bin;
        (0..self.labels.len())
            .filter(own)
            .map(move |bin| (self.labels[bin].as_str(), self.seen[bin].load(Relaxed), expected[bin]))
    }
}
