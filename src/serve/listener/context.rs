//! What the listener tells each request, as an extension of it.

use std::any::Any;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::{Duration, Instant};

use http::{Extensions, HeaderValue};

use crate::config::Limits;
use crate::serve::lifecycle::Lifecycle;

use super::Role;
use super::state::ConnectionState;

/// When a request came, by which listener, and how long it has. In every request's extensions.
#[derive(Debug, Clone)]
pub struct RequestContext {
    /// When its head was complete.
    pub arrival: Instant,
    /// Who sent it (the last proxy, more often than not); none when it did not come by a socket.
    pub peer: Option<SocketAddr>,
    /// Which listener it came by.
    pub role: Role,
    /// What it is called in its answer and in the log, once that is known.
    pub id: Option<HeaderValue>,
    body_timeout: Duration,
    lifecycle: Lifecycle,
    /// Its connection's; none when it did not come by a socket.
    state: Option<Arc<ConnectionState>>,
}

impl RequestContext {
    pub(super) fn new(
        peer: SocketAddr,
        role: Role,
        body_timeout: Duration,
        lifecycle: Lifecycle,
        state: Arc<ConnectionState>,
    ) -> Self {
        let arrival = Instant::now();
        Self { arrival, peer: Some(peer), role, id: None, body_timeout, lifecycle, state: Some(state) }
    }

    /// The context of a request.
    ///
    /// # Panics
    /// Outside the http layers, which give one to every request that has none.
    pub fn of(extensions: &Extensions) -> &Self {
        extensions.get().expect("the layers give every request a context")
    }

    /// The context of a request that came by no listener: a router asked directly, as tests do.
    pub fn detached(limits: &Limits, lifecycle: &Lifecycle) -> Self {
        Self {
            arrival: Instant::now(),
            peer: None,
            role: Role::Main,
            id: None,
            body_timeout: limits.body_timeout,
            lifecycle: lifecycle.clone(),
            state: None,
        }
    }

    /// Keeps something until the last byte of this request's answer is with the kernel, or the connection ends: the
    /// answer's share of the budget, most of all. Of two, the last is kept. Dropped at once when the request did not
    /// come by a socket.
    pub fn hold_until_written(&self, held: impl Any + Send) {
        if let Some(state) = &self.state {
            state.hold_until_written(Box::new(held));
        }
    }

    /// True when answers should say `Connection: close`; the listener sets it on all of them by itself.
    pub fn is_draining(&self) -> bool {
        self.lifecycle.is_draining()
    }

    /// When the last byte of the body must have come: the body timeout after the head, shrunk while draining.
    pub fn body_deadline(&self) -> Instant {
        self.lifecycle.shrunk(self.arrival + self.body_timeout)
    }

    /// Resolves when the body's time is over, taking into account a drain that begins meanwhile: answer 408 then.
    pub async fn body_overdue(&self) {
        self.lifecycle.passed(self.arrival + self.body_timeout).await;
    }
}
