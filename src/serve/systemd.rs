//! Talks to a service manager such as systemd: reports the state, takes over its sockets. A restart then loses no
//! request, because connections wait in a socket that outlives the process. Without a manager nothing here has an
//! effect.

use std::io;
use std::net::TcpListener;

use listenfd::ListenFd;
use sd_notify::NotifyState;

/// Linux's numbers of an IPv6 and of a stream socket (socket(2)).
const AF_INET6: i32 = 10;
const SOCK_STREAM: i32 = 1;

/// The sockets handed down by the manager (`LISTEN_FDS`), in this order.
#[derive(Debug, Default)]
pub struct InheritedSockets {
    /// For traffic.
    pub main: Option<TcpListener>,
    /// For probes and metrics.
    pub admin: Option<TcpListener>,
}

impl InheritedSockets {
    /// Takes the sockets that a manager has handed down, and removes its variables from the environment. Call it once,
    /// before any thread is started.
    ///
    /// # Errors
    /// When one of the first two is not a TCP socket.
    pub fn take() -> io::Result<Self> {
        let mut handed = ListenFd::from_env();
        Ok(Self { main: tcp(&mut handed, 0)?, admin: tcp(&mut handed, 1)? })
    }
}

fn tcp(handed: &mut ListenFd, index: usize) -> io::Result<Option<TcpListener>> {
    if index >= handed.len() {
        return Ok(None);
    }
    handed
        .take_tcp_listener(index)
        .or_else(|_| handed.take_custom(index, AF_INET6, SOCK_STREAM, "a TCP socket"))
        .map_err(|error| io::Error::new(error.kind(), format!("inherited socket {index} (LISTEN_FDS): {error}")))
}

/// Reports that requests are answered.
pub fn notify_ready() {
    tell(NotifyState::Ready);
}

/// Reports that a drain has begun.
pub fn notify_stopping() {
    tell(NotifyState::Stopping);
}

fn tell(state: NotifyState<'_>) {
    if let Err(error) = sd_notify::notify(&[state]) {
        tracing::warn!(%error, "cannot tell the service manager (NOTIFY_SOCKET)");
    }
}
