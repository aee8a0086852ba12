//! A server around a service that can be held up, and a client that says exactly what it sends.

use std::convert::Infallible;
use std::future::Future;
use std::io::ErrorKind;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::{Duration, Instant};

use bytes::Bytes;
use http::{Request, Response, StatusCode};
use http_body_util::{BodyExt, Full};
use hyper::body::Incoming;
use smartserve::config::{ExtraFeatures, Limits};
use smartserve::serve::ServerState;
use smartserve::serve::lifecycle::{Signal, Signals};
use smartserve::serve::listener::{BoundService, ListenerContext, RequestContext, bind, start_admin};
use smartserve::serve::server::{ServerExit, run};
use tokio::io::AsyncWriteExt;
use tokio::net::TcpStream;
use tokio::sync::{Semaphore, mpsc};
use tokio::task::JoinHandle;

use super::wire::{Answer, AnswerReader};

/// Longer than anything under test takes, shorter than a person's patience.
pub(crate) const PATIENCE: Duration = Duration::from_secs(20);

/// What `/large` answers: more than a socket's buffers hold.
pub(crate) const LARGE: usize = 64 << 20;

/// What `/large` reserves.
pub(crate) const ANSWER_BYTES: usize = 1 << 20;

/// Limits with every time short enough to be waited for.
pub(crate) fn limits() -> Limits {
    Limits {
        header_timeout: ms(300),
        body_timeout: ms(300),
        idle_timeout: PATIENCE,
        write_timeout: ms(300),
        lame_duck: ms(200),
        hard_stop: ms(1500),
        compute_threads: 1,
        ..Limits::default()
    }
}

pub(crate) fn ms(n: u64) -> Duration {
    Duration::from_millis(n)
}

/// A running server.
pub(crate) struct Server {
    pub(crate) address: SocketAddr,
    pub(crate) server: Arc<ServerState>,
    /// `/wait` answers once for each permit added.
    pub(crate) gate: Arc<Semaphore>,
    signals: mpsc::Sender<Signal>,
    exit: JoinHandle<ServerExit>,
}

impl Server {
    pub(crate) fn start(limits: Limits) -> Self {
        let server = Arc::new(ServerState::new(Vec::new(), limits, ExtraFeatures::Reject));
        let gate = Arc::new(Semaphore::new(0));
        let tcp = bind("127.0.0.1:0".parse().unwrap()).unwrap();
        let address = tcp.local_addr().unwrap();
        let front = BoundService { socket: tcp.into(), service: service(&server, &gate) };
        let (signals, receiver) = Signals::channel();
        let exit = tokio::spawn({
            let server = Arc::clone(&server);
            async move { run(&server, front, receiver).await }
        });
        Self { address, server, gate, signals, exit }
    }

    /// A second listener, as `--admin-bind` makes one.
    pub(crate) fn start_admin(&self) -> (SocketAddr, std::thread::JoinHandle<()>) {
        let tcp = bind("127.0.0.1:0".parse().unwrap()).unwrap();
        let address = tcp.local_addr().unwrap();
        let front = BoundService { socket: tcp.into(), service: service(&self.server, &self.gate) };
        (address, start_admin(front, ListenerContext::of(&self.server)).unwrap())
    }

    pub(crate) async fn signal(&self, signal: Signal) {
        self.signals.send(signal).await.unwrap();
    }

    /// Sends a signal and waits until the drain has begun.
    pub(crate) async fn drain(&self, signal: Signal) {
        self.signal(signal).await;
        self.server.lifecycle.draining().await;
    }

    pub(crate) async fn exit(self) -> ServerExit {
        within(self.exit).await.unwrap()
    }

    /// Requests that the service has taken and not answered.
    pub(crate) async fn until_waiting(&self, n: i64) {
        until(|| gauge(&self.server, "smartserve_http_requests_in_flight") == n).await;
    }

    pub(crate) async fn until_connections(&self, n: i64) {
        until(|| gauge(&self.server, "smartserve_http_connections") == n).await;
    }

    pub(crate) async fn connect(&self) -> Client {
        Client::connect(self.address).await
    }
}

