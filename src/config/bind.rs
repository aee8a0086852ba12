//! Where a server listens.

use std::fmt;
use std::net::{IpAddr, SocketAddr};
use std::path::PathBuf;

/// An address to listen on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum BindAddress {
    /// An IP address and a port.
    Tcp(SocketAddr),
    /// The path of a Unix socket.
    Unix(PathBuf),
}

impl BindAddress {
    /// Its IP address, if it has one.
    pub fn ip(&self) -> Option<IpAddr> {
        match self {
            Self::Tcp(address) => Some(address.ip()),
            Self::Unix(_) => None,
        }
    }
}

impl fmt::Display for BindAddress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Tcp(address) => write!(f, "http://{address}"),
            Self::Unix(path) => write!(f, "unix:{}", path.display()),
        }
    }
}

/// The port that an environment names, by `PORT` or else by Vertex AI's `AIP_HTTP_PORT`.
///
/// # Errors
/// A sentence for each of the two that is no port, whichever counts.
pub fn port_of(variable: impl Fn(&str) -> Option<String>) -> Result<Option<u16>, String> {
    let (mut port, mut wrong) = (None, Vec::new());
    for name in ["PORT", "AIP_HTTP_PORT"] {
        let Some(value) = variable(name) else { continue };
        match value.parse() {
            Ok(number) => port = port.or(Some(number)),
            Err(_) => wrong.push(format!("{name} is {value:?}, expected a number from 0 to 65535")),
        }
    }
    if wrong.is_empty() { Ok(port) } else { Err(wrong.join("; ")) }
}

/// The address to listen on: `--bind` as typed; else what the environment or the built-in default gave, its port
/// replaced by `port`, what the environment names ([`port_of`]). A Unix socket has no port.
pub fn resolve_bind(bind: &BindAddress, typed: bool, port: Option<u16>) -> BindAddress {
    match (bind, port) {
        (BindAddress::Tcp(address), Some(port)) if !typed => BindAddress::Tcp(SocketAddr::new(address.ip(), port)),
        _ => bind.clone(),
    }
}
