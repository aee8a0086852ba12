//! One connection from accept to close. While it has a request, hyper reads and writes; while it has none, it is a
//! socket and a timer. It is closed when it is over its time.

use std::net::SocketAddr;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::task::{Context, Poll, ready};
use std::time::{Duration, Instant};

use hyper::server::conn::http1;
use hyper_util::rt::{TokioIo, TokioTimer};
use pin_project_lite::pin_project;
use tokio::net::TcpStream;
use tokio::sync::futures::OwnedNotified;
use tokio::time::{Sleep, sleep};

use super::buffer_reservation::BufferReservation;
use super::io::TrackedIo;
use super::listener_context::{ListenerContext, MAX_BUFFER};
use super::repoll::Repoll;
use super::service::{ConnectionService, HttpService};
use super::state::{CloseReason, ConnectionState, DISCARD_TIMES_MAX_BODY};

/// How often a connection without a deadline is checked.
const CHECK_AGAIN: Duration = Duration::from_mins(1);

/// How long an idle connection keeps hyper's buffers after an answer.
const KEEP_BUFFERS: Duration = Duration::from_secs(1);

/// The number of requests with a complete head that the hard stop cut.
pub(super) type CutCount = Arc<AtomicUsize>;

type Http<S> = http1::Connection<TokioIo<TrackedIo>, ConnectionService<S>>;

/// What reads and writes the socket.
enum Driver<S: HttpService> {
    /// This connection: there is no request.
    Idle(TrackedIo),
    /// hyper.
    Http(Box<Http<S>>),
    /// Nothing: the socket is being moved from one to the other.
    None,
}

pin_project! {
    /// A connection being served. Not an `async fn`, whose future would hold everything three times: there are
    /// thousands of connections.
    pub(super) struct Connection<S: HttpService, H> {
        driver: Driver<S>,
        // Set again only for a nearer deadline, so that a busy connection rarely touches it.
        #[pin]
        alarm: Sleep,
        #[pin]
        drain_notice: OwnedNotified,
        awaits_drain: bool,
        service: S,
        listener: Arc<ListenerContext>,
        state: Arc<ConnectionState>,
        repoll: Repoll,
        peer: Option<SocketAddr>,
        cut: CutCount,
        held: H,
    }
}

impl<S: HttpService, H> Connection<S, H> {
    /// `held` is dropped with the connection.
    pub(super) fn new(
        socket: TcpStream,
        peer: Option<SocketAddr>,
        state: Arc<ConnectionState>,
        listener: Arc<ListenerContext>,
        service: S,
        cut: CutCount,
        held: H,
    ) -> Self {
        let buffers = BufferReservation::new(&listener.buffers);
        let linger_bytes = listener.limits.max_body_bytes.saturating_mul(DISCARD_TIMES_MAX_BODY);
        Self {
            driver: Driver::Idle(TrackedIo::new(socket, Arc::clone(&state), buffers, linger_bytes)),
            alarm: sleep(listener.limits.idle_timeout),
            drain_notice: listener.lifecycle.drain_notice(),
            awaits_drain: false,
            service,
            listener,
            state,
            repoll: Repoll::new(),
            peer,
            cut,
            held,
        }
    }
}

/// HTTP/1.1 only: HTTP/2 is for the mesh or the ingress. hyper's header timer is off, because it runs from the start of
/// the wait; ours runs from the first byte.
fn protocol() -> http1::Builder {
    let mut builder = http1::Builder::new();
    builder.timer(TokioTimer::new()).header_read_timeout(None).max_buf_size(MAX_BUFFER);
    builder
}

/// What to do when the timer fires.
enum Due {
    /// Close the connection, which is over its time.
    Close(CloseReason),
    /// Free hyper's buffers: the connection has been idle for [`KEEP_BUFFERS`].
    Detach,
}

