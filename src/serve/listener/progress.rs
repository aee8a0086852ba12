//! Where one connection is between two requests, and by when it must be further.
//!
//! Stands apart because three parties write it (the socket's wrapper, the service, the answer's body) and one reads it
//! (the connection's driver). All of them run in the connection's own task; the atomics only make it `Sync`.

use std::sync::atomic::{AtomicU8, AtomicU64, Ordering::Relaxed};
use std::time::{Duration, Instant};

use crate::config::Limits;
use crate::serve::lifecycle::Schedule;

/// After our last byte, how long the client may take to close its side before we do: closing with bytes unread would
/// reset the connection and could take an answer away from a client that has not read it yet.
const LINGER: Duration = Duration::from_secs(2);

/// Why a connection is ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Overdue {
    /// No request within the idle timeout, or idle when a drain closes such connections.
    Idle,
    /// The head was not complete within the header timeout.
    SlowHead,
    /// The client took nothing of the answer within the write timeout.
    SlowReader,
    /// The client did not close after our end of stream.
    Lingering,
    /// The drain's hard stop.
    HardStop,
}

const IDLE: u8 = 0;
const HEAD: u8 = 1;
const BUSY: u8 = 2;
const CLOSING: u8 = 3;

/// The state of one connection.
#[derive(Debug)]
pub(super) struct Progress {
    opened: Instant,
    state: AtomicU8,
    /// Nanoseconds from `opened` to the start of `state`.
    since: AtomicU64,
    /// Nanoseconds from `opened` to when writing got stuck, plus 1; 0 while it is not.
    stuck: AtomicU64,
}

impl Progress {
    pub(super) fn new() -> Self {
        Self { opened: Instant::now(), state: AtomicU8::new(IDLE), since: AtomicU64::new(0), stuck: AtomicU64::new(0) }
    }

    fn now(&self) -> u64 {
        u64::try_from(self.opened.elapsed().as_nanos()).unwrap_or(u64::MAX)
    }

    fn enter(&self, state: u8) {
        self.since.store(self.now(), Relaxed);
        self.state.store(state, Relaxed);
    }

    /// Bytes came in: the first ones of a head when there was no request.
    pub(super) fn read(&self) {
        if self.state.load(Relaxed) == IDLE {
            self.enter(HEAD);
        }
    }

    /// A whole head is with the service.
    pub(super) fn head_done(&self) {
        self.state.store(BUSY, Relaxed);
    }

    /// The answer's last byte is with hyper's write buffer.
    pub(super) fn answer_done(&self) {
        self.enter(IDLE);
    }

    /// Our side is closed.
    pub(super) fn closing(&self) {
        self.enter(CLOSING);
    }

    /// The socket took bytes.
    pub(super) fn wrote(&self) {
        if self.stuck.load(Relaxed) != 0 {
            self.stuck.store(0, Relaxed);
        }
    }

    /// The socket takes no bytes at present.
    pub(super) fn write_blocked(&self) {
        if self.stuck.load(Relaxed) == 0 {
            self.stuck.store(self.now().saturating_add(1), Relaxed);
        }
    }

    /// True while a request whose head is complete has not got the whole of its answer.
    pub(super) fn owes_an_answer(&self) -> bool {
        self.state.load(Relaxed) == BUSY || self.stuck.load(Relaxed) != 0
    }

    /// When the connection must be further than now, and what it is if it is not. None: no deadline.
    pub(super) fn deadline(&self, limits: &Limits, drain: Option<&Schedule>) -> Option<(Instant, Overdue)> {
        let since = self.opened + Duration::from_nanos(self.since.load(Relaxed));
        let own = match self.state.load(Relaxed) {
            IDLE => Some((since + limits.idle_timeout, Overdue::Idle)),
            HEAD => Some((since + limits.header_timeout, Overdue::SlowHead)),
            BUSY => None,
            _ => Some((since + LINGER, Overdue::Lingering)),
        };
        let stuck = self.stuck.load(Relaxed);
        let reader = (stuck != 0)
            .then(|| (self.opened + Duration::from_nanos(stuck) + limits.write_timeout, Overdue::SlowReader));
        let idle = self.state.load(Relaxed) == IDLE && stuck == 0;
        let drained = drain.map(|schedule| {
            if idle { (schedule.idle_until, Overdue::Idle) } else { (schedule.hard_stop, Overdue::HardStop) }
        });
        [own, reader, drained].into_iter().flatten().min_by_key(|(at, _)| *at)
    }
}
