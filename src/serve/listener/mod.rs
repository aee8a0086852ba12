//! Our own accept loop on hyper's `http1`, generic over a `tower::Service`: no axum here.
//!
//! Stands apart because no ready-made server has what a pod needs: a deadline for a head from its first byte, a cap on
//! connections that pauses accepting instead of refusing, a deadline for a client that does not read, and a drain that
//! loses nothing. hyper parses; `watched` and `progress` see where each connection is, `connection` ends the ones that
//! are over their time, `accept` takes new ones, `service` hands requests on with their [`RequestContext`].

mod accept;
mod admin;
mod bind;
mod buffer_permit;
mod connection;
mod context;
mod fd_limit;
mod framing;
mod io;
mod repoll;
mod service;
mod state;

/// Bytes that a connection takes while it has no request and nothing of one but the first kilobyte of a head: 1.2 KiB
/// measured (its task, its socket's registration, its metrics), up to 2 KiB of the head, and a reserve.
pub const IDLE_BYTES: usize = 4 << 10;

pub use accept::{Outcome, serve};
pub use admin::{ADMIN_BUDGET, ADMIN_CONNECTIONS, AdminThread};
pub use bind::{BACKLOG, BindError, bind};
pub use buffer_permit::{BUFFER_BYTES, LARGE_HEAD_BYTES, SMALL_HEAD_BYTES};
pub use context::RequestContext;
pub use service::{BoxError, HttpService, TrackedBody};

use std::net::TcpListener;
use std::sync::Arc;

use crate::config::Limits;

use super::Serving;
use super::admission::MemoryBudget;
use super::lifecycle::Lifecycle;
use super::metrics::Metrics;

/// Bytes that hyper buffers at most for a connection, once for reading (a head beyond it is a bare 431) and once for
/// writing.
pub const MAX_BUFFER: usize = 64 << 10;

/// Which of the two listeners a connection came by.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Role {
    /// The first: traffic. It decides how the process ends.
    Main,
    /// The second: probes, metrics, repository routes. It answers until the first has drained.
    Admin,
}

/// A bound socket and what answers on it.
#[derive(Debug)]
pub struct Front<S> {
    /// The socket, bound and listening.
    pub tcp: TcpListener,
    /// What answers: anything like an axum `Router`.
    pub service: S,
}

/// What both listeners share with the rest of the process.
#[derive(Debug, Clone)]
pub struct Shared {
    /// Whether to go on, and until when.
    pub lifecycle: Lifecycle,
    /// Where connections are counted.
    pub metrics: Arc<Metrics>,
    /// Where connections with a request take their memory from.
    pub budget: MemoryBudget,
    /// Timeouts and caps.
    pub limits: Arc<Limits>,
    /// Which listener this is.
    pub role: Role,
}

impl Shared {
    /// The first listener's part of `serving`.
    pub fn of(serving: &Serving) -> Self {
        Self {
            lifecycle: serving.lifecycle.clone(),
            metrics: Arc::clone(&serving.metrics),
            budget: serving.memory.clone(),
            limits: Arc::new(serving.limits.clone()),
            role: Role::Main,
        }
    }
}
