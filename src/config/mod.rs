//! What the command line and the environment mean: resolved, validated, with units in the types.
//!
//! Stands apart from `cli` (what was typed) so that nothing past it parses text.

mod limits;

pub use limits::{ExtraFeatures, Limits};

use std::net::SocketAddr;

/// The address to listen on: `--bind` as typed; else what the environment or the built-in default gave, its port
/// replaced by `PORT`.
///
/// # Errors
/// One sentence when `PORT` is not a port.
pub fn resolve_bind(bind: SocketAddr, typed: bool, port: Option<&str>) -> Result<SocketAddr, String> {
    match port {
        Some(port) if !typed && !port.is_empty() => {
            let port = port.parse().map_err(|_| format!("PORT is {port:?}, expected a number from 0 to 65535"))?;
            Ok(SocketAddr::new(bind.ip(), port))
        }
        _ => Ok(bind),
    }
}
