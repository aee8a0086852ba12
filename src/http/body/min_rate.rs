//! How fast a body has to come while others wait for the room that it holds.
//!
//! Stands apart because a body's room is taken before its first byte: clients that announce much and send nothing would
//! keep everybody out until the body timeout. Where there is room enough, only that timeout counts.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use tokio::time::sleep;

use crate::config::Limits;
use crate::serve::admission::MemoryBudget;

/// Looked at twice within an admission wait, but not more often than [`SELDOM`].
const LOOKS: u32 = 2;

/// Thousands of bodies that wait must not keep the clock busy.
const SELDOM: Duration = Duration::from_millis(50);

/// A body that comes.
pub(super) struct MinDataRate<'a> {
    budget: &'a MemoryBudget,
    limits: &'a Limits,
    /// The room that it was given, in bytes: what it was announced to be.
    room: usize,
    received: AtomicUsize,
}

impl<'a> MinDataRate<'a> {
    /// Of a body that has been given `room` bytes of the budget.
    pub(super) fn new(budget: &'a MemoryBudget, limits: &'a Limits, room: usize) -> Self {
        Self { budget, limits, room, received: AtomicUsize::new(0) }
    }

    /// Notes that so many bytes have come in all.
    pub(super) fn received(&self, bytes: usize) {
        self.received.store(bytes, Ordering::Relaxed);
    }

    /// Resolves when room is scarce and the body has brought less of its room than of its time has passed: at this rate
    /// it would not be whole in time. Its time begins with the first poll, and nothing is expected for as long as others
    /// wait for room, which is more than a journey around the world.
    pub(super) async fn violated(&self) {
        let (began, grace) = (Instant::now(), self.limits.admission_wait);
        loop {
            sleep((grace / LOOKS).max(SELDOM)).await;
            if self.budget.is_scarce_for(self.room) && self.lags(began.elapsed().saturating_sub(grace)) {
                return;
            }
        }
    }

    #[expect(clippy::cast_precision_loss, reason = "compared roughly")]
    fn lags(&self, passed: Duration) -> bool {
        let due = self.room as f64 * passed.as_secs_f64() / self.limits.body_timeout.as_secs_f64();
        (self.received.load(Ordering::Relaxed) as f64) < due
    }
}
