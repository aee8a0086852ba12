//! A bound socket with its service, and what a listener shares with the rest of the process.

use std::sync::Arc;

use crate::config::Limits;
use crate::serve::ServerState;
use crate::serve::admission::MemoryBudget;
use crate::serve::lifecycle::Lifecycle;
use crate::serve::metrics::Metrics;

use super::socket::ListeningSocket;

/// The most bytes that hyper buffers for a connection, once for reading (a longer head is a bare 431) and once for
/// writing.
pub const MAX_BUFFER: usize = 64 << 10;

/// Bytes of a connection without a request: 1.2 KiB measured (its task, its socket's registration, its metrics), up to
/// 2 KiB of a head that has begun, and a reserve.
pub const IDLE_BYTES: usize = 4 << 10;

/// Which of the two listeners a connection or a router belongs to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Role {
    /// Clients: all routes. Its drain ends the process.
    Main,
    /// Operators: probes, metrics, repository routes. It answers until the main one has drained.
    Admin,
}

/// A bound socket and the service that answers on it.
#[derive(Debug)]
pub struct BoundService<S> {
    /// The socket, bound and listening.
    pub socket: ListeningSocket,
    /// The service, such as an axum `Router`.
    pub service: S,
}

/// What a listener shares with the rest of the process.
#[derive(Debug, Clone)]
pub struct ListenerContext {
    /// Ready, draining or stopped.
    pub lifecycle: Lifecycle,
    /// Where connections are counted.
    pub metrics: Arc<Metrics>,
    /// The budget for buffers of connections.
    pub buffers: MemoryBudget,
    /// The budget for what requests hold.
    pub memory: MemoryBudget,
    /// Timeouts and caps.
    pub limits: Limits,
    /// Which listener this is.
    pub role: Role,
}

impl ListenerContext {
    /// The main listener's part of `server`.
    pub fn of(server: &ServerState) -> Self {
        Self {
            lifecycle: server.lifecycle.clone(),
            metrics: Arc::clone(&server.metrics),
            buffers: server.memory.clone(),
            memory: server.memory.clone(),
            limits: server.limits.clone(),
            role: Role::Main,
        }
    }
}
