//! The routes that machines ask again and again: probes and metrics.

const WATCHED: [&str; 8] =
    ["/livez", "/readyz", "/metrics", "/healthz", "/ping", "/health", "/v2/health/live", "/v2/health/ready"];

/// True of a probe and of metrics: they need no token, and their log lines are for debugging.
pub(super) fn is_watched(route: &str) -> bool {
    WATCHED.contains(&route)
}
