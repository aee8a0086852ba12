//! Lets a long read yield to the reactor, so that other sockets are polled.
//!
//! tokio's `yield_now` is not enough: it is done at the next poll, and hyper wakes the task that took a chunk at once,
//! before the reactor has run.

use std::future::{Future as _, poll_fn};
use std::pin::pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::{Context, Poll, Wake, Waker};

use futures_util::task::AtomicWaker;
use tokio::task::yield_now;

/// Resolves after the reactor has polled all sockets and queued their tasks.
pub(super) async fn yield_to_reactor() {
    // Two workers may share a core: let the other one run its tasks.
    std::thread::yield_now();
    let mut pass = None;
    poll_fn(move |cx| poll(&mut pass, cx)).await;
}

fn poll(pass: &mut Option<Arc<ReactorPass>>, cx: &mut Context<'_>) -> Poll<()> {
    let begun = pass.is_some();
    let pass = pass.get_or_insert_default();
    pass.task.register(cx.waker());
    if !begun {
        // The runtime wakes this after it has polled the sockets.
        let waker = Waker::from(Arc::clone(pass));
        let _ = pin!(yield_now()).poll(&mut Context::from_waker(&waker));
    }
    if pass.is_over.load(Ordering::Acquire) { Poll::Ready(()) } else { Poll::Pending }
}

/// One pass of the reactor over all sockets; woken after it.
#[derive(Default)]
struct ReactorPass {
    is_over: AtomicBool,
    task: AtomicWaker,
}

impl Wake for ReactorPass {
    fn wake(self: Arc<Self>) {
        self.is_over.store(true, Ordering::Release);
        self.task.wake();
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a failed setup is a failed test")]

    use std::sync::Arc;
    use std::sync::atomic::{AtomicBool, Ordering};
    use std::task::Poll;

    use tokio::io::AsyncReadExt as _;
    use tokio::net::{TcpListener, TcpStream};
    use tokio::sync::Notify;

    use super::*;

    /// Polled again at once, for ever.
    async fn restless() {
        poll_fn(|cx| {
            cx.waker().wake_by_ref();
            Poll::<()>::Pending
        })
        .await;
    }

    #[tokio::test(flavor = "multi_thread", worker_threads = 1)]
    async fn a_socket_that_waits_is_served_before_a_task_that_is_polled_again_at_once_goes_on() {
        tokio::spawn(reading_in_turns()).await.unwrap();
    }

    /// On the one worker, as another task does.
    async fn reading_in_turns() {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let client = TcpStream::connect(listener.local_addr().unwrap()).await.unwrap();
        let (mut socket, _) = listener.accept().await.unwrap();
        let served = Arc::new(AtomicBool::new(false));
        let waiting = Arc::new(Notify::new());
        tokio::spawn({
            let (served, waiting) = (Arc::clone(&served), Arc::clone(&waiting));
            async move {
                let mut byte = pin!(socket.read_u8());
                assert!(poll_fn(|cx| Poll::Ready(byte.as_mut().poll(cx).is_pending())).await);
                waiting.notify_one();
                byte.await.unwrap();
                served.store(true, Ordering::Relaxed);
            }
        });
        waiting.notified().await;
        assert_eq!(client.try_write(b"!").unwrap(), 1);
        let turns = async {
            yield_to_reactor().await;
            // What was found is queued, and runs next.
            yield_to_reactor().await;
        };
        tokio::select! {
            biased;
            () = turns => {}
            () = restless() => {}
        }
        assert!(served.load(Ordering::Relaxed));
    }

    #[tokio::test]
    async fn a_pass_ends_when_no_other_task_waits() {
        for _ in 0..1_000 {
            yield_to_reactor().await;
        }
    }
}
