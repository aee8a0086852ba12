//! Connections, byte for byte: the real accept loop on a loopback socket, hyper behind it, the real router.
//!
//! The input is what a client sends before it closes its side. All limits of time are those of a real server: an input
//! after whose end the server still waits is a hang.

#![no_main]

use std::cell::RefCell;
use std::net::SocketAddr;
use std::sync::Arc;

use libfuzzer_sys::fuzz_target;
use smartserve::config::Limits;
use smartserve::http::app::Options;
use smartserve::http::router::router;
use smartserve::serve::ServerState;
use smartserve::serve::listener::{BoundService, ListenerContext, Role, accept_connections, bind};
use smartserve_fuzz::{bounded, serving};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tokio::runtime::Runtime;

/// What a connection may take in memory, with the answers to as many requests as an input has room for: each is read by
/// the client, in the same process.
const BYTES: usize = 64 << 20;

/// What may be answered: the contract's list, and hyper's own bare ones among it.
const STATUSES: [&str; 16] =
    ["100", "200", "204", "400", "401", "403", "404", "405", "408", "409", "413", "414", "415", "422", "431", "501"];

thread_local! {
    static SERVER: RefCell<Server> = RefCell::new(Server::start());
}

struct Server {
    runtime: Runtime,
    address: SocketAddr,
    server: Arc<ServerState>,
}

impl Server {
    fn start() -> Self {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
        let limits = Limits { max_body_bytes: 1 << 10, compute_threads: 1, ..Limits::default() };
        let (address, server) = runtime.block_on(async {
            let server = serving(limits);
            let tcp = bind("127.0.0.1:0".parse().expect("an address")).expect("a free port");
            let address = tcp.local_addr().expect("it is bound");
            let service = router(Arc::clone(&server), Role::Main, Options::default());
            tokio::spawn(accept_connections(
                BoundService { socket: tcp.into(), service },
                ListenerContext::of(&server),
            ));
            (address, server)
        });
        Self { runtime, address, server }
    }
}

fuzz_target!(|input: &[u8]| {
    SERVER.with_borrow(|Server { runtime, address, server }| {
        let answers = bounded(BYTES, || runtime.block_on(talk(*address, input)));
        check(&answers);
        // Whatever it was, all that the connection held is given back.
        let all = Limits::default().body_budget;
        runtime.block_on(async {
            while server.memory.free() < all {
                tokio::task::yield_now().await;
            }
        });
    });
});

/// Sends everything, closes, and reads to the end.
async fn talk(address: SocketAddr, input: &[u8]) -> Vec<u8> {
    let mut socket = TcpStream::connect(address).await.expect("it listens");
    // Closed without a trace: a port that lingers could not be used again for a minute.
    socket2::SockRef::from(&socket).set_linger(Some(std::time::Duration::ZERO)).expect("a socket");
    let mut answers = Vec::new();
    // A server that has seen enough may close first.
    let _ = socket.write_all(input).await;
    let _ = socket.shutdown().await;
    let _ = socket.read_to_end(&mut answers).await;
    answers
}

/// The first answer is one of HTTP/1.1, and none is our fault.
fn check(answers: &[u8]) {
    if answers.is_empty() {
        return;
    }
    let line = &answers[..answers.len().min(12)];
    let line = std::str::from_utf8(line).unwrap_or_else(|_| panic!("{line:?}"));
    let status = line.strip_prefix("HTTP/1.1 ").or_else(|| line.strip_prefix("HTTP/1.0 "));
    assert!(status.is_some_and(|status| STATUSES.contains(&status)), "{line}");
    assert!(!answers.windows(12).any(|w| w == b"HTTP/1.1 500"), "{}", String::from_utf8_lossy(answers));
}
