//! Polls a future again at once when it was woken while it was being polled.
//!
//! hyper wakes its own task in every request with a body: the handler asks for the body, and the side that reads it is
//! woken. The runtime would queue the task again and wake a second worker to take it: 2.0 futex calls a request at one
//! connection, 0.5 at sixteen, and the request changes the core.

use std::sync::Arc;
use std::sync::atomic::{AtomicU8, Ordering};
use std::task::{Context, Poll, Wake, Waker};

use futures_util::task::AtomicWaker;

/// Most polls in a row, then other tasks run: a request with a body needs two, and the second wakes once more.
const IN_A_ROW: u32 = 3;

/// The future is pending and was not woken.
const IDLE: u8 = 0;
/// The future is being polled.
const POLLING: u8 = 1;
/// The future must be polled (again).
const WOKEN: u8 = 2;

/// Polls one future, on one task.
#[derive(Debug)]
pub(super) struct Repoll {
    state: Arc<WakeState>,
    /// Of `state`.
    waker: Waker,
}

#[derive(Debug)]
struct WakeState {
    now: AtomicU8,
    task: AtomicWaker,
}

impl Repoll {
    pub(super) fn new() -> Self {
        let state = Arc::new(WakeState { now: AtomicU8::new(IDLE), task: AtomicWaker::new() });
        Self { waker: Waker::from(Arc::clone(&state)), state }
    }

    /// Calls `poll`, again as long as it was woken meanwhile, at most [`IN_A_ROW`] times; then the task of `cx` is
    /// woken.
    pub(super) fn poll<T>(&self, cx: &Context<'_>, mut poll: impl FnMut(&mut Context<'_>) -> Poll<T>) -> Poll<T> {
        self.state.task.register(cx.waker());
        for _ in 0..IN_A_ROW {
            self.state.now.swap(POLLING, Ordering::AcqRel);
            let polled = poll(&mut Context::from_waker(&self.waker));
            let was_woken =
                self.state.now.compare_exchange(POLLING, IDLE, Ordering::AcqRel, Ordering::Acquire).is_err();
            if polled.is_ready() || !was_woken {
                return polled;
            }
        }
        cx.waker().wake_by_ref();
        Poll::Pending
    }
}

impl Wake for WakeState {
    fn wake(self: Arc<Self>) {
        self.wake_by_ref();
    }

    fn wake_by_ref(self: &Arc<Self>) {
        // While it is being polled, or is woken already, it will be polled by itself.
        if self.now.swap(WOKEN, Ordering::AcqRel) == IDLE {
            self.task.wake();
        }
    }
}
