//! What only a real socket shows: that a refusal can be read by a client that is still sending, and what becomes of the
//! connection then.

use std::io::{Read as _, Write as _};
use std::net::{SocketAddr, TcpStream};
use std::sync::mpsc;
use std::time::Duration;

use crate::support::router::{public, serving};
use hyper_util::rt::TokioIo;
use hyper_util::service::TowerToHyperService;
use smartserve::config::Limits;
use smartserve::http::app::Options;
use smartserve::http::router::router;
use smartserve::http::service::Service;
use smartserve::serve::listener::{BoundService, ListenerContext, Role};

/// Serves a router on a port of its own until the test ends.
fn serve(router: Service) -> SocketAddr {
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    listener.set_nonblocking(true).unwrap();
    std::thread::spawn(move || {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        runtime.block_on(async move {
            let listener = tokio::net::TcpListener::from_std(listener).unwrap();
            loop {
                let (stream, _) = listener.accept().await.unwrap();
                let service = TowerToHyperService::new(router.clone());
                let connection =
                    hyper::server::conn::http1::Builder::new().serve_connection(TokioIo::new(stream), service);
                tokio::spawn(connection);
            }
        });
    });
    address
}

fn connect(address: SocketAddr) -> TcpStream {
    let stream = TcpStream::connect(address).unwrap();
    stream.set_read_timeout(Some(Duration::from_secs(20))).unwrap();
    stream
}

/// Reads one answer: its head, and its body by Content-Length.
fn read_answer(stream: &mut TcpStream) -> (String, String) {
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") {
        let mut byte = [0];
        stream.read_exact(&mut byte).unwrap();
        head.push(byte[0]);
    }
    let head = String::from_utf8(head).unwrap().to_lowercase();
    let length = head.lines().find_map(|line| line.strip_prefix("content-length: ")).map_or(0, |n| n.parse().unwrap());
    let mut body = vec![0; length];
    stream.read_exact(&mut body).unwrap();
    (head, String::from_utf8(body).unwrap())
}

fn post(fields: &str) -> Vec<u8> {
    format!("POST /predict HTTP/1.1\r\nHost: localhost\r\n{fields}\r\n").into_bytes()
}

/// Sends everything before it reads anything, as blocking clients do.
fn ask(address: SocketAddr, request: &[u8]) -> (TcpStream, String, String) {
    let mut stream = connect(address);
    stream.write_all(request).unwrap();
    let (head, body) = read_answer(&mut stream);
    (stream, head, body)
}

#[test]
fn a_413_is_readable_every_time() {
    let address = listen();
    let size = 8 << 20;
    let mut request = post(&format!("Content-Length: {size}\r\n"));
    request.resize(request.len() + size, b' ');
    for _ in 0..20 {
        let (_, head, body) = ask(address, &request);
        assert!(head.starts_with("http/1.1 413 "), "{head}");
        assert!(body.contains("longer than 2097152 bytes"), "{body}");
    }
}

/// What is announced need not come first; what comes then is read, so that the refusal can be.
#[test]
fn a_body_that_is_announced_as_too_long_is_refused_before_it_comes() {
    let mut stream = connect(listen());
    stream.set_read_timeout(Some(Duration::from_secs(4))).unwrap();
    stream.write_all(&post("Content-Length: 100000000\r\n")).unwrap();
    let (head, body) = read_answer(&mut stream);
    assert!(head.starts_with("http/1.1 413 ") && head.contains("connection: close"), "{head}");
    assert!(body.contains("longer than 2097152 bytes"), "{body}");
    stream.write_all(&vec![b' '; 16 << 20]).unwrap();
    assert_eq!(stream.read(&mut [0]).unwrap(), 0);
}

#[test]
fn a_413_of_a_chunked_body_is_readable() {
    let address = serve(public(Limits::default()));
    let mut request = post("Transfer-Encoding: chunked\r\n");
    for _ in 0..64 {
        request.extend_from_slice(b"10000\r\n");
        request.resize(request.len() + 0x1_0000, b' ');
        request.extend_from_slice(b"\r\n");
    }
    request.extend_from_slice(b"0\r\n\r\n");
    assert!(ask(address, &request).1.starts_with("http/1.1 413 "));
}

#[test]
fn an_early_refusal_keeps_the_connection() {
    let address = serve(public(Limits::default()));
    let mut request = post("Content-Length: 1000000\r\nContent-Type: text/plain\r\n");
    request.resize(request.len() + 1_000_000, b'x');
    let (mut stream, head, _) = ask(address, &request);
    assert!(head.starts_with("http/1.1 415 ") && !head.contains("connection: close"), "{head}");
    stream.write_all(b"GET /readyz HTTP/1.1\r\nHost: localhost\r\n\r\n").unwrap();
    assert!(read_answer(&mut stream).0.starts_with("http/1.1 200 "));
}

