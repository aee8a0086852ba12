//! The models being served, each behind a pointer that is swapped whole: a request takes one snapshot and keeps it.

use std::sync::Arc;

use arc_swap::ArcSwap;

use crate::model::Model;

/// One version of one model, as a request holds it from before its body is parsed to its answer.
pub type Snapshot = Arc<Served>;

/// A loaded model under the name it is registered by.
#[derive(Debug)]
pub struct Served {
    /// The registered name (`--model NAME=PATH`, or the artifact's own).
    pub name: String,
    /// The model.
    pub model: Model,
    /// True for the model that `/predict` asks.
    pub is_default: bool,
}

/// All models, in the order they were given; the default one first.
#[derive(Debug)]
pub struct Registry {
    models: ArcSwap<Vec<Snapshot>>,
}

impl Registry {
    /// A registry of these models.
    pub fn new(models: Vec<Snapshot>) -> Self {
        Self { models: ArcSwap::from_pointee(models) }
    }

    /// The model that `/predict` asks.
    pub fn default_model(&self) -> Option<Snapshot> {
        self.models.load().iter().find(|m| m.is_default).cloned()
    }

    /// The model registered as `name`.
    pub fn get(&self, name: &str) -> Option<Snapshot> {
        self.models.load().iter().find(|m| m.name == name).cloned()
    }

    /// All models.
    pub fn list(&self) -> Vec<Snapshot> {
        self.models.load().as_ref().clone()
    }
}
