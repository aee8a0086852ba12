//! What every request can reach: the models, who may compute, what is counted, the limits.

use std::sync::Arc;

use crate::config::{ExtraFeatures, Limits};

use super::admission::{Compute, MemoryBudget};
use super::lifecycle::Lifecycle;
use super::metrics::Metrics;
use super::registry::{Registry, Snapshot};
use super::reload::Reloader;

/// The shared state of the server. One value a process; tests make several.
#[derive(Debug)]
pub struct Serving {
    /// The models being served.
    pub registry: Arc<Registry>,
    /// The models' files.
    pub reloader: Arc<Reloader>,
    /// The metrics.
    pub metrics: Arc<Metrics>,
    /// Ready, draining or stopped.
    pub lifecycle: Lifecycle,
    /// The compute threads and the permits to use them.
    pub compute: Compute,
    /// The bytes that requests in flight may hold.
    pub memory: MemoryBudget,
    /// The limits in force.
    pub limits: Limits,
    /// What happens to columns that the model does not know.
    pub extra_features: ExtraFeatures,
}

impl Serving {
    /// Puts the parts together, shows `models` in the metrics and starts the compute threads.
    pub fn new(models: Vec<Snapshot>, limits: Limits, extra_features: ExtraFeatures) -> Self {
        let metrics = Arc::new(Metrics::new());
        let lifecycle = Lifecycle::default();
        let registry = Arc::new(Registry::new(models, &metrics));
        Self {
            compute: Compute::new(&limits, Arc::clone(&metrics), lifecycle.clone()),
            memory: MemoryBudget::new(&limits),
            reloader: Arc::new(Reloader::new(Arc::clone(&registry), Arc::clone(&metrics))),
            registry,
            metrics,
            lifecycle,
            limits,
            extra_features,
        }
    }
}
