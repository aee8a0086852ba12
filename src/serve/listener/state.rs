//! The state of one connection: which part of a request or answer is under way, and its deadline.
//!
//! The socket's wrapper, the service and the answer's body write it; the connection's future reads it. All of them run
//! in the connection's task; the atomics only make it `Sync`.

use std::sync::atomic::{AtomicBool, AtomicU8, AtomicU64, Ordering::Relaxed};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use crate::config::Limits;
use crate::serve::admission::MemoryLease;
use crate::serve::lifecycle::Schedule;

use super::framing::HeadFault;

/// How long the unread rest of a request is read and discarded: before an answer, and after our end of stream until the
/// client closes its side. Closing with bytes unread would reset the connection, and a client that has not read its
/// answer would lose it.
pub const DISCARD_FOR: Duration = Duration::from_secs(5);

/// The same in a drain, after our end of stream: a client that has its answer and keeps its socket holds the process.
const DISCARD_FOR_IN_A_DRAIN: Duration = Duration::from_secs(1);

/// The unread rest of a request is read and discarded up to this many times the largest body.
pub const DISCARD_TIMES_MAX_BODY: usize = 16;

/// Why a connection is closed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum CloseReason {
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

/// [`ConnectionState::fault`] of a head without one.
const NO_FAULT: u8 = u8::MAX;

/// The state of one connection.
#[derive(Debug)]
pub(super) struct ConnectionState {
    opened: Instant,
    /// When it is old; none: never.
    old_at: Option<Instant>,
    state: AtomicU8,
    /// Nanoseconds from `opened` to the start of `state`.
    since: AtomicU64,
    /// Nanoseconds from `opened` to when the socket stopped taking bytes, plus 1; 0 while it takes them.
    stuck: AtomicU64,
    /// Unread bytes of the request's body; [`CHUNKED`] when its length was not declared.
    body_left: AtomicU64,
    /// Bytes of the body handed to hyper together with its head.
    pub(super) with_head: AtomicU64,
    /// The last body was chunked, so hyper may have left some of it unread.
    was_chunked: AtomicBool,
    /// Bytes of the next head came before the end of the request.
    next_begun: AtomicBool,
    /// Bytes were written and not flushed.
    unflushed: AtomicBool,
    /// Bytes read behind the part that hyper was given, or that it gave back, wait for its next read. Not set for the
    /// bytes that `TrackedIo::poll_request` reads without hyper.
    pub(super) held_back: AtomicBool,
    /// The buffer reservation covers a large head: to be given back as soon as possible.
    pub(super) large_head: AtomicBool,
    /// Leases of answers that hyper has and the kernel has not: several when a client sends on and does not read.
    unwritten: Mutex<Vec<MemoryLease>>,
    has_unwritten: AtomicBool,
    /// A whole head was read and waits for a buffer reservation.
    pub(super) waits_for_buffers: AtomicBool,
    /// The fault of the head that is being read.
    fault: AtomicU8,
}

/// What the client sends next.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Next {
    /// A head.
    Head,
    /// This many bytes of a body.
    Body(u64),
    /// A chunked body.
    Chunks,
}

/// [`ConnectionState::body_left`] of a body of undeclared length.
const CHUNKED: u64 = u64::MAX;

