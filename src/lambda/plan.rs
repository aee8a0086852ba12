//! What the loop is given.

use std::sync::Arc;
use std::time::Duration;

use crate::config::Lambda;
use crate::http::service::Service;
use crate::serve::ServerState;
use crate::serve::logging::LogGuard;

/// What the loop needs.
#[derive(Debug)]
pub struct Plan {
    /// The models, limits, metrics.
    pub server: Arc<ServerState>,
    /// The routes.
    pub service: Service,
    /// The function.
    pub lambda: Lambda,
    /// How often the models' files are looked at, at most: when an invocation begins.
    pub reload_interval: Duration,
    /// The log, written out at the end of each invocation.
    pub log: LogGuard,
}
