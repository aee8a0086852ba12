//! Refusals that a simple client gets to read, and logs that nobody reads.

use std::io::{ErrorKind, Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::sync::Arc;
use std::time::Duration;

use super::Asked;
use super::client::{get, houses, predict};
use super::load::{Ask, closed_loop};
use super::report::{Report, median, ms, quantile};
use super::server::{DEMO, Start, train};

const TRIES: usize = 20;

/// p99 with a full pipe, over p99 with one that is read.
const NOTICED: f64 = 1.2;

/// A client that sends all of its body before it reads: 413 for a body over the limit, 503 while there is no room.
pub(crate) fn readable(asked: &Asked, report: &mut Report) {
    let home = tempfile::tempdir().unwrap();
    let model = train(&asked.server, home.path(), "demo", &DEMO);
    let words = ["--body-budget", "4MiB", "--body-timeout", "60s"];
    let server = Start::new(&asked.server, &model, &words).start();
    let large = vec![b' '; 3 << 20];
    let read = (0..TRIES).filter(|_| send(server.address, &large) == Some(413)).count();
    report.promise(read == TRIES, format!("a 413 was read in {read} of {TRIES} tries"));
    // Two bodies whose last byte does not come hold all but a little of what long ones may have, 3 MiB. Where a body that
    // asks is there before them, one of them is refused: they are sent anew.
    let held = loop {
        let held = [hold(server.address, 1_900 << 10), hold(server.address, 1_000 << 10)];
        let is_held = || !held.iter().any(is_answered);
        while is_held() && budget_is_free(server.address, &houses(7_000)) {}
        if is_held() {
            break held;
        }
    };
    let large = houses(7_000).into_bytes();
    let read = (0..TRIES).filter(|_| send(server.address, &large) == Some(503)).count();
    report.promise(read == TRIES, format!("a 503 was read in {read} of {TRIES} tries"));
    drop(held);
    while !budget_is_free(server.address, &houses(7_000)) {}
    report.promise(send(server.address, &large) == Some(200), "and it answers again once there is room");
}

/// True when a body of this length is answered.
fn budget_is_free(address: SocketAddr, body: &str) -> bool {
    send(address, body.as_bytes()) == Some(200)
}

/// A body that is not complete; all that is announced but its last byte, as one that lags would lose its room.
fn hold(address: SocketAddr, length: usize) -> TcpStream {
    let mut socket = TcpStream::connect(address).unwrap();
    write!(socket, "POST /predict HTTP/1.1\r\nHost: held\r\nContent-Length: {length}\r\n\r\n").unwrap();
    socket.write_all(&vec![b' '; length - 1]).unwrap();
    socket
}

/// True of a body that was refused: the server has answered it, or closed its connection.
fn is_answered(held: &TcpStream) -> bool {
    held.set_nonblocking(true).unwrap();
    held.peek(&mut [0]).map_or_else(|e| e.kind() != ErrorKind::WouldBlock, |_| true)
}

/// The status that a blocking client reads after it has sent everything; none when it never gets to read one.
fn send(address: SocketAddr, body: &[u8]) -> Option<u16> {
    let mut socket = TcpStream::connect(address).ok()?;
    let length = body.len();
    write!(socket, "POST /predict HTTP/1.1\r\nHost: x\r\nConnection: close\r\nContent-Length: {length}\r\n\r\n")
        .ok()?;
    socket.write_all(body).ok()?;
    let mut answer = String::new();
    socket.read_to_string(&mut answer).ok()?;
    let (head, body) = answer.split_once("\r\n\r\n")?;
    let status = head.split(' ').nth(1)?.parse().ok()?;
    // The whole envelope, not only its head.
    serde_json::from_str::<serde_json::Value>(body).ok()?;
    Some(status)
}

/// Requests to a server whose log goes into a full pipe.
pub(crate) fn full_pipe(asked: &Asked, report: &mut Report) {
    let home = tempfile::tempdir().unwrap();
    let model = train(&asked.server, home.path(), "demo", &DEMO);
    let read = Start::new(&asked.server, &model, &[]).start();
    let mut unread = Start::new(&asked.server, &model, &[]);
    unread.log_is_read = false;
    let unread = unread.start();
    let tasks = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let p99 = |address: SocketAddr, report: &mut Report| {
        let time = Duration::from_secs(if asked.long { 6 } else { 1 });
        let ask = Ask { address, request: Arc::new(predict(1)), warm_up: Duration::from_millis(500), time };
        let mut load = tasks.block_on(closed_loop(&ask, 4, Duration::from_millis(1)));
        if !load.failed.is_empty() || !load.refused.is_empty() {
            report.promise(false, format!("{} requests were not answered", load.failed.len() + load.refused.len()));
        }
        quantile(&mut load.answered, 0.99)
    };
    // 64 KiB of pipe and 8 MiB of queue.
    tasks.block_on(fill(unread.address));
    let mut ratios = Vec::new();
    for _ in 0..asked.cycles.unwrap_or(if asked.long { 7 } else { 1 }) {
        let with = [p99(read.address, report), p99(unread.address, report)];
        report.figure(format!("p99 with a log that is read {}, with a full pipe {}", ms(with[0]), ms(with[1])));
        ratios.push(with[1].as_secs_f64() / with[0].as_secs_f64());
    }
    let dropped = tasks.block_on(fill(unread.address));
    report.promise(dropped > 0, format!("{dropped} lines were dropped, and counted"));
    let ratio = median(&mut ratios);
    report.promise_if(asked.long, ratio <= NOTICED, format!("p99 {ratio:.2} × with a full pipe (median of rounds)"));
}

/// Asks until log lines are dropped: how many were.
async fn fill(address: SocketAddr) -> u64 {
    let mut client = super::client::Client::connect(address).await.unwrap();
    loop {
        for _ in 0..1_000 {
            client.ask(&predict(1)).await.unwrap();
        }
        let answer = client.ask(&get("/metrics")).await.unwrap();
        let text = String::from_utf8(answer.body).unwrap();
        let dropped = text.lines().find_map(|line| line.strip_prefix("smartserve_log_lines_dropped_total "));
        let dropped = dropped.unwrap().parse().unwrap();
        if dropped > 0 {
            return dropped;
        }
    }
}