impl ConnectionState {
    /// Of a connection that comes now, and is old after `age`.
    pub(super) fn new(age: Duration) -> Self {
        let opened = Instant::now();
        Self {
            opened,
            old_at: opened.checked_add(age),
            state: AtomicU8::new(IDLE),
            since: AtomicU64::new(0),
            stuck: AtomicU64::new(0),
            body_left: AtomicU64::new(0),
            with_head: AtomicU64::new(0),
            was_chunked: AtomicBool::new(false),
            next_begun: AtomicBool::new(false),
            unflushed: AtomicBool::new(false),
            held_back: AtomicBool::new(false),
            large_head: AtomicBool::new(false),
            unwritten: Mutex::default(),
            has_unwritten: AtomicBool::new(false),
            waits_for_buffers: AtomicBool::new(false),
            fault: AtomicU8::new(NO_FAULT),
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

    /// Bytes of a head arrived: starts the head's timer, or notes that the next head has begun.
    pub(super) fn read_head(&self) {
        match self.state.load(Relaxed) {
            IDLE => self.enter(HEAD),
            BUSY => self.next_begun.store(true, Relaxed),
            _ => {}
        }
    }

    /// The head that is being read must be refused.
    pub(super) fn note_fault(&self, fault: HeadFault) {
        self.fault.store(fault as u8, Relaxed);
    }

    /// Takes the fault of the head that is complete now.
    pub(super) fn take_fault(&self) -> Option<HeadFault> {
        let fault = self.fault.load(Relaxed);
        self.fault.store(NO_FAULT, Relaxed);
        [HeadFault::BareNewline, HeadFault::TransferCoding].into_iter().find(|one| *one as u8 == fault)
    }

    /// `n` bytes of a body whose length is known were handed to hyper.
    pub(super) fn read_body(&self, n: u64) {
        self.body_left.fetch_sub(n, Relaxed);
    }

    /// A chunked body was handed to hyper up to its end.
    pub(super) fn read_chunks(&self) {
        self.body_left.store(0, Relaxed);
    }

    /// A whole head is with the service; its body has `length` bytes, if that was declared.
    pub(super) fn head_done(&self, length: Option<u64>) {
        let with_head = self.with_head.swap(0, Relaxed);
        self.body_left.store(length.map_or(CHUNKED, |length| length.saturating_sub(with_head)), Relaxed);
        self.was_chunked.store(length.is_none(), Relaxed);
        self.next_begun.store(false, Relaxed);
        self.waits_for_buffers.store(false, Relaxed);
        self.state.store(BUSY, Relaxed);
    }

    /// The answer's last byte is in hyper's write buffer. Its lease is kept until the kernel has that byte.
    pub(super) fn answer_done(&self, memory: MemoryLease) {
        if !memory.is_empty() {
            self.unwritten().push(memory);
            self.has_unwritten.store(true, Relaxed);
        }
        self.enter(if self.next_begun.load(Relaxed) { HEAD } else { IDLE });
    }

    /// True when bytes of the client may be left unread: its body was not read to the end before the answer, or it sent
    /// something other than HTTP.
    pub(super) fn is_cut_short(&self) -> bool {
        self.body_left.load(Relaxed) != 0 || self.was_chunked.load(Relaxed) || self.state.load(Relaxed) == HEAD
    }

    /// True when the answer to a request that came at `arrival` should ask the client to connect anew: the connection
    /// is old, and no byte of a next request is here, which would be lost.
    pub(super) fn should_close_after(&self, arrival: Instant) -> bool {
        self.old_at.is_some_and(|old| old <= arrival) && !self.held_back.load(Relaxed) && !self.next_begun.load(Relaxed)
    }

    /// Our side is closed; the client's is not yet.
    pub(super) fn closing(&self) {
        self.enter(CLOSING);
    }

    /// The socket took bytes.
    pub(super) fn wrote(&self) {
        if self.stuck.load(Relaxed) != 0 {
            self.stuck.store(0, Relaxed);
            if self.state.load(Relaxed) == HEAD {
                // hyper does not read while it cannot write: the head's time begins now.
                self.enter(HEAD);
            }
        }
    }

    /// Whether the kernel has all that was written.
    pub(super) fn flushed(&self, all: bool) {
        self.unflushed.store(!all, Relaxed);
        if all && self.has_unwritten.load(Relaxed) {
            self.has_unwritten.store(false, Relaxed);
            self.unwritten().clear();
        }
    }

    fn unwritten(&self) -> MutexGuard<'_, Vec<MemoryLease>> {
        self.unwritten.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Since when the connection has had no request and nothing to read or write; none while it has.
    pub(super) fn idle_since(&self) -> Option<Instant> {
        let is_pending = self.unflushed.load(Relaxed) || self.held_back.load(Relaxed);
        (self.state.load(Relaxed) == IDLE && !is_pending).then(|| self.since())
    }

    /// When the part under way began.
    fn since(&self) -> Instant {
        self.opened + Duration::from_nanos(self.since.load(Relaxed))
    }

    /// The socket takes no bytes now.
    pub(super) fn write_blocked(&self) {
        if self.stuck.load(Relaxed) == 0 {
            self.stuck.store(self.now().saturating_add(1), Relaxed);
        }
    }

    /// True while a request with a complete head still lacks part of its answer.
    pub(super) fn owes_an_answer(&self) -> bool {
        self.state.load(Relaxed) == BUSY || self.stuck.load(Relaxed) != 0 || self.waits_for_buffers.load(Relaxed)
    }

    /// The connection's deadline, and why it is closed then; none without one.
    pub(super) fn deadline(&self, limits: &Limits, drain: Option<&Schedule>) -> Option<(Instant, CloseReason)> {
        let since = self.since();
        let stuck = self.stuck.load(Relaxed);
        let own = match self.state.load(Relaxed) {
            IDLE => Some((since + limits.idle_timeout, CloseReason::Idle)),
            HEAD if stuck != 0 => None,
            HEAD => Some((since + limits.header_timeout, CloseReason::SlowHead)),
            BUSY => None,
            _ => {
                let most = if drain.is_some() { DISCARD_FOR_IN_A_DRAIN } else { DISCARD_FOR };
                Some((since + most, CloseReason::Lingering))
            }
        };
        let reader = (stuck != 0)
            .then(|| (self.opened + Duration::from_nanos(stuck) + limits.write_timeout, CloseReason::SlowReader));
        let idle = self.state.load(Relaxed) == IDLE && stuck == 0;
        let drained = drain.map(|schedule| {
            if idle { (schedule.idle_until, CloseReason::Idle) } else { (schedule.hard_stop, CloseReason::HardStop) }
        });
        [own, reader, drained].into_iter().flatten().min_by_key(|(at, _)| *at)
    }
}
