//! The metrics: one registry a process, closed label sets, no lock held over I/O. Only this module knows the metrics
//! library.
//!
//! `families` declares every family, `requests` finds a request's series in one look-up, `drift` counts feature values
//! without locks, `exposition` shows them.

mod drift;
mod exposition;
mod families;
mod reason;
mod requests;

pub use drift::{Drift, MAX_FEATURES};
pub use families::{Family, METRICS};
pub use reason::{Reason, ReloadResult};

use std::sync::Arc;
use std::time::Duration;

use prometheus::{IntCounter, IntGauge, TextEncoder};

use crate::model::Model;
use exposition::Drifts;
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
        let drifts = Drifts::default();
        let families = Families::new(drifts.collector());
        Self { families, requests: RequestSeries::default(), drifts }
    }

    /// Counts a request as in flight.
    pub fn in_flight(&self) -> GaugeGuard {
        GaugeGuard::new(&self.families.in_flight)
    }

    /// Counts a connection as open.
    pub fn connection(&self) -> GaugeGuard {
        GaugeGuard::new(&self.families.connections)
    }

    /// Counts an answered request. An unknown `method` counts as `OTHER`; `route` is a template of the router or `other`.
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

    /// Counts a panic that was caught.
    pub fn panicked(&self) {
        self.families.panics.inc();
    }

    /// The counter of log lines that did not fit in the queue.
    pub fn log_lines_dropped(&self) -> IntCounter {
        self.families.log_lines_dropped.clone()
    }

    /// The counters of a model under a registered name, shown from now on. The same version under the same name gets its
    /// counters of before if they are still shown.
    pub fn watch(&self, name: &str, model: &Model) -> Arc<Drift> {
        self.drifts.watch(&self.families, name, model)
    }

    /// Ends a version's series: they are shown for ten more minutes, or longer if it is watched again.
    pub fn retire(&self, drift: &Drift) {
        self.drifts.retire(drift);
    }

    /// The Prometheus text exposition, version 0.0.4.
    pub fn render(&self) -> String {
        self.drifts.forget_expired(&self.families);
        TextEncoder::new().encode_to_string(&self.families.registry.gather()).unwrap_or_else(|error| {
            tracing::error!(%error, "cannot render metrics");
            String::new()
        })
    }
}
