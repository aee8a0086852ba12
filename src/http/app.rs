//! The state of a router: what every handler and layer can reach.

use std::ops::Deref;
use std::sync::{Arc, Once, Weak};

use crate::config::Vertex;
use crate::serve::ServerState;
use crate::serve::lifecycle::Phase;
use crate::serve::listener::Role;
use crate::serve::registry::Snapshot;
use crate::text::shorten::shortened;

use super::allowed_hosts::AllowedHosts;
use super::auth::Tokens;
use super::leased::PageMemory;
use super::pages;
use super::problem::{Problem, ProblemKind};

/// What the command line decides about routes.
#[derive(Debug, Clone, Default)]
pub struct Options {
    /// The bearer tokens (`--token-file`); without them no token is needed.
    pub tokens: Option<Arc<Tokens>>,
    /// The names that requests may give as their host (`--allowed-host`).
    pub allowed_hosts: AllowedHosts,
    /// `/metrics` is on the admin listener only (`--private-metrics`).
    pub private_metrics: bool,
    /// No what-if page (`--no-ui`).
    pub no_ui: bool,
    /// Requests come from AWS Lambda: no probes, no metrics, no loading and unloading.
    pub on_lambda: bool,
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
    pub server: Arc<ServerState>,
    /// What the command line decided.
    pub options: Options,
    /// The listener that this state is for.
    pub(super) role: Role,
    /// Where pages that many share take their memory.
    pub(super) page_memory: PageMemory,
    /// Done when the budget for pages follows the models.
    pub(super) pages_followed: Once,
    /// The OpenAPI document as it was last made.
    pub(super) openapi: pages::Cache,
    /// The metrics as they are being rendered.
    pub(super) metrics: pages::SharedPage,
    /// Those that everybody may see.
    pub(super) open_metrics: pages::SharedPage,
}

impl AppState {
    /// The state of a listener's router.
    pub fn new(server: Arc<ServerState>, role: Role, options: Options) -> Self {
        let openapi = pages::Cache::default();
        let (metrics, open_metrics) = (pages::SharedPage::default(), pages::SharedPage::default());
        let (own, of_requests) = match role {
            Role::Main => (&server.pages, &server.memory),
            Role::Admin => (&server.admin_memory, &server.admin_memory),
        };
        let page_memory = PageMemory { own: own.clone(), of_requests: of_requests.clone() };
        let pages_followed = Once::new();
        Self(Arc::new(App { server, options, role, page_memory, pages_followed, openapi, metrics, open_metrics }))
    }

    /// A handle that does not keep the state.
    pub(super) fn downgrade(&self) -> WeakAppState {
        WeakAppState(Arc::downgrade(&self.0))
    }
}

/// A handle to a router's state that does not keep it.
#[derive(Debug)]
pub(super) struct WeakAppState(Weak<App>);

impl WeakAppState {
    /// The state, while there is any.
    pub(super) fn upgrade(&self) -> Option<AppState> {
        self.0.upgrade().map(AppState)
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
    /// 503: no model is served. 404: others are, since the default one's file went or has not come.
    pub fn default_model(&self) -> Result<Snapshot, Problem> {
        let registry = &self.server.registry;
        registry.default_model().ok_or_else(|| {
            if registry.is_empty() {
                return Problem::not_ready();
            }
            let detail = "The default model is not served; GET /models lists those that are";
            Problem::new(ProblemKind::NotFound, detail)
        })
    }

    /// The model registered as `name`, as it is now.
    ///
    /// # Errors
    /// 404: there is none.
    pub fn model(&self, name: &str) -> Result<Snapshot, Problem> {
        let none = || {
            let detail = format!("No model is called {}; GET /models lists them", shortened(name));
            Problem::new(ProblemKind::NotFound, detail)
        };
        self.server.registry.get(name).ok_or_else(none)
    }

    /// The model registered as `name`, if it is served in this version.
    ///
    /// # Errors
    /// 404: there is none, or it is served in another version.
    pub(super) fn model_version(&self, name: &str, version: &str) -> Result<Snapshot, Problem> {
        let snapshot = self.model(name)?;
        let current = snapshot.model.version();
        if version == current {
            return Ok(snapshot);
        }
        let detail = format!("{name} is served in version {current}, not {}", shortened(version));
        Err(Problem::new(ProblemKind::NotFound, detail))
    }

    /// Checks that the runtime makes progress.
    ///
    /// # Errors
    /// 503: it does not.
    pub(super) fn check_alive(&self) -> Result<(), Problem> {
        let stuck = || Problem::new(ProblemKind::NotReady, "The server makes no progress");
        self.server.lifecycle.is_alive().then_some(()).ok_or_else(stuck)
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
        self.server.lifecycle.phase() == Phase::Ready && !self.server.registry.is_empty()
    }
}