/// Answers `/ok`, `/wait` (when let), `/large`, `/echo` (408 when the body is late), `/early` (413, body unread).
pub(crate) fn service(
    server: &Arc<ServerState>,
    gate: &Arc<Semaphore>,
) -> impl tower::Service<Request<Incoming>, Response = Response<Full<Bytes>>, Error = Infallible, Future: Send>
+ Clone
+ Send
+ 'static {
    let (server, gate) = (Arc::clone(server), Arc::clone(gate));
    tower::service_fn(move |request: Request<Incoming>| {
        let (server, gate) = (Arc::clone(&server), Arc::clone(&gate));
        async move {
            let _present = server.metrics.in_flight();
            Ok(answer(request, &gate).await)
        }
    })
}

async fn answer(request: Request<Incoming>, gate: &Arc<Semaphore>) -> Response<Full<Bytes>> {
    let plain = |status: StatusCode, text: &'static str| {
        Response::builder().status(status).body(Full::new(Bytes::from_static(text.as_bytes()))).unwrap()
    };
    match request.uri().path() {
        "/ok" => plain(StatusCode::OK, "ok"),
        "/wait" => {
            gate.acquire().await.unwrap().forget();
            plain(StatusCode::OK, "waited")
        }
        "/large" => {
            RequestContext::of(request.extensions()).memory.resize_to(ANSWER_BYTES).await.unwrap();
            Response::new(Full::new(Bytes::from(vec![b'x'; LARGE])))
        }
        "/early" => plain(StatusCode::PAYLOAD_TOO_LARGE, "too large"),
        "/echo" => {
            let context = request.extensions().get::<RequestContext>().unwrap().clone();
            tokio::select! {
                body = request.into_body().collect() => Response::new(Full::new(body.unwrap().to_bytes())),
                () = context.body_overdue() => plain(StatusCode::REQUEST_TIMEOUT, "late"),
            }
        }
        _ => plain(StatusCode::NOT_FOUND, "no such route"),
    }
}

/// A connection, byte by byte.
pub(crate) struct Client {
    pub(crate) socket: TcpStream,
    answers: AnswerReader,
}

impl Client {
    pub(crate) async fn connect(address: SocketAddr) -> Self {
        Self::over(within(TcpStream::connect(address)).await.unwrap())
    }

    pub(crate) fn over(socket: TcpStream) -> Self {
        Self { socket, answers: AnswerReader::default() }
    }

    pub(crate) async fn send(&mut self, text: &str) {
        within(self.socket.write_all(text.as_bytes())).await.unwrap();
    }

    pub(crate) async fn get(&mut self, path: &str) {
        self.send(&format!("GET {path} HTTP/1.1\r\nHost: test\r\n\r\n")).await;
    }

    /// The next answer; none when the connection is closed instead.
    pub(crate) async fn answer(&mut self) -> Option<Answer> {
        within(self.answers.next(&mut self.socket)).await.ok()
    }

    /// Waits for the server to close; panics when it sends something.
    pub(crate) async fn closed(&mut self) {
        let error = within(self.answers.next(&mut self.socket)).await.expect_err("a close, and no answer");
        assert_ne!(error.kind(), ErrorKind::InvalidData, "expected nothing before the close");
    }
}

/// A future that must be ready in reasonable time.
pub(crate) async fn within<T>(future: impl Future<Output = T>) -> T {
    tokio::time::timeout(PATIENCE, future).await.expect("it took too long")
}

/// Waits for a condition to become true.
pub(crate) async fn until(condition: impl Fn() -> bool) {
    let start = Instant::now();
    while !condition() {
        assert!(start.elapsed() < PATIENCE, "it took too long");
        tokio::time::sleep(ms(2)).await;
    }
}

/// The value of a series without labels.
pub(crate) fn gauge(server: &ServerState, name: &str) -> i64 {
    let text = server.metrics.render();
    let line = text.lines().find(|line| line.split(' ').next() == Some(name));
    line.and_then(|line| line.split(' ').nth(1)).and_then(|value| value.parse().ok()).unwrap()
}
