//! What the listener knows of a request, as an extension of it.

use std::time::{Duration, Instant};

use http::{Extensions, HeaderValue};

use crate::serve::ServerState;
use crate::serve::admission::MemoryLease;
use crate::serve::lifecycle::Lifecycle;

use super::framing::HeadFault;
use super::listener_context::ListenerContext;

/// When a request came, the memory that it holds and how long it has. An extension of every request.
#[derive(Debug, Clone)]
pub struct RequestContext {
    /// When its head was complete.
    pub arrival: Instant,
    /// Its id in the answer and the log, once that is known.
    pub id: Option<RequestId>,
    /// Counts the bytes of its body, then of its batch, then of its answer. Every handler may resize it; the listener
    /// keeps it until the answer's last byte is with the kernel or the connection has ended.
    pub memory: MemoryLease,
    /// The fault of its head: the request is refused, and its answer closes the connection.
    pub head_fault: Option<HeadFault>,
    /// The caller was checked before the request came here: it needs no token.
    pub is_trusted: bool,
    /// When the answer must be there, if not as late as the limits allow: 504 then.
    pub answer_by: Option<Instant>,
    body_timeout: Duration,
    lifecycle: Lifecycle,
}

impl RequestContext {
    /// The context of a request whose head is complete now.
    pub(super) fn new(listener: &ListenerContext) -> Self {
        Self {
            arrival: Instant::now(),
            id: None,
            memory: listener.memory.lease(),
            head_fault: None,
            is_trusted: false,
            answer_by: None,
            body_timeout: listener.limits.body_timeout,
            lifecycle: listener.lifecycle.clone(),
        }
    }

    /// The context of a request that came by no listener: an event of AWS Lambda, or a router asked directly, as tests do.
    pub fn detached(server: &ServerState) -> Self {
        Self::new(&ListenerContext::of(server))
    }

    /// The context of the request with these extensions.
    ///
    /// # Panics
    /// When the request has none: it came neither by a listener nor through the middleware, which give every request
    /// one.
    pub fn of(extensions: &Extensions) -> &Self {
        extensions.get().expect("the listener or the middleware gives every request a context")
    }

    /// Resolves at the body's deadline, also of a drain that begins meanwhile: answer 408 then.
    pub async fn body_overdue(&self) {
        self.lifecycle.wait_until(self.arrival + self.body_timeout).await;
    }
}

/// A request's id. One made here is 16 bytes in place: cheaper to copy than a header value, which is allocated and
/// shared.
#[derive(Debug, Clone)]
pub enum RequestId {
    /// Made here: 16 hexadecimal digits.
    Made([u8; 16]),
    /// Sent by the client: visible ASCII.
    Sent(HeaderValue),
}

impl RequestId {
    /// Its text.
    pub fn as_str(&self) -> &str {
        let text = match self {
            Self::Made(digits) => std::str::from_utf8(digits).ok(),
            Self::Sent(value) => value.to_str().ok(),
        };
        text.unwrap_or("unknown")
    }

    /// The value of the answer's header.
    pub fn to_header_value(&self) -> HeaderValue {
        match self {
            Self::Made(digits) => HeaderValue::from_bytes(digits).unwrap_or(HeaderValue::from_static("unknown")),
            Self::Sent(value) => value.clone(),
        }
    }
}