#[test]
fn expect_continue_is_refused_at_once() {
    let address = serve(public(Limits::default()));
    let request = post("Content-Length: 100000000\r\nExpect: 100-continue\r\n");
    let (_, head, _) = ask(address, &request);
    assert!(head.starts_with("http/1.1 413 ") && head.contains("connection: close"), "{head}");
    let request = post("Content-Length: 15\r\nExpect: 100-continue\r\n");
    let (mut stream, head, _) = ask(address, &request);
    assert!(head.starts_with("http/1.1 100 "), "{head}");
    stream.write_all(b"{\"nobody\":[1,2]}").unwrap();
}

#[test]
fn a_stalled_body_is_answered_408() {
    let address = serve(public(Limits { body_timeout: Duration::from_millis(50), ..Limits::default() }));
    let mut request = post("Content-Length: 100\r\n");
    request.extend_from_slice(b"{\"RM\":");
    let (mut stream, head, _) = ask(address, &request);
    assert!(head.starts_with("http/1.1 408 ") && head.contains("connection: close"), "{head}");
    assert_eq!(stream.read(&mut [0]).unwrap(), 0);
}

/// A server with room for 4 of the longest bodies, and 8 clients that announce one each and send nothing: those that got
/// room have it when this returns.
fn silent(limits: &Limits) -> (SocketAddr, Vec<TcpStream>) {
    let server = serving(Limits { body_budget: 8 << 20, ..limits.clone() });
    let address = serve(router(server.clone(), Role::Main, Options::default()));
    let request = post("Content-Length: 2097152\r\n");
    let clients = (0..8).map(|_| {
        let mut stream = connect(address);
        stream.write_all(&request).unwrap();
        stream
    });
    let clients = clients.collect();
    let asked = std::time::Instant::now();
    while server.memory.free() > 2 << 20 {
        assert!(asked.elapsed() < Duration::from_secs(20), "{} bytes are free", server.memory.free());
        std::thread::yield_now();
    }
    (address, clients)
}

/// One row, and so many blanks.
fn row(blanks: usize) -> Vec<u8> {
    let body = format!("[{{\"x\":2}}{}]", " ".repeat(blanks));
    let head =
        format!("POST /models/line/predict HTTP/1.1\r\nHost: localhost\r\nContent-Length: {}\r\n\r\n", body.len());
    (head + &body).into_bytes()
}

#[test]
fn stalled_long_bodies_let_short_ones_in() {
    // Those that wait do so for longer than the test.
    let long = Duration::from_mins(1);
    let (address, _clients) = silent(&Limits { admission_wait: long, body_timeout: long, ..Limits::default() });
    let (_, head, body) = ask(address, &row(0));
    assert!(head.starts_with("http/1.1 200 "), "{head}{body}");
}

#[test]
fn a_stalled_body_gives_its_room_away() {
    let limits = Limits { body_timeout: Duration::from_mins(10), ..Limits::default() };
    let (address, clients) = silent(&limits);
    let (tell, told) = mpsc::channel();
    for mut client in clients {
        let tell = tell.clone();
        std::thread::spawn(move || tell.send(read_answer(&mut client)));
    }
    let slow = |(head, body): &(String, String)| head.starts_with("http/1.1 408 ") && body.contains("short of memory");
    while !slow(&told.recv_timeout(Duration::from_secs(20)).unwrap()) {}
    let honest = std::iter::repeat_with(|| ask(address, &row(1 << 20)));
    let (_, head, body) = honest.take(100).find(|(_, head, _)| !head.starts_with("http/1.1 503 ")).unwrap();
    assert!(head.starts_with("http/1.1 200 "), "{head}{body}");
}

#[test]
fn a_stalled_body_of_unknown_length_gives_its_room_away() {
    let limits = Limits { body_budget: 8 << 20, body_timeout: Duration::from_mins(10), ..Limits::default() };
    let server = serving(limits);
    let _held: Vec<_> = (0..112).map(|_| server.memory.try_reserve(64 << 10).unwrap()).collect();
    let address = serve(router(server.clone(), Role::Main, Options::default()));
    let mut chunked = post("Transfer-Encoding: chunked\r\n");
    chunked.extend_from_slice(b"1\r\n \r\n");
    for request in [chunked, post("Content-Length: 100\r\nContent-Encoding: gzip\r\n")] {
        let (_, head, body) = ask(address, &request);
        assert!(head.starts_with("http/1.1 408 ") && body.contains("short of memory"), "{head}{body}");
    }
}

