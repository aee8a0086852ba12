//! The times of a drain's steps, all counted from the signal.

use std::time::{Duration, Instant};

use crate::config::Limits;

/// Answers must be ready this long before the hard stop, so that a client gets a 408 or 504 and not a closed
/// connection.
const ANSWERS_BEFORE_STOP: Duration = Duration::from_secs(1);

/// Idle connections are closed this long before the hard stop.
const IDLE_BEFORE_STOP: Duration = Duration::from_secs(3);

/// Divisor: each of these margins is at most a fifth of a short hard stop.
const LARGEST_MARGIN: u32 = 5;

/// The times of one drain, ascending but for `answers_by`, which is after `idle_until`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Schedule {
    /// When the signal came.
    pub signalled: Instant,
    /// The listener empties its queue and closes: after the lame-duck (5 s by default, 0 for SIGINT).
    pub close_listener: Instant,
    /// Connections without a request are closed: 3 s before the hard stop (12 s by default). Until then they are read,
    /// because HTTP/1 has no GOAWAY and a request may be on its way.
    pub idle_until: Instant,
    /// Body and compute deadlines end: 1 s before the hard stop (14 s by default).
    pub answers_by: Instant,
    /// Everything ends: 15 s by default.
    pub hard_stop: Instant,
}

impl Schedule {
    /// The drain that a signal at `signalled` begins; `lame_duck` is false for SIGINT.
    pub fn new(signalled: Instant, limits: &Limits, lame_duck: bool) -> Self {
        let margin = limits.hard_stop / LARGEST_MARGIN;
        let before_stop = |time: Duration| signalled + limits.hard_stop.saturating_sub(margin.min(time));
        let idle_until = before_stop(IDLE_BEFORE_STOP);
        let duck = if lame_duck { limits.lame_duck } else { Duration::ZERO };
        Self {
            signalled,
            close_listener: (signalled + duck).min(idle_until),
            idle_until,
            answers_by: before_stop(ANSWERS_BEFORE_STOP),
            hard_stop: signalled + limits.hard_stop,
        }
    }

    /// A drain whose times have all passed.
    pub(super) fn at_once(now: Instant) -> Self {
        Self { signalled: now, close_listener: now, idle_until: now, answers_by: now, hard_stop: now }
    }
}
