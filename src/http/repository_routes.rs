//! The routes that change what is served.

/// Serves what a model's file holds, or another version.
pub(super) const LOAD: &str = "/v2/repository/models/{name}/load";

/// Serves a model no longer.
pub(super) const UNLOAD: &str = "/v2/repository/models/{name}/unload";

/// True for a route that changes what is served.
pub(super) fn changes_what_is_served(route: &str) -> bool {
    route == LOAD || route == UNLOAD
}