#[test]
fn with_room_a_slow_body_has_its_time() {
    let body_timeout = Duration::from_secs(1);
    let address = serve(public(Limits { body_timeout, admission_wait: Duration::ZERO, ..Limits::default() }));
    let (_, head, body) = ask(address, &post("Content-Length: 2097152\r\n"));
    assert!(head.starts_with("http/1.1 408 ") && body.contains("did not come in time"), "{head}{body}");
}

#[test]
fn empty_answers_send_no_body() {
    let address = serve(public(Limits::default()));
    let mut stream = connect(address);
    stream.write_all(b"OPTIONS /predict HTTP/1.1\r\nHost: a\r\n\r\n").unwrap();
    let (head, _) = read_answer(&mut stream);
    assert!(head.starts_with("http/1.1 204 ") && head.contains("allow: post, options"), "{head}");
    assert!(!head.contains("content-length"), "{head}");
    stream.write_all(b"HEAD /nowhere HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n").unwrap();
    let mut rest = String::new();
    stream.read_to_string(&mut rest).unwrap();
    assert!(rest.starts_with("HTTP/1.1 404 ") && rest.ends_with("\r\n\r\n"), "{rest}");
}

#[test]
fn odd_requests_get_an_envelope() {
    let address = serve(public(Limits::default()));
    for (line, status) in
        [("OPTIONS *", 404), ("CONNECT localhost:80", 405), ("TRACE /predict", 405), ("GET http://a/livez", 200)]
    {
        let (_, head, _) = ask(address, format!("{line} HTTP/1.1\r\nHost: a\r\n\r\n").as_bytes());
        assert!(head.starts_with(&format!("http/1.1 {status} ")), "{line}: {head}");
    }
}

/// A real listener around the routes, on a thread of its own until the test ends.
fn listen() -> SocketAddr {
    let tcp = smartserve::serve::listener::bind("127.0.0.1:0".parse().unwrap()).unwrap();
    let address = tcp.local_addr().unwrap();
    let server = serving(Limits::default());
    std::thread::spawn(move || {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        let context = ListenerContext::of(&server);
        let service = router(server, Role::Main, Options::default());
        runtime.block_on(smartserve::serve::listener::accept_connections(
            BoundService { socket: tcp.into(), service },
            context,
        ));
    });
    address
}

/// Sends a request in pieces, and another behind it: the first has this status, and the connection ends with it.
fn is_refused(address: SocketAddr, pieces: &[&str], status: &str, detail: &str) {
    let mut stream = connect(address);
    stream.set_nodelay(true).unwrap();
    for piece in pieces {
        stream.write_all(piece.as_bytes()).unwrap();
        // Read apart, else it could be one piece again.
        std::thread::sleep(Duration::from_millis(if pieces.len() > 1 { 30 } else { 0 }));
    }
    let _ = stream.write_all(b"GET /readyz HTTP/1.1\r\nHost: x\r\n\r\n");
    let (head, body) = read_answer(&mut stream);
    assert!(
        head.starts_with(&format!("http/1.1 {status} ")) && head.contains("connection: close"),
        "{pieces:?}: {head}"
    );
    assert!(body.contains(detail), "{pieces:?}: {body}");
    let mut rest = Vec::new();
    let _ = stream.read_to_end(&mut rest);
    assert!(rest.is_empty(), "{pieces:?}: what follows is answered");
}

