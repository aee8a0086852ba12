//! The HTTP/1.1 listener: our own accept loop on hyper's `http1`, generic over a `tower::Service`.
//!
//! No ready-made server has a deadline for a head from its first byte, a cap on connections that pauses accepting, a
//! deadline for a client that does not read, an age at which clients are asked to connect anew, and a drain that loses
//! no request. hyper parses; `accept` takes connections, `age` says how old each may become, `io` and `state` track
//! where each one is, `connection` closes those over their time, `service` hands requests on with their
//! [`RequestContext`].

mod accept;
mod admin;
mod age;
mod bind;
mod buffer_reservation;
mod chunked;
mod connection;
mod framing;
mod io;
mod listener_context;
mod repoll;
mod request_context;
mod service;
mod socket;
mod state;
mod unix;

pub use accept::accept_connections;
pub use admin::{ADMIN_BUDGET, ADMIN_CONNECTIONS, start_admin};
pub use bind::{BindError, bind};
pub use buffer_reservation::{BUFFER_BYTES, LARGE_HEAD_BYTES, SMALL_HEAD_BYTES};
pub use framing::HeadFault;
pub use listener_context::{BoundService, IDLE_BYTES, ListenerContext, MAX_BUFFER, Role};
pub use request_context::{RequestContext, RequestId};
pub use service::{BoxError, HttpService, TrackedBody};
pub use socket::ListeningSocket;
pub use state::{DISCARD_FOR, DISCARD_TIMES_MAX_BODY};
pub use unix::{UnixBindError, UnixSocket, bind_unix};
