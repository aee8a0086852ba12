//! The bytes of the memory budget that a connection holds while hyper is attached to it. They bound the memory of
//! thousands of connections: an idle one takes a few kilobytes, one with a request takes hyper's buffers too.

use std::pin::Pin;
use std::task::{Context, Poll, ready};

use crate::serve::admission::{MemoryBudget, Reservation};

/// Bytes of a connection with hyper attached and heads of at most [`SMALL_HEAD_BYTES`]: hyper's buffer for writing, 8
/// KiB, the one for reading, which grows to 16 KiB, and hyper's state with the service's future, 3 KiB. Whole buffers
/// count, not touched pages: reused memory is resident already.
pub const BUFFER_BYTES: usize = 28 << 10;

/// Bytes more for a longer head: 64 KiB at most, twice, because a growing buffer is copied.
pub const LARGE_HEAD_BYTES: usize = 128 << 10;

/// The longest head, in bytes, that fits in [`BUFFER_BYTES`]. Browsers and proxies send 0.5 to 2 KiB.
pub const SMALL_HEAD_BYTES: usize = 4 << 10;

/// The bytes reserved for a connection's buffers.
pub(super) struct BufferReservation {
    held: Reservation,
    waiting: Option<Waiting>,
}

type Waiting = Pin<Box<dyn Future<Output = Reservation> + Send>>;

impl BufferReservation {
    pub(super) fn new(budget: &MemoryBudget) -> Self {
        Self { held: budget.reservation(0), waiting: None }
    }

    /// Takes [`BUFFER_BYTES`]. The wait has no end of its own: the head's deadline runs.
    pub(super) fn poll_acquire(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        if self.held.held() > 0 { Poll::Ready(()) } else { self.poll_more(cx, BUFFER_BYTES) }
    }

    /// Gives everything back.
    pub(super) fn release(&mut self) {
        self.held.shrink_to(0);
        self.waiting = None;
    }

    /// Takes `bytes` more.
    pub(super) fn poll_more(&mut self, cx: &mut Context<'_>, bytes: usize) -> Poll<()> {
        let waiting = match &mut self.waiting {
            Some(waiting) => waiting,
            None => match self.held.budget.try_reserve_buffers(bytes) {
                Some(more) => return self.add(&more),
                None => self.waiting.insert(Box::pin(self.held.budget.clone().reserve_buffers(bytes))),
            },
        };
        let more = ready!(waiting.as_mut().poll(cx));
        self.add(&more)
    }

    fn add(&mut self, more: &Reservation) -> Poll<()> {
        self.waiting = None;
        self.held.merge(more);
        Poll::Ready(())
    }
}
