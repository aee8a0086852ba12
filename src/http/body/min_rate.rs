//! The least rate at which a body must arrive while other requests wait for memory.
//!
//! A body's memory is taken before its first byte, so slow or silent clients would keep others out until the body timeout.
//! While there is memory enough, only that timeout counts.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use tokio::time::sleep;

use crate::config::Limits;
use crate::serve::admission::MemoryBudget;

/// Checks within one admission wait, but not more often than [`MIN_INTERVAL`].
const CHECKS: u32 = 2;

/// Checks of thousands of waiting bodies would keep the timer busy.
const MIN_INTERVAL: Duration = Duration::from_millis(50);

/// The rate of one body.
pub(super) struct MinDataRate<'a> {
    budget: &'a MemoryBudget,
    limits: &'a Limits,
    /// The memory that it was given: its announced length in bytes.
    reserved: usize,
    received: AtomicUsize,
}

impl<'a> MinDataRate<'a> {
    /// Of a body for which `reserved` bytes of the budget are reserved.
    pub(super) fn new(budget: &'a MemoryBudget, limits: &'a Limits, reserved: usize) -> Self {
        Self { budget, limits, reserved, received: AtomicUsize::new(0) }
    }

    /// Notes how many bytes have arrived in all.
    pub(super) fn received(&self, bytes: usize) {
        self.received.store(bytes, Ordering::Relaxed);
    }

    /// Resolves when memory is scarce and the body arrives too slowly to be whole within the body timeout. The clock
    /// starts with the first poll; for one admission wait, longer than any round trip, no byte is expected.
    pub(super) async fn violated(&self) {
        let (began, grace) = (Instant::now(), self.limits.admission_wait);
        loop {
            sleep((grace / CHECKS).max(MIN_INTERVAL)).await;
            if self.budget.is_scarce_for(self.reserved) && self.lags(began.elapsed().saturating_sub(grace)) {
                return;
            }
        }
    }

    #[expect(clippy::cast_precision_loss, reason = "compared roughly")]
    fn lags(&self, passed: Duration) -> bool {
        let due = self.reserved as f64 * passed.as_secs_f64() / self.limits.body_timeout.as_secs_f64();
        (self.received.load(Ordering::Relaxed) as f64) < due
    }
}
