//! The share of the in-flight budget that a connection holds while hyper is attached to it.
//!
//! Stands apart because it is what bounds the memory of thousands of connections: an idle one costs a few kilobytes,
//! one with a request costs hyper's buffers too, and those come out of the same budget as bodies.

use std::pin::Pin;
use std::task::{Context, Poll};

use tokio::sync::OwnedSemaphorePermit;

use crate::serve::admission::MemoryBudget;

/// Bytes that a connection takes while hyper is attached to it and its heads are at most [`SMALL_HEAD_BYTES`] long: hyper's
/// buffer for writing, 8 KiB, the one for reading, which grows to 16 KiB, its state and the service's future, 3 KiB. All
/// of it, not the pages that are touched: memory that was used before is in place already.
pub const BUFFER_BYTES: usize = 28 << 10;

/// Bytes more for a longer head: 64 KiB at most, twice, because a growing buffer is copied.
pub const LARGE_HEAD_BYTES: usize = 128 << 10;

/// The longest head, in bytes, that needs no more than a [`BUFFER_BYTES`]. Browsers and proxies send 0.5 to 2 KiB.
pub const SMALL_HEAD_BYTES: usize = 4 << 10;

/// What a connection holds.
pub(super) struct BufferPermit {
    budget: MemoryBudget,
    held: Option<OwnedSemaphorePermit>,
    wanted: Option<Wanted>,
    has_room: bool,
}

type Wanted = Pin<Box<dyn Future<Output = Option<OwnedSemaphorePermit>> + Send>>;

impl BufferPermit {
    pub(super) fn new(budget: MemoryBudget) -> Self {
        Self { budget, held: None, wanted: None, has_room: false }
    }

    /// Takes a seat; waits for it as long as it takes: the head's deadline runs.
    pub(super) fn poll_taken(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        if self.held.is_some() {
            return Poll::Ready(());
        }
        self.poll_more(cx, BUFFER_BYTES)
    }

    /// Takes room for a head longer than [`SMALL_HEAD_BYTES`].
    pub(super) fn poll_room(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        if self.has_room {
            return Poll::Ready(());
        }
        let polled = self.poll_more(cx, LARGE_HEAD_BYTES);
        self.has_room = polled.is_ready();
        polled
    }

    /// True when the seat has room for a head longer than [`SMALL_HEAD_BYTES`].
    pub(super) fn has_room(&self) -> bool {
        self.has_room
    }

    /// Gives everything back.
    pub(super) fn leave(&mut self) {
        *self = Self::new(self.budget.clone());
    }

    fn poll_more(&mut self, cx: &mut Context<'_>, bytes: usize) -> Poll<()> {
        let wanted = match &mut self.wanted {
            Some(wanted) => wanted,
            None => match self.budget.try_share(bytes) {
                Some(permit) => return self.hold(permit),
                None => self.wanted.insert(Box::pin(self.budget.clone().share(bytes))),
            },
        };
        match wanted.as_mut().poll(cx) {
            Poll::Ready(Some(permit)) => self.hold(permit),
            Poll::Ready(None) | Poll::Pending => Poll::Pending,
        }
    }

    fn hold(&mut self, permit: OwnedSemaphorePermit) -> Poll<()> {
        self.wanted = None;
        match &mut self.held {
            Some(held) => held.merge(permit),
            None => self.held = Some(permit),
        }
        Poll::Ready(())
    }
}
