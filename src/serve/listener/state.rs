//! Where one connection is between two requests, and by when it must be further.
//!
//! Stands apart because three parties write it (the socket's wrapper, the service, the answer's body) and one reads it
//! (the connection's driver). All of them run in the connection's own task; the atomics only make it `Sync`.

use std::any::Any;
use std::sync::atomic::{AtomicBool, AtomicU8, AtomicU64, Ordering::Relaxed};
use std::sync::{Mutex, PoisonError};
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
pub(super) struct ConnectionState {
    opened: Instant,
    state: AtomicU8,
    /// Nanoseconds from `opened` to the start of `state`.
    since: AtomicU64,
    /// Nanoseconds from `opened` to when writing got stuck, plus 1; 0 while it is not.
    stuck: AtomicU64,
    /// Bytes of the request's body that have not been read yet; [`CHUNKED`] when their number was not told.
    body_left: AtomicU64,
    /// Bytes of the body that hyper was given with the head.
    with_head: AtomicU64,
    /// The last body was chunked: hyper may have left some of it unread.
    was_chunked: AtomicBool,
    /// Bytes of the next head came while the request was under way.
    next_begun: AtomicBool,
    /// Hyper has written something that is not yet with the kernel, or has not taken all that was read.
    unsettled: AtomicU8,
    /// The seat has room for a long head: to be given back as soon as possible.
    large_seat: AtomicBool,
    /// What answers hold until they are written, and whether there is any.
    held: Mutex<Held>,
    holds: AtomicBool,
    /// A whole head was read, and waits for a seat.
    waits: AtomicBool,
}

/// What answers hold until they are written.
#[derive(Debug, Default)]
struct Held {
    /// The last answer's, which hyper may not have taken yet.
    last: Option<Box<dyn Any + Send>>,
    /// Those before it: a client that asks on and reads nothing leaves whole answers unwritten.
    before: Option<Box<dyn Any + Send>>,
}

/// A bit of [`ConnectionState::unsettled`]: written, not flushed.
const UNFLUSHED: u8 = 1;
/// A bit of [`ConnectionState::unsettled`]: read, not handed to hyper.
const BEHIND: u8 = 2;

/// What the client sends next.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Next {
    /// A head.
    Head,
    /// So many bytes of a body.
    Body(u64),
    /// A body whose end only hyper sees.
    Chunks,
}

/// [`ConnectionState::body_left`] of a body whose length was not told.
const CHUNKED: u64 = u64::MAX;

impl ConnectionState {
    pub(super) fn new() -> Self {
        Self {
            opened: Instant::now(),
            state: AtomicU8::new(IDLE),
            since: AtomicU64::new(0),
            stuck: AtomicU64::new(0),
            body_left: AtomicU64::new(0),
            with_head: AtomicU64::new(0),
            was_chunked: AtomicBool::new(false),
            next_begun: AtomicBool::new(false),
            unsettled: AtomicU8::new(0),
            large_seat: AtomicBool::new(false),
            held: Mutex::default(),
            holds: AtomicBool::new(false),
            waits: AtomicBool::new(false),
        }
    }

    fn now(&self) -> u64 {
        u64::try_from(self.opened.elapsed().as_nanos()).unwrap_or(u64::MAX)
    }

    fn enter(&self, state: u8) {
        self.since.store(self.now(), Relaxed);
        self.state.store(state, Relaxed);
    }

    /// What the next bytes will be.
    pub(super) fn next(&self) -> Next {
        match self.body_left.load(Relaxed) {
            0 => Next::Head,
            CHUNKED => Next::Chunks,
            left => Next::Body(left),
        }
    }

    /// Bytes of a head were handed to hyper.
    pub(super) fn read_head(&self) {
        match self.state.load(Relaxed) {
            IDLE => self.enter(HEAD),
            BUSY => self.next_begun.store(true, Relaxed),
            _ => {}
        }
    }

    /// `n` bytes of a body were handed to hyper together with its head.
    pub(super) fn read_with_head(&self, n: u64) {
        self.with_head.store(n, Relaxed);
    }

    /// `n` bytes of a body whose length is known were handed to hyper.
    pub(super) fn read_body(&self, n: u64) {
        self.body_left.fetch_sub(n, Relaxed);
    }

    /// Whether a whole head waits for a seat.
    pub(super) fn waits_for_seat(&self, waits: bool) {
        self.waits.store(waits, Relaxed);
    }

    /// A whole head is with the service; its body has `length` bytes, if that was told.
    pub(super) fn head_done(&self, length: Option<u64>) {
        let with_head = self.with_head.swap(0, Relaxed);
        self.body_left.store(length.map_or(CHUNKED, |length| length.saturating_sub(with_head)), Relaxed);
        self.was_chunked.store(length.is_none(), Relaxed);
        self.next_begun.store(false, Relaxed);
        self.waits.store(false, Relaxed);
        self.state.store(BUSY, Relaxed);
    }

