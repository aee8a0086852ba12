//! What a service manager such as systemd is told, and the sockets it hands down: a restart then loses nothing, because
//! connections wait in a socket that outlives the process.
//!
//! Stands apart so that everything else does not know who started the process. Without a manager nothing here does
//! anything.

use std::io;
use std::net::TcpListener;

use listenfd::ListenFd;
use sd_notify::NotifyState;

/// Linux's numbers of an IPv6 and of a stream socket.
const AF_INET6: i32 = 10;
const SOCK_STREAM: i32 = 1;

/// The sockets that were handed down (`LISTEN_FDS`), in this order.
#[derive(Debug, Default)]
pub struct InheritedSockets {
    /// For traffic.
    pub main: Option<TcpListener>,
    /// For probes and metrics.
    pub admin: Option<TcpListener>,
}

impl InheritedSockets {
    /// Takes the sockets that a manager has handed to this process, and the variables that say so out of the
    /// environment. To be called once, before there are threads.
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

/// Says that requests are answered.
pub fn notify_ready() {
    tell(NotifyState::Ready);
}

/// Says that a drain has begun.
pub fn notify_stopping() {
    tell(NotifyState::Stopping);
}

fn tell(state: NotifyState<'_>) {
    if let Err(error) = sd_notify::notify(&[state]) {
        tracing::warn!(%error, "cannot tell the service manager (NOTIFY_SOCKET)");
    }
}
