//! The routes of probes and metrics.

const PROBES_AND_METRICS: [&str; 8] =
    ["/livez", "/readyz", "/metrics", "/healthz", "/ping", "/health", "/v2/health/live", "/v2/health/ready"];

/// True for a probe and for metrics: they need no token, and their log lines have the level debug.
pub(super) fn is_probe_or_metrics(route: &str) -> bool {
    PROBES_AND_METRICS.contains(&route)
}
