//! What the log says of spans that no collector has taken: at most a line a minute, and one when they are taken again.

use std::fmt::Display;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use prometheus::IntCounter;

use crate::text::shorten::cut;

/// The shortest time between two lines.
const INTERVAL: Duration = Duration::from_mins(1);

/// What failed, and what was said of it.
#[derive(Debug)]
pub(super) struct Failures {
    endpoint: String,
    dropped: IntCounter,
    state: Mutex<State>,
}

#[derive(Debug, Default)]
struct State {
    /// What the last attempt failed by.
    attempt: Option<String>,
    /// Why spans were lost that no line has told of; none where the queue was full.
    lost: Option<String>,
    is_failing: bool,
    last_line: Option<Instant>,
    /// Spans dropped at the last line.
    reported: u64,
}

impl Failures {
    /// None yet. `dropped` counts every span that is lost, in the queue too.
    pub(super) fn new(endpoint: String, dropped: IntCounter) -> Self {
        Self { endpoint, dropped, state: Mutex::default() }
    }

    /// Keeps what an attempt failed by: the exporter's own error does not say.
    pub(super) fn note(&self, cause: String) {
        self.state().attempt = Some(cause);
    }

    /// A batch was posted, and the collector did not take `spans` of it, for this reason.
    pub(super) fn rejected(&self, spans: u64, reason: &str) {
        self.dropped.inc_by(spans);
        self.state().lost = Some(format!("the collector rejected {spans} spans: {}", cut(reason)));
        self.tell();
    }

    /// A batch was given up.
    pub(super) fn failed(&self, spans: usize, error: &dyn Display) {
        self.dropped.inc_by(spans as u64);
        let mut state = self.state();
        state.is_failing = true;
        state.lost = state.attempt.take().or_else(|| Some(error.to_string()));
        drop(state);
        self.tell();
    }

    /// A batch was posted.
    pub(super) fn sent(&self) {
        let mut state = self.state();
        // Of an attempt that was made again.
        state.attempt = None;
        let was_failing = std::mem::take(&mut state.is_failing);
        if was_failing {
            let (all, endpoint) = (self.dropped.get(), &self.endpoint);
            let spans = all - state.reported;
            (state.lost, state.reported) = (None, all);
            drop(state);
            tracing::info!(endpoint, spans, "spans are sent to {endpoint} again, {spans} more were lost");
        } else if self.dropped.get() > state.reported {
            drop(state);
            self.tell();
        }
    }

    /// Says what was dropped since the last line, unless that is less than a minute ago.
    fn tell(&self) {
        let mut state = self.state();
        if state.last_line.is_some_and(|last| last.elapsed() < INTERVAL) {
            return;
        }
        let all = self.dropped.get();
        let spans = all - state.reported;
        (state.last_line, state.reported) = (Some(Instant::now()), all);
        let error = state.lost.take();
        drop(state);
        let error = error.as_deref().unwrap_or("the queue was full; OTEL_BSP_MAX_QUEUE_SIZE makes it longer");
        let endpoint = &self.endpoint;
        tracing::warn!(endpoint, error, spans, "{spans} spans were not sent to {endpoint}: {error}");
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
