//! What the command line and the environment mean: resolved, validated, with units in the types.

mod limits;
mod names;
pub(crate) mod values;
mod vertex;

pub use limits::{ExtraFeatures, Limits};
pub use names::Names;
pub use vertex::Vertex;

use std::net::SocketAddr;

/// The port that an environment names: the variable, `PORT` or else Vertex AI's `AIP_HTTP_PORT`, and its value.
pub fn port_of(variable: impl Fn(&str) -> Option<String>) -> Option<(&'static str, String)> {
    ["PORT", "AIP_HTTP_PORT"].into_iter().find_map(|name| variable(name).map(|port| (name, port)))
}

/// The address to listen on: `--bind` as typed; else what the environment or the built-in default gave, its port
/// replaced by `port`, what the environment names ([`port_of`]).
///
/// # Errors
/// One sentence when that is not a port.
pub fn resolve_bind(bind: SocketAddr, typed: bool, port: Option<(&str, String)>) -> Result<SocketAddr, String> {
    match port {
        Some((name, port)) if !typed => {
            let port = port.parse().map_err(|_| format!("{name} is {port:?}, expected a number from 0 to 65535"))?;
            Ok(SocketAddr::new(bind.ip(), port))
        }
        _ => Ok(bind),
    }
}
