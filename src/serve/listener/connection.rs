//! One connection from accept to close. While it has a request, hyper parses and writes; while it has none, it is a
//! socket and a timer. Either way it is ended when it is over its time.

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

use super::buffer_permit::BufferPermit;
use super::io::TrackedIo;
use super::repoll::Repoll;
use super::service::{ConnectionService, HttpService};
use super::state::{ConnectionState, Overdue};
use super::{MAX_BUFFER, Shared};

/// How long a connection that has no deadline of its own sleeps before it is looked at again.
const LOOK_AGAIN: Duration = Duration::from_secs(60);

/// How long a connection keeps hyper's buffers after an answer, waiting for the next request.
const STAY: Duration = Duration::from_secs(1);

/// Requests whose head was complete and that the hard stop cut.
pub(super) type CutCount = Arc<AtomicUsize>;

type Http<S> = http1::Connection<TokioIo<TrackedIo>, ConnectionService<S>>;

/// Who reads the socket.
enum Reader<S: HttpService> {
    /// We do: there is no request.
    Apart(TrackedIo),
    /// hyper does.
    Attached(Box<Http<S>>),
    /// Nobody any more.
    Gone,
}

pin_project! {
    /// A connection being served. Written out rather than an `async fn`, whose future would hold everything three
    /// times: there are thousands of these.
    pub(super) struct Connection<S: HttpService, H> {
        reader: Reader<S>,
        // Only moved when a deadline comes nearer than what it is set to: a busy connection seldom touches it.
        #[pin]
        alarm: Sleep,
        #[pin]
        drain_notice: OwnedNotified,
        awaits_drain: bool,
        service: S,
        shared: Shared,
        state: Arc<ConnectionState>,
        repoll: Repoll,
        peer: SocketAddr,
        cut: CutCount,
        held: H,
    }
}

impl<S: HttpService, H> Connection<S, H> {
    /// `held` is dropped with the connection.
    pub(super) fn new(socket: TcpStream, peer: SocketAddr, shared: Shared, service: S, cut: CutCount, held: H) -> Self {
        let state = Arc::new(ConnectionState::new());
        let seat = BufferPermit::new(shared.budget.clone());
        Self {
            reader: Reader::Apart(TrackedIo::new(socket, Arc::clone(&state), seat)),
            alarm: sleep(shared.limits.idle_timeout),
            drain_notice: shared.lifecycle.drain_notice(),
            awaits_drain: false,
            service,
            shared,
            state,
            repoll: Repoll::new(),
            peer,
            cut,
            held,
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

/// What a timer asks for.
enum Due {
    /// The connection is over its time.
    End(Overdue),
    /// It has been idle for so long that hyper's buffers go.
    Leave,
}

impl<S: HttpService, H> Future for Connection<S, H> {
    type Output = ();

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<()> {
        loop {
            if self.as_mut().poll_reader(cx).is_ready() {
                return Poll::Ready(());
            }
            if self.is_seat_wanted_back() {
                self.as_mut().detach();
                continue;
            }
            self.as_mut().poll_drain_notice(cx);
            match ready!(self.as_mut().poll_due(cx)) {
                Due::End(why) => {
                    self.end(why);
                    return Poll::Ready(());
                }
                Due::Leave => self.as_mut().detach(),
            }
        }
    }
}

impl<S: HttpService, H> Connection<S, H> {
    /// Reads, answers and writes as far as it goes; ready when the connection has ended.
    fn poll_reader(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<()> {
        loop {
            let this = self.as_mut().project();
            match this.reader {
                Reader::Apart(socket) => match ready!(socket.poll_request(cx)) {
                    Ok(true) => self.as_mut().attach(),
                    Ok(false) | Err(_) => return Poll::Ready(()),
                },
                Reader::Attached(http) => {
                    let polled = this.repoll.poll(cx, |cx| Pin::new(&mut **http).poll(cx));
                    if let Poll::Ready(Err(error)) = &polled {
                        tracing::debug!(peer = %this.peer, %error, "connection failed");
                    }
                    return polled.map(drop);
                }
                Reader::Gone => return Poll::Ready(()),
            }
        }
    }

    fn attach(self: Pin<&mut Self>) {
        let this = self.project();
        if let Reader::Apart(socket) = std::mem::replace(this.reader, Reader::Gone) {
            let door = ConnectionService {
                service: this.service.clone(),
                shared: this.shared.clone(),
                peer: *this.peer,
                state: Arc::clone(this.state),
            };
            *this.reader = Reader::Attached(Box::new(protocol().serve_connection(TokioIo::new(socket), door)));
        }
    }

    /// Takes the socket back from an idle hyper, whose buffers and seat are free then.
    fn detach(self: Pin<&mut Self>) {
        let this = self.project();
        *this.reader = match std::mem::replace(this.reader, Reader::Gone) {
            Reader::Attached(http) => {
                let parts = http.into_parts();
                let mut socket = parts.io.into_inner();
                socket.leave_seat(&parts.read_buf);
                Reader::Apart(socket)
            }
            other => other,
        };
    }

    /// Since when hyper is attached and has nothing to do.
    fn idle_since(&self) -> Option<Instant> {
        matches!(self.reader, Reader::Attached(_)).then(|| self.state.idle_since()).flatten()
    }

    fn is_seat_wanted_back(&self) -> bool {
        (self.shared.budget.is_scarce() || self.state.has_large_seat()) && self.idle_since().is_some()
    }

    /// Once is enough: it wakes this task, and deadlines look at the schedule by themselves.
    fn poll_drain_notice(self: Pin<&mut Self>, cx: &mut Context<'_>) {
        let this = self.project();
        if !std::mem::replace(this.awaits_drain, true) {
            let _ = this.drain_notice.poll(cx);
        }
    }

    fn poll_due(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Due> {
        loop {
            let end = self.state.deadline(&self.shared.limits, self.shared.lifecycle.schedule());
            let end = end.map(|(at, why)| (at, Due::End(why)));
            let leave = self.idle_since().map(|since| (since + STAY, Due::Leave));
            let due = [end, leave].into_iter().flatten().min_by_key(|(at, _)| *at);
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
                None => alarm.reset((now + LOOK_AGAIN).into()),
            }
        }
    }

    fn end(&self, why: Overdue) {
        if why == Overdue::HardStop && self.state.owes_an_answer() {
            self.cut.fetch_add(1, Ordering::Relaxed);
        }
        tracing::debug!(peer = %self.peer, ?why, "connection closed");
    }
}
