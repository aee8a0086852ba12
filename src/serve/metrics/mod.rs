//! The metrics: one registry a process, closed label sets, no lock held over I/O. Only this module knows the metrics
//! library.
//!
//! `families` declares every family, `requests` finds a request's series in one look-up, `drift` counts feature values
//! without locks (`counts`) and compares them window by window (`window`), `exposition` shows them.

mod counts;
mod drift;
mod exposition;
mod families;
mod reason;
mod requests;
mod totals;
mod window;

pub use drift::{Drift, MAX_FEATURES};
pub use families::{Family, METRICS};
pub use reason::{Reason, ReloadResult};
pub use totals::Totals;

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use prometheus::{IntCounter, IntGauge, TextEncoder};

use crate::model::Model;
use exposition::{DriftText, Drifts};
use families::Families;
use requests::RequestSeries;

/// The metric families of the server.
#[derive(Debug)]
pub struct Metrics {
    families: Families,
    requests: RequestSeries,
    drifts: Drifts,
}

/// Counts one in a gauge until it is dropped.
#[derive(Debug)]
pub struct GaugeGuard(IntGauge);

impl GaugeGuard {
    fn new(gauge: &IntGauge) -> Self {
        gauge.inc();
        Self(gauge.clone())
    }
}

impl Drop for GaugeGuard {
    fn drop(&mut self) {
        self.0.dec();
    }
}

impl Default for Metrics {
    fn default() -> Self {
        Self::new()
    }
}

impl Metrics {
    /// A registry with every family. Only families with closed labels have series yet.
    pub fn new() -> Self {
        Self { families: Families::new(), requests: RequestSeries::default(), drifts: Drifts::default() }
    }

    /// Counts a request as in flight.
    pub fn in_flight(&self) -> GaugeGuard {
        GaugeGuard::new(&self.families.in_flight)
    }

    /// Counts a connection as open.
    pub fn connection(&self) -> GaugeGuard {
        GaugeGuard::new(&self.families.connections)
    }

    /// Counts an answered request. An unknown `method` counts as `OTHER`; `route` is a template of the router or
    /// `other`.
    pub fn answered(&self, method: &str, route: &'static str, status: u16, duration: Duration) {
        self.requests.count(&self.families, method, route, status, duration);
    }

    /// Counts a refusal.
    pub fn rejected(&self, reason: Reason) {
        self.families.rejected[reason as usize].inc();
    }

    /// Counts a reload with this result.
    pub fn reloaded(&self, result: ReloadResult) {
        self.families.reloads[result as usize].inc();
    }

    /// The label of a method, of a closed set; `OTHER` for methods that have none.
    pub fn method_label(method: &str) -> &'static str {
        requests::method_label(method)
    }

    /// The counters so far, added up over their labels.
    pub fn totals(&self) -> Totals {
        Totals::of(&self.families)
    }

    /// Counts a panic that was caught.
    pub fn panicked(&self) {
        self.families.panics.inc();
    }

    /// The counter of log lines that did not fit in the queue.
    pub fn log_lines_dropped(&self) -> IntCounter {
        self.families.log_lines_dropped.clone()
    }

    /// The counter of spans that no collector has taken.
    pub fn spans_dropped(&self) -> IntCounter {
        self.families.spans_dropped.clone()
    }

    /// Starts showing a model's counters under its registered name. A version that is still shown under that name keeps
    /// its counts.
    pub fn watch(&self, name: &str, model: &Model) -> Arc<Drift> {
        self.drifts.watch(&self.families, name, model)
    }

    /// Ends a version's series: they are shown for ten more minutes, or longer if it is served again.
    pub fn retire(&self, drift: &Drift) {
        self.drifts.retire(drift);
    }

    /// The Prometheus text exposition, version 0.0.4.
    pub fn render(&self) -> String {
        self.exposition(true).render()
    }

    /// The series that are shown now. Without bins they reveal nothing about the training rows.
    pub fn exposition(&self, with_bins: bool) -> Exposition {
        self.drifts.forget_expired(&self.families);
        let others = TextEncoder::new().encode_to_string(&self.families.registry.gather());
        let others = others.unwrap_or_else(|error| {
            tracing::error!(%error, "cannot render metrics");
            String::new()
        });
        Exposition { others, drift: self.drifts.text(with_bins) }
    }

    /// The most bytes that the exposition takes with the models that are served now.
    pub fn max_bytes(&self) -> usize {
        // A series' count takes at most 20 digits, and a series at least 100 bytes without it.
        OTHERS + length(&self.drifts.widest_text()) * 6 / 5
    }
}

/// Bytes of every series but those of features: 35 histograms of routes, 200 counters of what was answered there, and
/// of what is out of range. More of them take from the memory of requests.
const OTHERS: usize = 96 << 10;

/// Bytes by which counts may become longer while they are rendered.
const SLACK: usize = 1 << 10;

/// What `/metrics` shows: the library's families, then the versions' counts.
#[derive(Debug)]
pub struct Exposition {
    others: String,
    drift: DriftText,
}

impl Exposition {
    /// The most bytes that its text takes.
    pub fn max_bytes(&self) -> usize {
        self.others.len() + length(&self.drift) + SLACK
    }

    /// The text.
    pub fn render(self) -> String {
        let mut text = String::with_capacity(self.max_bytes());
        text.push_str(&self.others);
        // Writing to a string does not fail.
        let _ = self.drift.write(&mut text);
        text
    }
}

/// How many bytes a text has.
fn length(drift: &DriftText) -> usize {
    struct Length(usize);
    impl fmt::Write for Length {
        fn write_str(&mut self, text: &str) -> fmt::Result {
            self.0 += text.len();
            Ok(())
        }
    }
    let mut length = Length(0);
    // Counting does not fail.
    let _ = drift.write(&mut length);
    length.0
}
