//! What is counted: one registry value a process, closed label sets, no locks held over I/O.
//!
//! Stands apart so that nothing else knows the metrics library. `families` declares every family, `requests` keeps the
//! series of answered requests within one look-up, `drift` counts feature values without locks.

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

/// Something present, in a gauge while it lives.
#[derive(Debug)]
struct Present(IntGauge);

impl Present {
    fn new(gauge: &IntGauge) -> Self {
        gauge.inc();
        Self(gauge.clone())
    }
}

impl Drop for Present {
    fn drop(&mut self) {
        self.0.dec();
    }
}

/// A request being answered; leaving scope takes it out of the in-flight gauge.
#[derive(Debug)]
pub struct InFlight {
    _present: Present,
}

/// An open connection; leaving scope takes it out of the gauge.
#[derive(Debug)]
pub struct Connection {
    _present: Present,
}

impl Default for Metrics {
    fn default() -> Self {
        Self::new()
    }
}

impl Metrics {
    /// A registry with every family and no series but the closed ones.
    pub fn new() -> Self {
        let drifts = Drifts::default();
        let families = Families::new(drifts.collector());
        Self { families, requests: RequestSeries::new(), drifts }
    }

    /// Counts a request into the in-flight gauge.
    pub fn in_flight(&self) -> InFlight {
        InFlight { _present: Present::new(&self.families.in_flight) }
    }

    /// Counts an open connection into the gauge.
    pub fn connection(&self) -> Connection {
        Connection { _present: Present::new(&self.families.connections) }
    }

    /// Counts an answered request. `method` other than a known one counts as `OTHER`; `route` is a template of the
    /// router or `other`.
    pub fn answered(&self, method: &str, route: &'static str, status: u16, duration: Duration) {
        self.requests.count(&self.families, method, route, status, duration);
    }

    /// Counts a refusal.
    pub fn rejected(&self, reason: Reason) {
        self.families.rejected[reason as usize].inc();
    }

    /// Counts a model's files having been looked at again with this result.
    pub fn reloaded(&self, result: ReloadResult) {
        self.families.reloads[result as usize].inc();
    }

    /// Counts a panic that was caught.
    pub fn panicked(&self) {
        self.families.panics.inc();
    }

    /// The counter of log lines that were dropped because nobody read them.
    pub fn log_lines_dropped(&self) -> IntCounter {
        self.families.log_lines_dropped.clone()
    }

    /// The counters of a model under a registered name; shown from now on. The same version under the same name goes
    /// on where it was, as long as it is remembered.
    pub fn watch(&self, name: &str, model: &Model) -> Arc<Drift> {
        self.drifts.watch(&self.families, name, model)
    }

    /// Ends a version's series: they are shown for ten more minutes, unless it is watched again.
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
