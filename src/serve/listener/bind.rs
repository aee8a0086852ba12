//! Binds an IP address, with an error that says what to do.

use std::io;
use std::net::{SocketAddr, TcpListener};

use socket2::{Domain, Protocol, Socket, Type};

/// Connections that the kernel queues while accepting is paused; it caps this at `net.core.somaxconn` (4,096 on Linux).
pub(super) const BACKLOG: i32 = 4_096;

/// Why an address cannot be listened on. `Display` is one line: the address, what is wrong, what to do.
#[derive(Debug, thiserror::Error)]
#[error("cannot listen on {address}: {}", self.advice())]
pub struct BindError {
    /// The address.
    pub address: SocketAddr,
    /// The kernel's error.
    pub source: io::Error,
}

impl BindError {
    fn advice(&self) -> String {
        match self.source.kind() {
            io::ErrorKind::AddrInUse => {
                "address in use; stop what listens there, or choose another with --bind".to_owned()
            }
            io::ErrorKind::PermissionDenied => "permission denied; choose a port above 1023".to_owned(),
            io::ErrorKind::AddrNotAvailable => "this machine does not have that address".to_owned(),
            _ => self.source.to_string(),
        }
    }
}

/// Binds and listens, with `SO_REUSEADDR` so that a restart does not wait for old connections; a port that another
/// socket listens on is still refused.
///
/// # Errors
/// [`BindError`].
pub fn bind(address: SocketAddr) -> Result<TcpListener, BindError> {
    listen(address).map_err(|source| BindError { address, source })
}

fn listen(address: SocketAddr) -> io::Result<TcpListener> {
    let socket = Socket::new(Domain::for_address(address), Type::STREAM, Some(Protocol::TCP))?;
    socket.set_reuse_address(true)?;
    socket.bind(&address.into())?;
    socket.listen(BACKLOG)?;
    Ok(socket.into())
}
