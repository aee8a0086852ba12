//! What the listener tells each request, as an extension of it.

use std::net::SocketAddr;
use std::time::{Duration, Instant};

use crate::config::Limits;
use crate::serve::lifecycle::Life;

use super::Role;

/// When a request came, by which listener, and how long it has. In every request's extensions.
#[derive(Debug, Clone)]
pub struct RequestContext {
    /// When its head was complete.
    pub arrival: Instant,
    /// Who sent it (the last proxy, more often than not); none when it did not come by a socket.
    pub peer: Option<SocketAddr>,
    /// Which listener it came by.
    pub role: Role,
    body_timeout: Duration,
    life: Life,
}

impl RequestContext {
    pub(super) fn new(peer: SocketAddr, role: Role, body_timeout: Duration, life: Life) -> Self {
        Self { arrival: Instant::now(), peer: Some(peer), role, body_timeout, life }
    }

    /// The context of a request that came by no listener: a router asked directly, as tests do.
    pub fn detached(limits: &Limits, life: &Life) -> Self {
        Self {
            arrival: Instant::now(),
            peer: None,
            role: Role::Main,
            body_timeout: limits.body_timeout,
            life: life.clone(),
        }
    }

    /// True when answers should say `Connection: close`; the listener sets it on all of them by itself.
    pub fn is_draining(&self) -> bool {
        self.life.is_draining()
    }

    /// When the last byte of the body must have come: the body timeout after the head, shrunk while draining.
    pub fn body_deadline(&self) -> Instant {
        self.life.shrunk(self.arrival + self.body_timeout)
    }

    /// Resolves when the body's time is over, taking into account a drain that begins meanwhile: answer 408 then.
    pub async fn body_overdue(&self) {
        self.life.passed(self.arrival + self.body_timeout).await;
    }
}
