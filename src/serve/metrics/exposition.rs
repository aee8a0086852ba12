//! Turns the counts of `drift` into series when they are scraped, and decides which versions are shown.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use prometheus::core::{Collector, Desc};
use prometheus::proto::{Counter, Gauge, LabelPair, Metric, MetricFamily, MetricType};

use crate::model::Model;

use super::drift::{Counts, Drift};
use super::families::{
    FEATURE_EXPECTED, FEATURE_VALUES, Families, Family, MODEL_INFO, PREDICTION_EXPECTED, PREDICTION_VALUES,
};

/// How long the series of a replaced version are still shown: its last counts are scraped then too.
const SHOWN_AFTER: Duration = Duration::from_secs(600);

/// The versions whose series are shown.
#[derive(Debug, Clone, Default)]
pub(super) struct Drifts {
    shown: Arc<Mutex<Vec<Shown>>>,
}

#[derive(Debug)]
struct Shown {
    drift: Arc<Drift>,
    /// When the version was replaced; none while it is served.
    retired: Option<Instant>,
}

impl Drifts {
    pub(super) fn collector(&self) -> Box<dyn Collector> {
        let described = [MODEL_INFO, FEATURE_VALUES, FEATURE_EXPECTED, PREDICTION_VALUES, PREDICTION_EXPECTED];
        Box::new(DriftCollector { drifts: self.clone(), described: described.iter().map(Family::described).collect() })
    }

    pub(super) fn watch(&self, families: &Families, name: &str, model: &Model) -> Arc<Drift> {
        let mut shown = self.lock();
        if let Some(known) = shown.iter_mut().find(|s| is(&s.drift, name, model.version())) {
            known.retired = None;
            return Arc::clone(&known.drift);
        }
        let drift = Arc::new(Drift::new(families, name, model));
        shown.push(Shown { drift: Arc::clone(&drift), retired: None });
        drift
    }

    pub(super) fn retire(&self, drift: &Drift) {
        if let Some(known) = self.lock().iter_mut().find(|s| is(&s.drift, &drift.model, &drift.version)) {
            known.retired = Some(Instant::now());
        }
    }

    /// Drops versions replaced over ten minutes ago, and what is counted per model when no version of it is left.
    pub(super) fn forget_expired(&self, families: &Families) {
        let mut shown = self.lock();
        let (kept, expired) = std::mem::take(&mut *shown)
            .into_iter()
            .partition::<Vec<_>, _>(|s| s.retired.is_none_or(|at| at.elapsed() < SHOWN_AFTER));
        *shown = kept;
        for Shown { drift, .. } in expired {
            forget(families, &drift, &shown);
        }
    }

    fn lock(&self) -> MutexGuard<'_, Vec<Shown>> {
        self.shown.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn is(drift: &Drift, name: &str, version: &str) -> bool {
    drift.model == name && drift.version == version
}

/// Drops the series that count a model over all its versions, where no version shown has them any more.
fn forget(families: &Families, drift: &Drift, shown: &[Shown]) {
    let versions: Vec<&Shown> = shown.iter().filter(|s| s.drift.model == drift.model).collect();
    for feature in &drift.features {
        let stays = versions.iter().any(|s| s.drift.features.iter().any(|f| f.name == feature.name));
        if !stays {
            // An error means that it is gone already: two versions expired together.
            let _ = families.out_of_range.remove_label_values(&[&drift.model, &feature.name]);
        }
    }
    if versions.is_empty() {
        let _ = families.prediction_rows.remove_label_values(&[&drift.model]);
        let _ = families.prediction_seconds.remove_label_values(&[&drift.model]);
    }
}

struct DriftCollector {
    drifts: Drifts,
    described: Vec<Desc>,
}

impl Collector for DriftCollector {
    fn desc(&self) -> Vec<&Desc> {
        self.described.iter().collect()
    }

    fn collect(&self) -> Vec<MetricFamily> {
        let drifts: Vec<Arc<Drift>> = self.drifts.lock().iter().map(|s| Arc::clone(&s.drift)).collect();
        let mut info = Vec::new();
        let mut features = (Vec::new(), Vec::new());
        let mut predictions = (Vec::new(), Vec::new());
        for drift in &drifts {
            info.push(gauge(labels(drift, MODEL_INFO, &[&drift.algorithm]), 1.0));
            for feature in &drift.features {
                let place = |bin: &str| labels(drift, FEATURE_VALUES, &[&feature.name, bin]);
                show(&feature.counts, place, &mut features);
            }
            if let Some(counts) = &drift.predictions {
                show(counts, |bin| labels(drift, PREDICTION_VALUES, &[bin]), &mut predictions);
            }
        }
        vec![
            shown(MODEL_INFO, MetricType::GAUGE, info),
            shown(FEATURE_VALUES, MetricType::COUNTER, features.0),
            shown(FEATURE_EXPECTED, MetricType::GAUGE, features.1),
            shown(PREDICTION_VALUES, MetricType::COUNTER, predictions.0),
            shown(PREDICTION_EXPECTED, MetricType::GAUGE, predictions.1),
        ]
    }
}

/// Appends a column's series: (seen, expected).
#[expect(clippy::cast_precision_loss, reason = "Prometheus values are f64")]
fn show(counts: &Counts, labels: impl Fn(&str) -> Vec<LabelPair>, out: &mut (Vec<Metric>, Vec<Metric>)) {
    for (bin, seen, expected) in counts.series() {
        let labels = labels(bin);
        let mut counter = Counter::default();
        counter.set_value(seen as f64);
        let mut metric = Metric::from_label(labels.clone());
        metric.set_counter(counter);
        out.0.push(metric);
        out.1.push(gauge(labels, expected));
    }
}

/// The label pairs of one of a version's series.
fn labels(drift: &Drift, family: Family, rest: &[&str]) -> Vec<LabelPair> {
    let values = [drift.model.as_str(), drift.version.as_str()].into_iter().chain(rest.iter().copied());
    family.labels.iter().zip(values).map(|(name, value)| pair(name, value)).collect()
}

fn gauge(labels: Vec<LabelPair>, value: f64) -> Metric {
    let mut gauge = Gauge::default();
    gauge.set_value(value);
    let mut metric = Metric::from_label(labels);
    metric.set_gauge(gauge);
    metric
}

fn pair(name: &str, value: &str) -> LabelPair {
    let mut pair = LabelPair::default();
    pair.set_name(name.to_owned());
    pair.set_value(value.to_owned());
    pair
}

fn shown(family: Family, kind: MetricType, metrics: Vec<Metric>) -> MetricFamily {
    let mut shown = MetricFamily::default();
    shown.set_name(family.name.to_owned());
    shown.set_help(family.help.to_owned());
    shown.set_field_type(kind);
    shown.set_metric(metrics);
    shown
}
