//! One connection from accept to close: hyper parses and writes, this ends it when it is over its time.

use std::net::SocketAddr;
use std::pin::pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::task::Poll;
use std::time::{Duration, Instant};

use hyper::server::conn::http1;
use hyper_util::rt::{TokioIo, TokioTimer};
use tokio::net::TcpStream;
use tokio::time::sleep_until;

use super::progress::{Overdue, Progress};
use super::service::{Door, HttpService};
use super::watched::Watched;
use super::{Shared, service::BoxError};

/// Bytes that hyper buffers at most for a connection, once for reading (a head beyond it is a bare 431) and once for
/// writing.
pub const MAX_BUFFER: usize = 64 << 10;

/// How long a connection that has no deadline of its own sleeps before it is looked at again.
const LOOK_AGAIN: Duration = Duration::from_secs(60);

/// Requests whose head was complete and that the hard stop cut.
pub(super) type CutCount = Arc<AtomicUsize>;

/// Serves one connection to its end.
pub(super) async fn drive<S: HttpService>(
    socket: TcpStream,
    peer: SocketAddr,
    shared: Shared,
    service: S,
    cut: CutCount,
) {
    let progress = Arc::new(Progress::new());
    let io = TokioIo::new(Watched::new(socket, Arc::clone(&progress)));
    let door = Door { service, shared: shared.clone(), peer, progress: Arc::clone(&progress) };
    let connection = protocol().serve_connection(io, door);
    match watch(connection, &shared, &progress).await {
        End::Finished(Ok(())) => {}
        End::Finished(Err(error)) => tracing::debug!(%peer, error = %error, "connection failed"),
        End::Overdue(why) => {
            if why == Overdue::HardStop && progress.owes_an_answer() {
                cut.fetch_add(1, Ordering::Relaxed);
            }
            tracing::debug!(%peer, ?why, "connection closed");
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

enum End {
    Finished(Result<(), BoxError>),
    Overdue(Overdue),
}

/// Polls the connection until it ends or is overdue. The timer is only moved when a deadline comes nearer than what it
/// is set to, so that a busy connection never touches it.
async fn watch(connection: impl Future<Output = hyper::Result<()>>, shared: &Shared, progress: &Progress) -> End {
    let Shared { life, limits, .. } = shared;
    let mut connection = pin!(connection);
    let mut alarm = pin!(sleep_until((Instant::now() + limits.idle_timeout).into()));
    let mut draining = pin!(life.draining());
    let mut awaits_drain = false;
    std::future::poll_fn(|cx| {
        if let Poll::Ready(result) = connection.as_mut().poll(cx) {
            return Poll::Ready(End::Finished(result.map_err(Into::into)));
        }
        if !awaits_drain {
            // Once is enough: a drain wakes this task, and the deadlines below look at the schedule by themselves.
            awaits_drain = draining.as_mut().poll(cx).is_pending() || life.is_draining();
        }
        loop {
            let due = progress.deadline(limits, life.schedule());
            if let Some((at, _)) = due
                && at < alarm.deadline().into_std()
            {
                alarm.as_mut().reset(at.into());
            }
            if alarm.as_mut().poll(cx).is_pending() {
                return Poll::Pending;
            }
            let now = Instant::now();
            match due {
                Some((at, why)) if at <= now => return Poll::Ready(End::Overdue(why)),
                _ => alarm.as_mut().reset(due.map_or(now + LOOK_AGAIN, |(at, _)| at).into()),
            }
        }
    })
    .await
}
