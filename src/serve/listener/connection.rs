//! One connection from accept to close: hyper parses and writes, this ends it when it is over its time.

use std::net::SocketAddr;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::task::{Context, Poll};
use std::time::{Duration, Instant};

use hyper::server::conn::http1;
use hyper_util::rt::{TokioIo, TokioTimer};
use pin_project_lite::pin_project;
use tokio::net::TcpStream;
use tokio::sync::futures::OwnedNotified;
use tokio::time::{Sleep, sleep};

use super::Shared;
use super::progress::{Overdue, Progress};
use super::service::{Door, HttpService};
use super::watched::Watched;

/// Bytes that hyper buffers at most for a connection, once for reading (a head beyond it is a bare 431) and once for
/// writing.
pub const MAX_BUFFER: usize = 64 << 10;

/// How long a connection that has no deadline of its own sleeps before it is looked at again.
const LOOK_AGAIN: Duration = Duration::from_secs(60);

/// Requests whose head was complete and that the hard stop cut.
pub(super) type CutCount = Arc<AtomicUsize>;

pin_project! {
    /// A connection being served. Written out rather than an `async fn`, whose future would hold hyper's state three
    /// times: there are thousands of these.
    pub(super) struct Connection<S: HttpService> {
        #[pin]
        http: http1::Connection<TokioIo<Watched>, Door<S>>,
        // Only moved when a deadline comes nearer than what it is set to: a busy connection never touches it.
        #[pin]
        alarm: Sleep,
        #[pin]
        drain_notice: OwnedNotified,
        awaits_drain: bool,
        shared: Shared,
        progress: Arc<Progress>,
        peer: SocketAddr,
        cut: CutCount,
    }
}

impl<S: HttpService> Connection<S> {
    pub(super) fn new(socket: TcpStream, peer: SocketAddr, shared: Shared, service: S, cut: CutCount) -> Self {
        let progress = Arc::new(Progress::new());
        let io = TokioIo::new(Watched::new(socket, Arc::clone(&progress)));
        let door = Door { service, shared: shared.clone(), peer, progress: Arc::clone(&progress) };
        Self {
            http: protocol().serve_connection(io, door),
            alarm: sleep(shared.limits.idle_timeout),
            drain_notice: shared.life.drain_notice(),
            awaits_drain: false,
            shared,
            progress,
            peer,
            cut,
        }
    }
}

/// HTTP/1.1 only: HTTP/2 belongs to the mesh or the ingress. hyper's own header timer is off, because it runs from the
/// start of the wait; ours runs from the first byte.
fn protocol() -> http1::Builder {
    let mut builder = http1::Builder::new();
    builder.timer(TokioTimer::new()).header_read_timeout(None).max_buf_size(MAX_BUFFER);
    builder
}

impl<S: HttpService> Future for Connection<S> {
    type Output = ();

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<()> {
        let this = self.as_mut().project();
        if let Poll::Ready(result) = this.http.poll(cx) {
            if let Err(error) = result {
                tracing::debug!(peer = %this.peer, %error, "connection failed");
            }
            return Poll::Ready(());
        }
        if !*this.awaits_drain {
            // Once is enough: it wakes this task, and deadlines look at the schedule by themselves.
            let _ = this.drain_notice.poll(cx);
            *this.awaits_drain = true;
        }
        self.poll_overdue(cx).map(|why| self.end(why))
    }
}

impl<S: HttpService> Connection<S> {
    fn poll_overdue(self: &mut Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Overdue> {
        let mut this = self.as_mut().project();
        loop {
            let due = this.progress.deadline(&this.shared.limits, this.shared.life.schedule());
            if let Some((at, _)) = due
                && at < this.alarm.deadline().into_std()
            {
                this.alarm.as_mut().reset(at.into());
            }
            if this.alarm.as_mut().poll(cx).is_pending() {
                return Poll::Pending;
            }
            let now = Instant::now();
            match due {
                Some((at, why)) if at <= now => return Poll::Ready(why),
                _ => this.alarm.as_mut().reset(due.map_or(now + LOOK_AGAIN, |(at, _)| at).into()),
            }
        }
    }

    fn end(&self, why: Overdue) {
        if why == Overdue::HardStop && self.progress.owes_an_answer() {
            self.cut.fetch_add(1, Ordering::Relaxed);
        }
        tracing::debug!(peer = %self.peer, ?why, "connection closed");
    }
}
