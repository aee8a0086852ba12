//! The accept loop: takes connections up to the cap, pauses at it, retries when the kernel has no more files, and ends
//! without losing a connection that the kernel has already accepted.

use std::convert::Infallible;
use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
use tokio::net::TcpStream;
use tokio::sync::{OwnedSemaphorePermit, Semaphore, mpsc};
use tokio::time::sleep;

use crate::config::Limits;
use crate::serve::lifecycle::{DrainStep, Lifecycle};

use super::age::Ages;
use super::connection::{Connection, CutCount};
use super::listener_context::{BoundService, ListenerContext, Role};
use super::service::HttpService;
use super::socket::Listener;
use super::state::ConnectionState;

/// First pause after a failed accept (EMFILE); it doubles up to [`LONGEST_PAUSE`].
const SHORTEST_PAUSE: Duration = Duration::from_millis(50);
/// Longest pause after a failed accept; each one is logged.
const LONGEST_PAUSE: Duration = Duration::from_secs(1);

/// How long connections may take to notice the hard stop. One whose worker is stuck never does.
const NOTICE_STOP: Duration = Duration::from_millis(500);

/// Bytes of an answer that the kernel buffers; it doubles this for its bookkeeping. Its own choice is up to 4 MiB for
/// each client that does not read, and a container's memory limit counts them.
const SEND_BUFFER: usize = 128 << 10;

/// Files other than connections of the main listener: standard streams, the runtimes' files, sockets, the admin
/// listener's connections, models being read, tokens.
const OTHER_FILES: u64 = 128;

/// Raises the open-files limit to its maximum. Gives how many of `wanted` connections fit beside all other files:
/// running into the limit would stop the admin listener and reloads too. At least half of a very low limit.
fn raise_file_limit(wanted: usize) -> usize {
    let Rlimit { current, maximum } = getrlimit(Resource::Nofile);
    let raised = current != maximum && setrlimit(Resource::Nofile, Rlimit { current: maximum, maximum }).is_ok();
    let Some(limit) = (if raised { maximum } else { current }) else { return wanted };
    let max_connections = usize::try_from(limit - OTHER_FILES.min(limit / 2)).unwrap_or(usize::MAX);
    if max_connections < wanted {
        tracing::warn!(
            max_connections,
            open_files_limit = limit,
            "the open-files limit allows {max_connections} connections, not {wanted}"
        );
    }
    max_connections.min(wanted)
}

/// Accepts the connections of one listener.
struct Acceptor<S> {
    service: S,
    listener: Arc<ListenerContext>,
    permits: Arc<Semaphore>,
    ages: Ages,
    cut: CutCount,
    /// Each connection holds a clone, so the channel closes with the last one.
    open: mpsc::Sender<Infallible>,
}

/// Serves `bound` until it is drained (the main listener) or the process has stopped (the admin one). Gives the number
/// of requests whose head was complete and that the hard stop cut.
///
/// # Panics
/// Outside a tokio runtime with I/O and time.
pub async fn accept_connections<S: HttpService>(bound: BoundService<S>, listener: ListenerContext) -> usize {
    let socket = match Listener::new(bound.socket) {
        Ok(socket) => socket,
        Err(error) => {
            tracing::error!(%error, "cannot use the listening socket");
            return 0;
        }
    };
    let (open, mut closed) = mpsc::channel(1);
    let cut = CutCount::default();
    let permits = Arc::new(Semaphore::new(raise_file_limit(listener.limits.max_connections)));
    let listener = Arc::new(listener);
    let (ages, shared) = (Ages::new(listener.limits.max_connection_age), Arc::clone(&listener));
    let acceptor = Acceptor { service: bound.service, listener: shared, permits, ages, cut: Arc::clone(&cut), open };
    acceptor.accept_until_closed(socket).await;
    if listener.role == Role::Main {
        listener.lifecycle.record(DrainStep::ListenerClosed);
        tracing::info!("listener closed");
        all_closed(&listener.lifecycle, &mut closed, &cut).await;
    }
    cut.load(Ordering::Relaxed)
}