impl<S: HttpService, H> Future for Connection<S, H> {
    type Output = ();

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<()> {
        loop {
            if self.as_mut().poll_driver(cx).is_ready() {
                return Poll::Ready(());
            }
            if self.should_detach() {
                self.as_mut().detach();
                continue;
            }
            self.as_mut().poll_drain_notice(cx);
            match ready!(self.as_mut().poll_due(cx)) {
                Due::Close(why) => {
                    self.record_close(why);
                    return Poll::Ready(());
                }
                Due::Detach => self.as_mut().detach(),
            }
        }
    }
}

impl<S: HttpService, H> Connection<S, H> {
    /// Reads, answers and writes as far as it goes; ready when the connection has ended.
    fn poll_driver(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<()> {
        loop {
            let this = self.as_mut().project();
            match this.driver {
                Driver::Idle(socket) => match ready!(socket.poll_request(cx)) {
                    Ok(true) => self.as_mut().attach(),
                    Ok(false) | Err(_) => return Poll::Ready(()),
                },
                Driver::Http(http) => {
                    let polled = this.repoll.poll(cx, |cx| Pin::new(&mut **http).poll(cx));
                    if let Poll::Ready(Err(error)) = &polled {
                        tracing::debug!(peer = ?this.peer, %error, "connection failed");
                    }
                    return polled.map(drop);
                }
                Driver::None => return Poll::Ready(()),
            }
        }
    }

    fn attach(self: Pin<&mut Self>) {
        let this = self.project();
        if let Driver::Idle(socket) = std::mem::replace(this.driver, Driver::None) {
            let service = ConnectionService {
                service: this.service.clone(),
                listener: Arc::clone(this.listener),
                state: Arc::clone(this.state),
            };
            *this.driver = Driver::Http(Box::new(protocol().serve_connection(TokioIo::new(socket), service)));
        }
    }

    /// Takes the socket back from an idle hyper and frees its buffers.
    fn detach(self: Pin<&mut Self>) {
        let this = self.project();
        *this.driver = match std::mem::replace(this.driver, Driver::None) {
            Driver::Http(http) => {
                let parts = http.into_parts();
                let mut socket = parts.io.into_inner();
                socket.detach(&parts.read_buf);
                Driver::Idle(socket)
            }
            other => other,
        };
    }

    /// Since when hyper has had nothing to do; none while it is busy or not attached.
    fn idle_since(&self) -> Option<Instant> {
        matches!(self.driver, Driver::Http(_)).then(|| self.state.idle_since()).flatten()
    }

    fn should_detach(&self) -> bool {
        (self.listener.buffers.is_scarce() || self.state.large_head.load(Ordering::Relaxed))
            && self.idle_since().is_some()
    }

    /// Registers for the drain once: it wakes this task, which then computes its deadline again.
    fn poll_drain_notice(self: Pin<&mut Self>, cx: &mut Context<'_>) {
        let this = self.project();
        if !std::mem::replace(this.awaits_drain, true) {
            let _ = this.drain_notice.poll(cx);
        }
    }

    fn poll_due(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Due> {
        loop {
            let close = self.state.deadline(&self.listener.limits, self.listener.lifecycle.schedule());
            let close = close.map(|(at, why)| (at, Due::Close(why)));
            let detach = self.idle_since().map(|since| (since + KEEP_BUFFERS, Due::Detach));
            let due = [close, detach].into_iter().flatten().min_by_key(|(at, _)| *at);
            let mut alarm = self.as_mut().project().alarm;
            if let Some((at, _)) = &due
                && *at < alarm.deadline().into_std()
            {
                alarm.as_mut().reset((*at).into());
            }
            ready!(alarm.as_mut().poll(cx));
            let now = Instant::now();
            match due {
                Some((at, what)) if at <= now => return Poll::Ready(what),
                Some((at, _)) => alarm.reset(at.into()),
                None => alarm.reset((now + CHECK_AGAIN).into()),
            }
        }
    }

    fn record_close(&self, why: CloseReason) {
        if why == CloseReason::HardStop && self.state.owes_an_answer() {
            self.cut.fetch_add(1, Ordering::Relaxed);
        }
        tracing::debug!(peer = ?self.peer, ?why, "connection closed");
    }
}
