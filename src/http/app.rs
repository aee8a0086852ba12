//! The state of a router: what every handler and layer can reach.

use std::ops::Deref;
use std::sync::Arc;

use crate::config::Vertex;
use crate::serve::Serving;
use crate::serve::lifecycle::Phase;
use crate::serve::registry::Snapshot;

use super::auth::Tokens;
use super::pages;
use super::problem::{Problem, ProblemKind};

/// What the command line decides about routes.
#[derive(Debug, Clone, Default)]
pub struct Options {
    /// The bearer tokens (`--token-file`); without them no token is needed.
    pub tokens: Option<Arc<Tokens>>,
    /// `/metrics` is on the admin listener only (`--private-metrics`).
    pub private_metrics: bool,
    /// No page at `/` (`--no-ui`).
    pub no_ui: bool,
    /// The routes that Vertex AI names, where it runs the server.
    pub vertex: Vertex,
}

/// The state of one router. Cheap to clone.
#[derive(Debug, Clone)]
pub struct AppState(Arc<App>);

/// What [`AppState`] points to.
#[derive(Debug)]
pub struct App {
    /// Models, limits, metrics, lifecycle.
    pub serving: Arc<Serving>,
    /// What the command line decided.
    pub options: Options,
    /// The OpenAPI document as it was last made.
    pub(super) openapi: pages::Cache,
}

impl AppState {
    /// The state of a router.
    pub fn new(serving: Arc<Serving>, options: Options) -> Self {
        Self(Arc::new(App { serving, options, openapi: pages::Cache::default() }))
    }
}

impl Deref for AppState {
    type Target = App;

    fn deref(&self) -> &App {
        &self.0
    }
}

impl App {
    /// The model that `/predict` asks, as it is now.
    ///
    /// # Errors
    /// 503: there is none.
    pub fn default_model(&self) -> Result<Snapshot, Problem> {
        self.serving.registry.default_model().ok_or_else(Problem::not_ready)
    }

    /// The model registered as `name`, as it is now.
    ///
    /// # Errors
    /// 404: there is none.
    pub fn model(&self, name: &str) -> Result<Snapshot, Problem> {
        let none = || {
            let detail =
                format!("No model is called {}; GET /models lists them", crate::text::shorten::shortened(name));
            Problem::new(ProblemKind::NotFound, detail)
        };
        self.serving.registry.get(name).ok_or_else(none)
    }

    /// Checks that the runtime makes progress.
    ///
    /// # Errors
    /// 503: it does not.
    pub(super) fn check_alive(&self) -> Result<(), Problem> {
        let stuck = || Problem::new(ProblemKind::NotReady, "The server makes no progress");
        self.serving.lifecycle.is_alive().then_some(()).ok_or_else(stuck)
    }

    /// Checks that predictions should be sent here.
    ///
    /// # Errors
    /// 503: they should not.
    pub(super) fn check_ready(&self) -> Result<(), Problem> {
        self.is_ready().then_some(()).ok_or_else(Problem::not_ready)
    }

    /// True when predictions should be sent here.
    pub fn is_ready(&self) -> bool {
        self.serving.lifecycle.phase() == Phase::Ready && !self.serving.registry.is_empty()
    }
}
