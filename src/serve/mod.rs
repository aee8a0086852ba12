//! Everything between the sockets and the model that is not HTTP's wire format: which models are served, who may
//! compute, how the process lives and ends, what is counted.
//!
//! Generic over a `tower::Service`: only `http` knows axum, and only `commands::serve` joins the two.

pub mod admission;
pub mod lifecycle;
pub mod metrics;
pub mod registry;

use std::sync::Arc;

use crate::config::{ExtraFeatures, Limits};

/// What every request can reach. One value a process; tests make as many as they like.
#[derive(Debug)]
pub struct Serving {
    /// The models.
    pub registry: registry::Registry,
    /// What is counted.
    pub metrics: Arc<metrics::Metrics>,
    /// Ready, draining, stopped.
    pub life: lifecycle::Life,
    /// Who may compute, and where.
    pub compute: admission::Compute,
    /// How many body bytes may be held.
    pub body_budget: admission::BodyBudget,
    /// The limits in force.
    pub limits: Limits,
    /// What unknown columns do.
    pub extra_features: ExtraFeatures,
}
