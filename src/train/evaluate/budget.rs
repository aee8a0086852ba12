//! `--time-budget`: until when fits may take.

use std::time::{Duration, Instant};

use crate::train::evaluate::progress::Progress;

/// The time that is left for fits.
#[derive(Clone, Copy)]
pub(crate) struct Budget<'a> {
    clock: &'a dyn Progress,
    until: Option<Instant>,
}

impl<'a> Budget<'a> {
    /// From `start` on; without a duration there is no end.
    pub(crate) fn new(clock: &'a dyn Progress, start: Instant, budget: Option<Duration>) -> Self {
        Self { clock, until: budget.and_then(|budget| start.checked_add(budget)) }
    }

    /// The same clock without an end.
    pub(crate) fn unbounded(&self) -> Self {
        Self { clock: self.clock, until: None }
    }

    /// True when it has an end.
    pub(crate) fn is_bounded(&self) -> bool {
        self.until.is_some()
    }

    /// The seconds that are left; infinite without an end.
    pub(crate) fn left(&self) -> f64 {
        self.until.map_or(f64::INFINITY, |until| until.saturating_duration_since(self.clock.now()).as_secs_f64())
    }

    /// True when what takes so many seconds would end in time.
    pub(crate) fn admits(&self, seconds: f64) -> bool {
        self.left() > 0.0 && seconds <= self.left()
    }

    /// An equal share, of so many, of what is left.
    pub(crate) fn share(&self, of: usize) -> Self {
        let parts = u32::try_from(of.max(1)).unwrap_or(u32::MAX);
        let until = self.until.map(|until| {
            let now = self.clock.now();
            now + until.saturating_duration_since(now) / parts
        });
        Self { clock: self.clock, until }
    }
}
