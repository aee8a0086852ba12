//! What every request can reach: the models, compute threads, memory, metrics and limits.

use std::sync::Arc;
use std::time::Duration;

use crate::config::{ExtraFeatures, Limits};

use super::admission::{Compute, MemoryBudget};
use super::lifecycle::Lifecycle;
use super::metrics::Metrics;
use super::registry::{Registry, Snapshot};
use super::reload::{InTurn, Reloader};
use super::spans::Spans;

/// Bytes for bodies and answers on the admin listener, metrics aside.
pub const ADMIN_ANSWERS: usize = 256 << 10;

/// The shared state of the server. One value a process; tests make several.
#[derive(Debug)]
pub struct ServerState {
    /// The models being served.
    pub registry: Arc<Registry>,
    /// The models' files.
    pub reloader: Arc<Reloader>,
    /// Loads and unloads that clients ask for.
    pub changes: InTurn,
    /// The metrics.
    pub metrics: Arc<Metrics>,
    /// Ready, draining or stopped.
    pub lifecycle: Lifecycle,
    /// The compute threads and the permits to use them.
    pub compute: Compute,
    /// The bytes that requests in flight may hold.
    pub memory: MemoryBudget,
    /// The budget for pages that many requests share, in addition to that of requests.
    pub pages: MemoryBudget,
    /// The bytes that requests on the admin listener may hold: a budget of its own, so that it answers when requests on
    /// the main listener hold all of theirs.
    pub admin_memory: MemoryBudget,
    /// The limits in force.
    pub limits: Limits,
    /// What happens to columns that the model does not know.
    pub extra_features: ExtraFeatures,
    /// The spans of requests, where they are exported.
    pub spans: Option<Spans>,
}

impl ServerState {
    /// Puts the parts together, shows `models` in the metrics and starts the compute threads. Spans go nowhere.
    pub fn new(models: Vec<Snapshot>, limits: Limits, extra_features: ExtraFeatures) -> Self {
        let metrics = Arc::new(Metrics::new());
        let lifecycle = Lifecycle::default();
        let registry = Arc::new(Registry::new(models, &metrics));
        let reloader = Arc::new(Reloader::new(Arc::clone(&registry), Arc::clone(&metrics)));
        Self {
            compute: Compute::new(&limits, Arc::clone(&metrics), lifecycle.clone()),
            memory: MemoryBudget::new(&limits),
            // No wait: pages fall back to the request budget, which has the admission wait.
            pages: MemoryBudget::new(&Limits { body_budget: 0, admission_wait: Duration::ZERO, ..limits.clone() }),
            admin_memory: MemoryBudget::new(&Limits { body_budget: ADMIN_ANSWERS, ..limits.clone() }),
            changes: InTurn::new(Arc::clone(&reloader), lifecycle.clone()),
            reloader,
            registry,
            metrics,
            lifecycle,
            limits,
            extra_features,
            spans: None,
        }
    }
}
