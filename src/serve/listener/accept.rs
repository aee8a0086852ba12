//! The accept loop: takes connections while there is room, pauses when there is none, recovers from a kernel that has
//! none, and ends without losing a connection that the kernel had already accepted for us.

use std::convert::Infallible;
use std::io;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{OwnedSemaphorePermit, Semaphore, mpsc};
use tokio::time::sleep;

use crate::serve::lifecycle::{Lifecycle, Step};

use super::connection::{Connection, CutCount};
use super::service::HttpService;
use super::{Front, Role, Shared, fd_limit};

/// First wait after the kernel refused us a connection (EMFILE); doubles up to [`LONGEST_PAUSE`].
const SHORTEST_PAUSE: Duration = Duration::from_millis(50);
/// Longest wait after the kernel refused us a connection; also how often that is logged.
const LONGEST_PAUSE: Duration = Duration::from_secs(1);

/// After the hard stop, how long connections may take to notice it; one that a stuck worker holds never does.
const NOTICE_STOP: Duration = Duration::from_millis(500);

/// Bytes of an answer that the kernel takes before the client has: it doubles this for its own bookkeeping. Left alone
/// it takes up to 4 MiB from each client that reads nothing, and a container's limit counts them.
const SEND_BUFFER: usize = 128 << 10;

/// How a listener's life went.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Outcome {
    /// Requests whose head was complete and that the hard stop cut.
    pub cut: usize,
}

/// What the connections of one listener have in common.
struct Acceptor<S> {
    service: S,
    shared: Shared,
    slots: Arc<Semaphore>,
    cut: CutCount,
    /// Every connection holds a clone: when all are gone, so are the connections.
    presence: mpsc::Sender<Infallible>,
}

/// Serves `front` until it is drained (the first listener) or the process has stopped (the admin one).
///
/// # Panics
/// Outside a tokio runtime with I/O and time.
pub async fn serve<S: HttpService>(front: Front<S>, shared: Shared) -> Outcome {
    let (presence, mut absence) = mpsc::channel(1);
    let cut = CutCount::default();
    let tcp = match listening(front.tcp) {
        Ok(tcp) => tcp,
        Err(error) => {
            tracing::error!(%error, "cannot use the listening socket");
            return Outcome { cut: 0 };
        }
    };
    let lifecycle = shared.lifecycle.clone();
    let role = shared.role;
    let slots = Arc::new(Semaphore::new(fd_limit::for_connections(shared.limits.max_connections)));
    let keeper = Acceptor { service: front.service, shared, slots, cut: Arc::clone(&cut), presence };
    keeper.accept_until_closed(tcp, &lifecycle, role).await;
    if role == Role::Main {
        lifecycle.record(Step::ListenerClosed);
        tracing::info!("listener closed");
        all_gone(&lifecycle, &mut absence, &cut).await;
    }
    Outcome { cut: cut.load(Ordering::Relaxed) }
}

fn listening(tcp: std::net::TcpListener) -> io::Result<TcpListener> {
    tcp.set_nonblocking(true)?;
    TcpListener::from_std(tcp)
}

/// Waits until the last connection has ended, at most until shortly after the hard stop.
async fn all_gone(lifecycle: &Lifecycle, absence: &mut mpsc::Receiver<Infallible>, cut: &CutCount) {
    let hard_stop = lifecycle.schedule().map_or_else(std::time::Instant::now, |s| s.hard_stop);
    let gone = tokio::time::timeout_at((hard_stop + NOTICE_STOP).into(), absence.recv()).await;
    if gone.is_err() {
        // A worker is stuck in a connection: whatever it was doing is lost.
        cut.fetch_add(1, Ordering::Relaxed);
    }
    let by_itself = std::time::Instant::now() < hard_stop;
    lifecycle.record(if by_itself { Step::ConnectionsDone } else { Step::HardStop });
}

impl<S: HttpService> Acceptor<S> {
    /// Accepts until it is time to close; the socket is closed on return.
    async fn accept_until_closed(self, tcp: TcpListener, lifecycle: &Lifecycle, role: Role) {
        tokio::select! {
            never = self.accept_for_ever(&tcp) => match never {},
            () = closing_time(lifecycle, role) => {}
        }
        if role == Role::Main
            && let Err(error) = self.empty_queue(tcp)
        {
            tracing::warn!(%error, "cannot empty the accept queue");
        }
    }

    async fn accept_for_ever(&self, tcp: &TcpListener) -> Infallible {
        let mut pause = SHORTEST_PAUSE;
        loop {
            // Never closed, so there is always a permit to wait for.
            let Ok(slot) = Arc::clone(&self.slots).acquire_owned().await else { continue };
            match tcp.accept().await {
                Ok((socket, _)) => {
                    pause = SHORTEST_PAUSE;
                    self.admit(socket, Some(slot));
                }
                Err(error) if is_the_clients_fault(&error) => {}
                Err(error) => {
                    drop(slot);
                    tracing::warn!(%error, pause_ms = pause.as_millis(), "cannot accept; pausing");
                    sleep(pause).await;
                    pause = (pause * 2).min(LONGEST_PAUSE);
                }
            }
        }
    }

    /// Takes what the kernel has already accepted, over the cap if need be, because closing the socket would reset it;
    /// then closes. Asks the kernel itself: the runtime may not have heard of the last ones yet.
    fn empty_queue(&self, tcp: TcpListener) -> io::Result<()> {
        let tcp = tcp.into_std()?;
        loop {
            match tcp.accept() {
                Ok((socket, _)) => {
                    socket.set_nonblocking(true)?;
                    self.admit(TcpStream::from_std(socket)?, None);
                }
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => return Ok(()),
                Err(error) if is_the_clients_fault(&error) => {}
                Err(error) => return Err(error),
            }
        }
    }

    fn admit(&self, socket: TcpStream, slot: Option<OwnedSemaphorePermit>) {
        let Ok(peer) = prepare(&socket, &self.shared) else { return };
        let held = (self.shared.metrics.connection(), slot, self.presence.clone());
        let cut = Arc::clone(&self.cut);
        tokio::spawn(Connection::new(socket, peer, self.shared.clone(), self.service.clone(), cut, held));
    }
}

/// Options of an accepted socket. An error means that the client is gone already.
fn prepare(socket: &TcpStream, shared: &Shared) -> io::Result<std::net::SocketAddr> {
    socket.set_nodelay(true)?;
    socket2::SockRef::from(socket).set_send_buffer_size(SEND_BUFFER)?;
    #[cfg(target_os = "linux")]
    socket2::SockRef::from(socket).set_tcp_user_timeout(Some(shared.limits.write_timeout))?;
    socket.peer_addr()
}

async fn closing_time(lifecycle: &Lifecycle, role: Role) {
    if role == Role::Admin {
        return lifecycle.stopped().await;
    }
    lifecycle.draining().await;
    if let Some(schedule) = lifecycle.schedule() {
        tokio::time::sleep_until(schedule.close_listener.into()).await;
    }
}

/// Errors that belong to one connection, not to the listener: the next accept may well succeed.
fn is_the_clients_fault(error: &io::Error) -> bool {
    use io::ErrorKind::{ConnectionAborted, ConnectionRefused, ConnectionReset, Interrupted};
    matches!(error.kind(), ConnectionAborted | ConnectionRefused | ConnectionReset | Interrupted)
}
