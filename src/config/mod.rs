//! What the command line and the environment mean: resolved, validated, with units in the types.

mod limits;
mod names;
pub(crate) mod values;
mod vertex;

pub use limits::{ExtraFeatures, Limits};
pub use names::Names;
pub use vertex::Vertex;

use std::net::SocketAddr;

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
/// replaced by `port`, what the environment names ([`port_of`]).
pub fn resolve_bind(bind: SocketAddr, typed: bool, port: Option<u16>) -> SocketAddr {
    let port = port.filter(|_| !typed).unwrap_or(bind.port());
    SocketAddr::new(bind.ip(), port)
}
