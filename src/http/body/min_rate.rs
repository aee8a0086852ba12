//! The least rate at which a body must arrive while memory is scarce.
//!
//! A body's memory is reserved before its bytes come, so slow or silent clients would keep others out until the body
//! timeout. While there is memory enough, only that timeout counts.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use tokio::time::sleep;

use crate::config::Limits;
use crate::serve::admission::{CHUNKED_STEP, MemoryBudget};

/// Checks within one admission wait, but not more often than [`MIN_INTERVAL`].
const CHECKS: u32 = 2;

/// Checks of thousands of waiting bodies would keep the timer busy.
const MIN_INTERVAL: Duration = Duration::from_millis(50);

/// The rate at which one body arrives.
pub(super) struct MinDataRate<'a> {
    budget: &'a MemoryBudget,
    limits: &'a Limits,
    /// The body's length in bytes, if it is known.
    declared: Option<usize>,
    /// Bytes reserved from the start in addition to the body's own.
    overhead: usize,
    /// Bytes read so far, inflated.
    received: AtomicUsize,
}

impl<'a> MinDataRate<'a> {
    /// The rate of a body of `declared` bytes, if that is known. Reading it takes `overhead` bytes more.
    pub(super) fn new(budget: &'a MemoryBudget, limits: &'a Limits, declared: Option<usize>, overhead: usize) -> Self {
        Self { budget, limits, declared, overhead, received: AtomicUsize::new(0) }
    }

    /// Notes how many bytes have arrived in all.
    pub(super) fn received(&self, bytes: usize) {
        self.received.store(bytes, Ordering::Relaxed);
    }

    /// The bytes that the reserved memory is for: the declared ones, or those read and the rest of the step of
    /// [`CHUNKED_STEP`] that is reserved for them.
    fn expected(&self) -> usize {
        match (self.declared, self.received.load(Ordering::Relaxed)) {
            (Some(declared), _) => declared,
            (None, 0) if self.overhead == 0 => 0,
            (None, received) => (received + 1).next_multiple_of(CHUNKED_STEP),
        }
    }

    /// Resolves when memory is scarce and the body arrives too slowly to be whole within the body timeout. The clock
    /// starts with the first poll; for one admission wait, longer than any round trip, no byte is expected.
    pub(super) async fn violated(&self) {
        let (began, grace) = (Instant::now(), self.limits.admission_wait);
        loop {
            sleep((grace / CHECKS).max(MIN_INTERVAL)).await;
            let passed = began.elapsed().saturating_sub(grace);
            if self.budget.is_scarce_for(self.overhead + self.expected()) && self.lags(passed) {
                return;
            }
        }
    }

    #[expect(clippy::cast_precision_loss, reason = "compared roughly")]
    fn lags(&self, passed: Duration) -> bool {
        let due = self.expected() as f64 * passed.as_secs_f64() / self.limits.body_timeout.as_secs_f64();
        (self.received.load(Ordering::Relaxed) as f64) < due
    }
}