/// Waits until the last connection has ended, at most until shortly after the hard stop.
async fn all_closed(lifecycle: &Lifecycle, closed: &mut mpsc::Receiver<Infallible>, cut: &CutCount) {
    let hard_stop = lifecycle.schedule().map_or_else(std::time::Instant::now, |s| s.hard_stop);
    let closed = tokio::time::timeout_at((hard_stop + NOTICE_STOP).into(), closed.recv()).await;
    if closed.is_err() {
        // A worker is stuck in a connection, whose request is lost.
        cut.fetch_add(1, Ordering::Relaxed);
    }
    let in_time = std::time::Instant::now() < hard_stop;
    lifecycle.record(if in_time { DrainStep::ConnectionsDone } else { DrainStep::HardStop });
}

impl<S: HttpService> Acceptor<S> {
    /// Accepts until it is time to close; the socket is closed on return.
    async fn accept_until_closed(self, socket: Listener) {
        tokio::select! {
            never = self.accept_forever(&socket) => match never {},
            () = closing_time(&self.listener) => {}
        }
        if self.listener.role == Role::Main
            && let Err(error) = self.empty_queue(&socket)
        {
            tracing::warn!(%error, "cannot empty the accept queue");
        }
    }

    async fn accept_forever(&self, listening: &Listener) -> Infallible {
        let mut pause = SHORTEST_PAUSE;
        loop {
            // The semaphore is never closed.
            let Ok(permit) = Arc::clone(&self.permits).acquire_owned().await else { continue };
            match listening.accept().await {
                Ok(socket) => {
                    pause = SHORTEST_PAUSE;
                    self.admit(socket, listening.is_unix(), Some(permit));
                }
                Err(error) if is_the_clients_fault(&error) => {}
                Err(error) => {
                    drop(permit);
                    tracing::warn!(%error, pause_ms = pause.as_millis(), "cannot accept; pausing");
                    sleep(pause).await;
                    pause = (pause * 2).min(LONGEST_PAUSE);
                }
            }
        }
    }

    /// Takes the connections that the kernel has already accepted, over the cap if need be, because closing the socket
    /// would reset them.
    fn empty_queue(&self, listening: &Listener) -> io::Result<()> {
        loop {
            match listening.accept_now() {
                Ok(socket) => self.admit(socket, listening.is_unix(), None),
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => return Ok(()),
                Err(error) if is_the_clients_fault(&error) => {}
                Err(error) => return Err(error),
            }
        }
    }

    fn admit(&self, socket: TcpStream, is_unix: bool, permit: Option<OwnedSemaphorePermit>) {
        let Ok(peer) = prepare(&socket, is_unix, &self.listener.limits) else { return };
        let held = (self.listener.metrics.connection(), permit, self.open.clone());
        let (listener, cut) = (Arc::clone(&self.listener), Arc::clone(&self.cut));
        let state = Arc::new(ConnectionState::new(self.ages.draw()));
        tokio::spawn(Connection::new(socket, peer, state, listener, self.service.clone(), cut, held));
    }
}

/// Sets the options of an accepted socket; gives the client's address where it has one. An error means that the client
/// has left already.
fn prepare(socket: &TcpStream, is_unix: bool, limits: &Limits) -> io::Result<Option<SocketAddr>> {
    socket2::SockRef::from(socket).set_send_buffer_size(SEND_BUFFER)?;
    if is_unix {
        return Ok(None);
    }
    socket.set_nodelay(true)?;
    #[cfg(target_os = "linux")]
    socket2::SockRef::from(socket).set_tcp_user_timeout(Some(limits.write_timeout))?;
    socket.peer_addr().map(Some)
}

/// Resolves when the listener must close.
async fn closing_time(listener: &ListenerContext) {
    if listener.role == Role::Admin {
        return listener.lifecycle.stopped().await;
    }
    listener.lifecycle.draining().await;
    if let Some(schedule) = listener.lifecycle.schedule() {
        tokio::time::sleep_until(schedule.close_listener.into()).await;
    }
}

/// True for errors of one connection and not of the listener: the next accept may succeed.
fn is_the_clients_fault(error: &io::Error) -> bool {
    use io::ErrorKind::{ConnectionAborted, ConnectionRefused, ConnectionReset, Interrupted};
    matches!(error.kind(), ConnectionAborted | ConnectionRefused | ConnectionReset | Interrupted)
}
