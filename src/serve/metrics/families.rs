//! Declares every metric family: name, labels, help. A test compares the table in docs with it.

use prometheus::core::Collector;
use prometheus::{Histogram, HistogramOpts, HistogramVec, IntCounter, IntCounterVec, IntGauge, Opts, Registry};

use super::reason::{Reason, ReloadResult};

/// Seconds, 10 µs to 30 s. A row takes microseconds, so the usual first bucket of 5 ms would hold every request;
/// 1, 2.5, 5 resolves any quantile to a factor of 2.5.
const BUCKETS: [f64; 20] = [
    10e-6, 25e-6, 50e-6, 100e-6, 250e-6, 500e-6, 1e-3, 2.5e-3, 5e-3, 10e-3, 25e-3, 50e-3, 0.1, 0.25, 0.5, 1.0, 2.5,
    5.0, 10.0, 30.0,
];

/// A family's name, labels and help.
#[derive(Debug, Clone, Copy)]
pub struct Family {
    /// With the prefix.
    pub name: &'static str,
    /// In the order in which values are given.
    pub labels: &'static [&'static str],
    /// One line.
    pub help: &'static str,
}

const fn family(name: &'static str, labels: &'static [&'static str], help: &'static str) -> Family {
    Family { name, labels, help }
}

const OUT_OF_RANGE: Family = family(
    "smartserve_feature_out_of_range_total",
    &["model", "feature"],
    "Values of a numeric feature outside the range seen in training.",
);
const UNSEEN: Family = family(
    "smartserve_feature_unseen_category_total",
    &["model", "feature"],
    "Values of a categorical feature that are in none of the model's categories, where the model takes them.",
);
const CONNECTIONS: Family = family("smartserve_http_connections", &[], "Open connections, on both listeners.");
const REQUEST_SECONDS: Family = family(
    "smartserve_http_request_duration_seconds",
    &["route"],
    "Time from a request's complete head to its answer.",
);
const IN_FLIGHT: Family = family("smartserve_http_requests_in_flight", &[], "Requests being answered.");
const REQUESTS: Family = family(
    "smartserve_http_requests_total",
    &["method", "route", "status"],
    "Answered requests, refusals and scrapes included.",
);
const LOG_LINES_DROPPED: Family =
    family("smartserve_log_lines_dropped_total", &[], "Log lines dropped because the log queue was full.");
const SPANS_DROPPED: Family = family(
    "smartserve_spans_dropped_total",
    &[],
    "Spans that no collector has taken: the queue was full, sending failed, or it rejected them.",
);
const RELOADS: Family = family("smartserve_model_reloads_total", &["result"], "Model reloads, by result.");
const PANICS: Family = family("smartserve_panics_total", &[], "Panics that were caught; each one was a 500.");
const PREDICTION_SECONDS: Family =
    family("smartserve_prediction_duration_seconds", &["model"], "Time spent computing a batch, waiting excluded.");
const PREDICTION_ROWS: Family = family("smartserve_prediction_rows_total", &["model"], "Rows predicted.");
const REJECTED: Family =
    family("smartserve_requests_rejected_total", &["reason"], "Requests refused before they reached a model.");
/// `exposition` writes this one and the next six.
pub(super) const MODEL_INFO: Family = family(
    "smartserve_model_info",
    &["model", "version", "algorithm"],
    "1 for the version of each model that is served.",
);
pub(super) const FEATURE_VALUES: Family = family(
    "smartserve_feature_values_total",
    &["model", "version", "feature", "bin"],
    "Values seen in each bin of a feature; bins are fixed at training.",
);
pub(super) const FEATURE_EXPECTED: Family = family(
    "smartserve_feature_expected_ratio",
    &["model", "version", "feature", "bin"],
    "Share of the training rows in each bin of a feature; none where a model was imported without data.",
);
pub(super) const PREDICTION_VALUES: Family = family(
    "smartserve_prediction_values_total",
    &["model", "version", "bin"],
    "Predictions made in each bin; bins are fixed at training.",
);
pub(super) const PREDICTION_EXPECTED: Family = family(
    "smartserve_prediction_expected_ratio",
    &["model", "version", "bin"],
    "Share of the predictions on training rows in each bin; none where a model was imported without data.",
);
pub(super) const FEATURE_DRIFT: Family = family(
    "smartserve_feature_drift_psi",
    &["model", "feature"],
    "Population stability index of a feature over the last 1,000 or more rows that this process answered.",
);
pub(super) const PREDICTION_DRIFT: Family = family(
    "smartserve_prediction_drift_psi",
    &["model"],
    "Population stability index of the predictions for the same rows.",
);

/// All families of ours; the library adds `process_*`.
pub const METRICS: [Family; 20] = [
    REQUESTS,
    REQUEST_SECONDS,
    IN_FLIGHT,
    CONNECTIONS,
    REJECTED,
    PREDICTION_ROWS,
    PREDICTION_SECONDS,
    PREDICTION_VALUES,
    PREDICTION_EXPECTED,
    FEATURE_VALUES,
    FEATURE_EXPECTED,
    FEATURE_DRIFT,
    PREDICTION_DRIFT,
    OUT_OF_RANGE,
    UNSEEN,
    MODEL_INFO,
    RELOADS,
    PANICS,
    LOG_LINES_DROPPED,
    SPANS_DROPPED,
];

/// The registry and what is counted in it.
#[derive(Debug)]
pub(super) struct Families {
    pub(super) registry: Registry,
    pub(super) requests: IntCounterVec,
    pub(super) request_seconds: HistogramVec,
    pub(super) in_flight: IntGauge,
    pub(super) connections: IntGauge,
    pub(super) prediction_rows: IntCounterVec,
    pub(super) prediction_seconds: HistogramVec,
    pub(super) out_of_range: IntCounterVec,
    pub(super) unseen: IntCounterVec,
    pub(super) rejected: [IntCounter; Reason::LABELS.len()],
    pub(super) reloads: [IntCounter; ReloadResult::LABELS.len()],
    pub(super) panics: IntCounter,
    pub(super) log_lines_dropped: IntCounter,
    pub(super) spans_dropped: IntCounter,
}

impl Families {
    pub(super) fn new() -> Self {
        let registry = Registry::new();
        let with = Registrar(&registry);
        let rejected = with.counters(REJECTED);
        let reloads = with.counters(RELOADS);
        #[cfg(target_os = "linux")]
        with.collector(Box::new(prometheus::process_collector::ProcessCollector::for_self()));
        Self {
            requests: with.counters(REQUESTS),
            request_seconds: with.histograms(REQUEST_SECONDS),
            in_flight: with.gauge(IN_FLIGHT),
            connections: with.gauge(CONNECTIONS),
            prediction_rows: with.counters(PREDICTION_ROWS),
            prediction_seconds: with.histograms(PREDICTION_SECONDS),
            out_of_range: with.counters(OUT_OF_RANGE),
            unseen: with.counters(UNSEEN),
            rejected: Reason::LABELS.map(|(_, label)| rejected.with_label_values(&[label])),
            reloads: ReloadResult::LABELS.map(|(_, label)| reloads.with_label_values(&[label])),
            panics: with.counter(PANICS),
            log_lines_dropped: with.counter(LOG_LINES_DROPPED),
            spans_dropped: with.counter(SPANS_DROPPED),
            registry,
        }
    }

    /// The series of a model: rows, seconds.
    pub(super) fn of_model(&self, model: &str) -> (IntCounter, Histogram) {
        (self.prediction_rows.with_label_values(&[model]), self.prediction_seconds.with_label_values(&[model]))
    }
}

/// Makes and registers a metric in one step. Its name and labels are constants of this file, valid and distinct: every
/// test that makes a `Metrics` shows it.
struct Registrar<'a>(&'a Registry);

const VALID: &str = "the families' names and labels are valid and distinct";

impl Registrar<'_> {
    fn collector(&self, collector: Box<dyn Collector>) {
        self.0.register(collector).expect(VALID);
    }

    fn register<C: Collector + Clone + 'static>(&self, made: prometheus::Result<C>) -> C {
        let metric = made.expect(VALID);
        self.collector(Box::new(metric.clone()));
        metric
    }

    fn counter(&self, family: Family) -> IntCounter {
        self.register(IntCounter::new(family.name, family.help))
    }

    fn gauge(&self, family: Family) -> IntGauge {
        self.register(IntGauge::new(family.name, family.help))
    }

    fn counters(&self, family: Family) -> IntCounterVec {
        self.register(IntCounterVec::new(Opts::new(family.name, family.help), family.labels))
    }

    fn histograms(&self, family: Family) -> HistogramVec {
        let opts = HistogramOpts::new(family.name, family.help).buckets(BUCKETS.to_vec());
        self.register(HistogramVec::new(opts, family.labels))
    }
}