#[test]
fn a_transfer_coding_other_than_chunked_is_501() {
    let address = listen();
    let codings =
        ["gzip", "identity", "gzip, chunked", "chunked, chunked", "chunked, gzip", "xchunked", "\u{b}chunked"];
    for coding in codings {
        let request = format!("POST /predict HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: {coding}\r\n\r\n0\r\n\r\n");
        // hyper refuses a control character itself.
        if coding.starts_with('\u{b}') {
            let mut stream = connect(address);
            stream.write_all(request.as_bytes()).unwrap();
            assert!(read_answer(&mut stream).0.starts_with("http/1.1 400 "));
        } else {
            is_refused(address, &[&request], "501", "Content-Encoding");
        }
    }
    let twice = "Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n";
    is_refused(address, &[&format!("POST /predict HTTP/1.1\r\nHost: x\r\n{twice}\r\n0\r\n\r\n")], "501", "once");
    let both = "Content-Length: 5\r\nTransfer-Encoding: gzip\r\n";
    is_refused(address, &[&format!("POST /predict HTTP/1.1\r\nHost: x\r\n{both}\r\n0\r\n\r\n")], "501", "once");
    // A field in pieces, and one behind a long head.
    let pieces = ["POST /predict HTTP/1.1\r\nHost: x\r\nTransfer-", "Encoding: gzip, chunked\r\n\r\n0\r\n\r\n"];
    is_refused(address, &pieces, "501", "once");
    let long =
        format!("POST /predict HTTP/1.1\r\nHost: x\r\nX: {}\r\nTransfer-Encoding: gzip\r\n\r\n", "x".repeat(9_000));
    is_refused(address, &[&long], "501", "once");
    let mut stream = connect(address);
    stream.write_all(&post("Transfer-Encoding: Chunked\r\n")).unwrap();
    stream.write_all(b"2\r\n{}\r\n0\r\n\r\n").unwrap();
    assert!(read_answer(&mut stream).0.starts_with("http/1.1 422 "));
}

#[test]
fn a_bare_lf_in_a_head_is_400() {
    let address = listen();
    let requests: [&[&str]; 8] = [
        &["\nGET /readyz HTTP/1.1\r\nHost: x\r\n\r\n"],
        &["\r\n", "\n", "GET /readyz HTTP/1.1\r\nHost: x\r\n\r\n"],
        &["GET /readyz HTTP/1.1\nHost: x\r\n\r\n"],
        &["GET /readyz HTTP/1.1\r\nHost: x\n\r\n"],
        &["GET /readyz HTTP/1.1\r\nHost: x\r\n\n"],
        &["GET /readyz HTTP/1.1\nHost: x\n\n"],
        &["GET /readyz HTTP/1.1\r\nHost: x", "\n", "\r\n"],
        &["POST /predict HTTP/1.1\r\nHost: x\r\nA: b\nContent-Length: 2\r\n\r\n{}"],
    ];
    for pieces in requests {
        is_refused(address, pieces, "400", "bare LF");
    }
    // As it should be, in pieces; and an empty line before it, as some clients send behind a body.
    for pieces in
        [&["GET /readyz HTTP/1.1\r", "\nHost: x\r\n\r", "\n"][..], &["\r\nGET /readyz HTTP/1.1\r\nHost: x\r\n\r\n"]]
    {
        let mut stream = connect(address);
        for piece in pieces {
            stream.write_all(piece.as_bytes()).unwrap();
            std::thread::sleep(Duration::from_millis(if pieces.len() > 1 { 30 } else { 0 }));
        }
        assert!(read_answer(&mut stream).0.starts_with("http/1.1 200 "), "{pieces:?}");
    }
    // A request before it has its answer.
    let mut stream = connect(address);
    stream.write_all(b"GET /readyz HTTP/1.1\r\nHost: x\r\n\r\nGET /readyz HTTP/1.1\nHost: x\r\n\r\n").unwrap();
    assert!(read_answer(&mut stream).0.starts_with("http/1.1 200 "));
    assert!(read_answer(&mut stream).0.starts_with("http/1.1 400 "));
}

#[test]
fn no_host_or_two_end_the_connection() {
    let address = listen();
    is_refused(address, &["GET /readyz HTTP/1.1\r\n\r\n"], "400", "Host");
    is_refused(address, &["GET /readyz HTTP/1.1\r\nHost: x\r\nHost: x\r\n\r\n"], "400", "Host");
}

#[test]
fn what_follows_a_chunked_body_is_judged_as_any_head() {
    let address = listen();
    let body = format!("{}2\r\n{{}}\r\n0\r\n", String::from_utf8(post("Transfer-Encoding: chunked\r\n")).unwrap());
    for trailers in ["X: y\n\r\n", "X: y\r\n\n", "\n"] {
        is_refused(address, &[&format!("{body}{trailers}")], "400", "CR LF");
    }
    let and_then = |next: &str| {
        let (mut stream, head, _) = ask(address, format!("{body}X: y\r\n\r\n{next}").as_bytes());
        assert!(head.starts_with("http/1.1 422 "), "{head}");
        read_answer(&mut stream).0
    };
    assert!(and_then("GET /readyz HTTP/1.1\nHost: x\r\n\r\n").starts_with("http/1.1 400 "));
    assert!(and_then("GET /readyz HTTP/1.1\r\nHost: x\r\n\r\n").starts_with("http/1.1 200 "));
    assert!(and_then(&format!("{body}\r\n")).starts_with("http/1.1 422 "));
}