    /// The answer's last byte is with hyper's write buffer.
    pub(super) fn answer_done(&self) {
        if self.was_chunked.load(Relaxed) {
            // hyper goes on to a next head only when it has read all chunks.
            self.body_left.store(0, Relaxed);
        }
        self.enter(if self.next_begun.load(Relaxed) { HEAD } else { IDLE });
    }

    /// True when the client may still be sending what nobody will read: an answer came before the end of the body, or
    /// what was sent is not HTTP.
    pub(super) fn is_cut_short(&self) -> bool {
        self.body_left.load(Relaxed) != 0 || self.was_chunked.load(Relaxed) || self.state.load(Relaxed) == HEAD
    }

    /// Our side is closed, and the client's is waited for.
    pub(super) fn closing(&self) {
        self.enter(CLOSING);
    }

    /// The socket took bytes.
    pub(super) fn wrote(&self) {
        if self.stuck.load(Relaxed) != 0 {
            self.stuck.store(0, Relaxed);
            if self.state.load(Relaxed) == HEAD {
                // While it could not write, hyper did not read either: the head's time begins now.
                self.enter(HEAD);
            }
        }
    }

    /// Something was written that is not yet with the kernel, or all of it is.
    pub(super) fn flushed(&self, all: bool) {
        self.settle(UNFLUSHED, all);
        if all && self.holds.load(Relaxed) {
            let mut held = self.held.lock().unwrap_or_else(PoisonError::into_inner);
            held.before = None;
            if self.state.load(Relaxed) != BUSY {
                held.last = None;
                self.holds.store(false, Relaxed);
            }
        }
    }

    /// Keeps something until the present answer is written.
    pub(super) fn hold_until_written(&self, new: Box<dyn Any + Send>) {
        self.holds.store(true, Relaxed);
        let mut held = self.held.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(last) = held.last.replace(new) {
            held.before = Some(match held.before.take() {
                Some(before) => Box::new((before, last)),
                None => last,
            });
        }
    }

    /// Whether bytes were read that hyper has not been given.
    pub(super) fn held_back(&self, some: bool) {
        self.settle(BEHIND, !some);
    }

    fn settle(&self, bit: u8, settled: bool) {
        let now = self.unsettled.load(Relaxed);
        self.unsettled.store(if settled { now & !bit } else { now | bit }, Relaxed);
    }

    /// Whether the seat has room for a long head.
    pub(super) fn set_large_seat(&self, large: bool) {
        self.large_seat.store(large, Relaxed);
    }

    /// True when the seat has room for a long head.
    pub(super) fn has_large_seat(&self) -> bool {
        self.large_seat.load(Relaxed)
    }

    /// Since when there has been no request and nothing of one, neither to read nor to write.
    pub(super) fn idle_since(&self) -> Option<Instant> {
        let idle = self.state.load(Relaxed) == IDLE && self.unsettled.load(Relaxed) == 0;
        idle.then(|| self.opened + Duration::from_nanos(self.since.load(Relaxed)))
    }

    /// The socket takes no bytes at present.
    pub(super) fn write_blocked(&self) {
        if self.stuck.load(Relaxed) == 0 {
            self.stuck.store(self.now().saturating_add(1), Relaxed);
        }
    }

    /// True while a request whose head is complete has not got the whole of its answer.
    pub(super) fn owes_an_answer(&self) -> bool {
        self.state.load(Relaxed) == BUSY || self.stuck.load(Relaxed) != 0 || self.waits.load(Relaxed)
    }

    /// When the connection must be further than now, and what it is if it is not. None: no deadline.
    pub(super) fn deadline(&self, limits: &Limits, drain: Option<&Schedule>) -> Option<(Instant, Overdue)> {
        let since = self.opened + Duration::from_nanos(self.since.load(Relaxed));
        let stuck = self.stuck.load(Relaxed);
        let own = match self.state.load(Relaxed) {
            IDLE => Some((since + limits.idle_timeout, Overdue::Idle)),
            HEAD if stuck != 0 => None,
            HEAD => Some((since + limits.header_timeout, Overdue::SlowHead)),
            BUSY => None,
            _ => Some((since + LINGER, Overdue::Lingering)),
        };
        let reader = (stuck != 0)
            .then(|| (self.opened + Duration::from_nanos(stuck) + limits.write_timeout, Overdue::SlowReader));
        let idle = self.state.load(Relaxed) == IDLE && stuck == 0;
        let drained = drain.map(|schedule| {
            if idle { (schedule.idle_until, Overdue::Idle) } else { (schedule.hard_stop, Overdue::HardStop) }
        });
        [own, reader, drained].into_iter().flatten().min_by_key(|(at, _)| *at)
    }
}
