//! A listening socket of either family, and the connections that it accepts.

use std::io;
use std::net::SocketAddr;
use std::os::fd::OwnedFd;

use tokio::net::{TcpListener, TcpStream, UnixListener};

use super::unix::UnixSocket;

/// A socket that is bound and listening.
#[derive(Debug)]
pub enum ListeningSocket {
    /// Of an IP address and a port.
    Tcp(std::net::TcpListener),
    /// Of a path.
    Unix(UnixSocket),
}

impl From<std::net::TcpListener> for ListeningSocket {
    fn from(socket: std::net::TcpListener) -> Self {
        Self::Tcp(socket)
    }
}

impl ListeningSocket {
    /// Its IP address and port.
    pub fn local_addr(&self) -> Option<SocketAddr> {
        match self {
            Self::Tcp(socket) => socket.local_addr().ok(),
            Self::Unix(_) => None,
        }
    }
}

/// The same, as the runtime has it.
pub(super) enum Listener {
    Tcp(TcpListener),
    /// The last is kept so that the socket's file is removed when it closes.
    Unix(UnixListener, UnixSocket),
}

impl Listener {
    /// Registers a socket with the runtime.
    pub(super) fn new(socket: ListeningSocket) -> io::Result<Self> {
        match socket {
            ListeningSocket::Tcp(socket) => {
                socket.set_nonblocking(true)?;
                TcpListener::from_std(socket).map(Self::Tcp)
            }
            ListeningSocket::Unix(socket) => {
                socket.listener.set_nonblocking(true)?;
                let listener = UnixListener::from_std(socket.listener.try_clone()?)?;
                Ok(Self::Unix(listener, socket))
            }
        }
    }

    /// True where connections are those of neighbours on the same machine.
    pub(super) fn is_unix(&self) -> bool {
        matches!(self, Self::Unix(..))
    }

    /// The next connection.
    pub(super) async fn accept(&self) -> io::Result<TcpStream> {
        match self {
            Self::Tcp(listener) => listener.accept().await.map(|(socket, _)| socket),
            Self::Unix(listener, _) => as_tcp(listener.accept().await?.0.into_std()?),
        }
    }

    /// A connection that the kernel has accepted already: asks the kernel itself, for the runtime may not know of it.
    pub(super) fn accept_now(&self) -> io::Result<TcpStream> {
        match self {
            Self::Tcp(listener) => {
                let socket = socket2::SockRef::from(listener).accept()?.0;
                socket.set_nonblocking(true)?;
                TcpStream::from_std(socket.into())
            }
            Self::Unix(_, socket) => {
                let connection = socket.listener.accept()?.0;
                connection.set_nonblocking(true)?;
                as_tcp(connection)
            }
        }
    }
}

/// A Unix connection under the type of TCP's: reading, writing and shutting down are the same calls of the kernel.
/// Options and addresses of TCP are not asked of it.
fn as_tcp(socket: std::os::unix::net::UnixStream) -> io::Result<TcpStream> {
    TcpStream::from_std(std::net::TcpStream::from(OwnedFd::from(socket)))
}
