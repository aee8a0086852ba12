//! What is counted: one registry value a process, closed label sets, no locks held over I/O.

use std::time::Duration;

/// The metric families of the server.
#[derive(Debug, Default)]
pub struct Metrics;

/// A request being answered; leaving scope takes it out of the in-flight gauge.
#[derive(Debug)]
pub struct InFlight;

/// Why a request was refused before it reached a model. The label `reason`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[expect(missing_docs, reason = "each variant is its label")]
pub enum Reason {
    Syntax,
    Schema,
    BodyTooLarge,
    TooManyRows,
    BodyTimeout,
    HeaderTooLarge,
    UriTooLong,
    MediaType,
    Unauthorized,
    Overloaded,
    NotReady,
    ComputeTimeout,
}

impl Metrics {
    /// Counts a request into the in-flight gauge.
    pub fn in_flight(&self) -> InFlight {
        InFlight
    }

    /// Counts an answered request. `method` is a known one or `OTHER`, `route` a template of the router or `other`.
    pub fn answered(&self, _method: &str, _route: &'static str, _status: u16, _duration: Duration) {}

    /// Counts a refusal.
    pub fn rejected(&self, _reason: Reason) {}

    /// The Prometheus text exposition, version 0.0.4.
    pub fn render(&self) -> String {
        String::new()
    }
}
