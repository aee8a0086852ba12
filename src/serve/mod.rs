//! Everything between the sockets and the model that is not HTTP's wire format: which models are served, who may
//! compute, how the process lives and ends, what is counted.
//!
//! Generic over a `tower::Service`: only `http` knows axum, and only `commands::serve` joins the two.

pub mod admission;
pub mod lifecycle;
pub mod listener;
pub mod loader;
pub mod logging;
pub mod memory_estimate;
pub mod metrics;
pub mod registry;
pub mod reload;
pub mod server;
pub mod systemd;

use std::sync::Arc;

use crate::config::{ExtraFeatures, Limits};

/// What every request can reach. One value a process; tests make as many as they like.
#[derive(Debug)]
pub struct Serving {
    /// The models.
    pub registry: registry::Registry,
    /// Their files.
    pub reloader: reload::Reloader,
    /// What is counted.
    pub metrics: Arc<metrics::Metrics>,
    /// Ready, draining, stopped.
    pub lifecycle: lifecycle::Lifecycle,
    /// Who may compute, and where.
    pub compute: admission::Compute,
    /// How many body bytes may be held.
    pub memory: admission::MemoryBudget,
    /// The limits in force.
    pub limits: Limits,
    /// What unknown columns do.
    pub extra_features: ExtraFeatures,
}

impl Serving {
    /// Puts the parts together: one registry of metrics and one life for all of them. The models are shown in the
    /// metrics from here on, and the compute threads run.
    pub fn new(models: Vec<registry::Snapshot>, limits: Limits, extra_features: ExtraFeatures) -> Self {
        let metrics = Arc::new(metrics::Metrics::new());
        let lifecycle = lifecycle::Lifecycle::default();
        let registry = registry::Registry::new(models);
        registry.enter_all(&metrics);
        Self {
            compute: admission::Compute::new(&limits, Arc::clone(&metrics), lifecycle.clone()),
            memory: admission::MemoryBudget::new(&limits),
            registry,
            reloader: reload::Reloader::default(),
            metrics,
            lifecycle,
            limits,
            extra_features,
        }
    }
}
