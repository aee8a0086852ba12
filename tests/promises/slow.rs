//! Clients that send and read as slowly as they can: nobody else may notice, and none of them may stay.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::{Duration, Instant};

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpSocket, TcpStream};

use super::Asked;
use super::client::{Client, get, predict};
use super::load::{Ask, closed_loop};
use super::machine;
use super::report::{Report, median, ms, quantile};
use super::server::{DEMO, Server, Start, train};

const HEADS: usize = 300;
const BODIES: usize = 100;
const READERS: usize = 100;

/// Clients that behave.
const OTHERS: usize = 8;

/// p99 of the others beside slow clients, over p99 alone.
const NOTICED: f64 = 1.2;

/// The server's limits, and how long it is watched.
struct Times {
    head: Duration,
    body: Duration,
    write: Duration,
    alone: Duration,
}

pub(crate) fn slow(asked: &Asked, report: &mut Report) {
    let times = if asked.long { [10, 10, 30, 8] } else { [1, 1, 2, 1] }.map(Duration::from_secs);
    let [head, body, write, alone] = times;
    let times = Times { head, body, write, alone };
    let home = tempfile::tempdir().unwrap();
    let model = train(&asked.server, home.path(), "demo", &DEMO);
    let all = machine::cores();
    machine::take_the_last_core();
    machine::be_nice(-15);
    let seconds = |time: Duration| format!("{}s", time.as_secs());
    let words = [
        ["--header-timeout", &seconds(head)],
        ["--body-timeout", &seconds(body)],
        ["--write-timeout", &seconds(write)],
    ];
    let server = Start::new(&asked.server, &model, words.as_flattened()).on_core(0).start();
    let tasks = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let mut ratios = Vec::new();
    for _ in 0..asked.cycles.unwrap_or(if asked.long { 5 } else { 1 }) {
        ratios.push(tasks.block_on(round(&server, &times, report)));
    }
    let ratio = median(&mut ratios);
    report.promise_if(asked.long, ratio <= NOTICED, format!("p99 of others {ratio:.2} × of alone (median of rounds)"));
    machine::be_nice(0);
    machine::take_all_cores(all);
}

/// Alone, beside slow clients, alone again. Gives p99 beside them over p99 alone.
async fn round(server: &Server, times: &Times, report: &mut Report) -> f64 {
    let before = others(server.address, times.alone).await;
    let (address, patience) = (server.address, times.head.max(times.body) + Duration::from_secs(1));
    let readers = apart(slow_readers(address));
    let slow = apart(slow_clients(address, patience));
    let began = Instant::now();
    let beside = others(server.address, times.head.max(times.body)).await;
    let (heads, bodies) = slow.join().unwrap();
    let second = Duration::from_secs(1);
    let mut in_time = |what: &str, n: usize, times: &[Option<Duration>], limit: Duration| {
        let closed = times.iter().flatten().filter(|took| **took <= limit + second).count();
        let slowest = times.iter().flatten().max().copied().unwrap_or_default();
        let text = format!("{closed} of {n} {what} closed within {limit:?} + 1 s, the last after {}", ms(slowest));
        report.promise(closed == n, text);
    };
    in_time("slow heads", HEADS, &heads, times.head);
    in_time("slow bodies", BODIES, &bodies, times.body);
    let readers = readers.join().unwrap();
    let all_gone = gone(server.address, began, times.write + second).await;
    let text = format!("{} slow readers gone after {}, limit {:?} + 1 s", readers.len(), ms(all_gone), times.write);
    report.promise(readers.len() == READERS && all_gone <= times.write + second, text);
    drop(readers);
    let after = others(server.address, times.alone).await;
    let ratio = beside.as_secs_f64() / f64::midpoint(before.as_secs_f64(), after.as_secs_f64());
    let (before, after) = (ms(before), ms(after));
    report.figure(format!("p99 of others alone {before}, beside slow clients {}, alone {after}", ms(beside)));
    ratio
}

/// On a thread of its own, behind the clients whose latency counts.
fn apart<T: Send + 'static>(work: impl Future<Output = T> + Send + 'static) -> std::thread::JoinHandle<T> {
    std::thread::spawn(move || {
        machine::be_nice(10);
        tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(work)
    })
}

/// p99 of clients that ask for a row every few milliseconds.
async fn others(address: SocketAddr, time: Duration) -> Duration {
    let ask = Ask { address, request: Arc::new(predict(1)), warm_up: Duration::ZERO, time };
    let mut load = closed_loop(&ask, OTHERS, Duration::from_millis(5)).await;
    assert!(load.failed.is_empty() && load.refused.is_empty(), "{:?}", load.failed.first());
    quantile(&mut load.answered, 0.99)
}

/// How long each slow head and each slow body was let live; none: longer than `patience`.
async fn slow_clients(address: SocketAddr, patience: Duration) -> (Vec<Option<Duration>>, Vec<Option<Duration>>) {
    let drip = |start: &'static str| tokio::spawn(drip(address, start, patience));
    let heads: Vec<_> = (0..HEADS).map(|_| drip("GET /predict HTTP/1.1\r\nX-Slow: ")).collect();
    let body = "POST /predict HTTP/1.1\r\nHost: slow\r\nContent-Length: 9000\r\n\r\n";
    let bodies: Vec<_> = (0..BODIES).map(|_| drip(body)).collect();
    let mut times = (Vec::new(), Vec::new());
    for head in heads {
        times.0.push(head.await.unwrap());
    }
    for body in bodies {
        times.1.push(body.await.unwrap());
    }
    times
}

/// Sends `start`, then a byte every second, until the server closes.
async fn drip(address: SocketAddr, start: &str, patience: Duration) -> Option<Duration> {
    let mut socket = TcpStream::connect(address).await.ok()?;
    socket.write_all(start.as_bytes()).await.ok()?;
    let began = Instant::now();
    let mut room = [0; 4096];
    let closed = async {
        loop {
            match tokio::time::timeout(Duration::from_secs(1), socket.read(&mut room)).await {
                Ok(Ok(0) | Err(_)) => return began.elapsed(),
                // A 408: the close comes behind it.
                Ok(Ok(_)) => {}
                Err(_) => drop(socket.write_all(b"1").await),
            }
        }
    };
    tokio::time::timeout(patience, closed).await.ok()
}

/// Clients with the smallest of buffers that ask for much and read nothing.
async fn slow_readers(address: SocketAddr) -> Vec<std::net::TcpStream> {
    let request = get("/openapi.json").repeat(100);
    let mut readers = Vec::new();
    for _ in 0..READERS {
        let socket = TcpSocket::new_v4().unwrap();
        socket.set_recv_buffer_size(4096).unwrap();
        let mut stream = socket.connect(address).await.unwrap();
        // 5 MB are asked for in one segment, and the kernels' buffers hold a part of that.
        stream.write_all(&request).await.unwrap();
        readers.push(stream.into_std().unwrap());
    }
    readers
}

/// Waits until the server has no connection but the one that asks; since `began`.
async fn gone(address: SocketAddr, began: Instant, patience: Duration) -> Duration {
    let mut client = Client::connect(address).await.unwrap();
    loop {
        let answer = client.ask(&get("/metrics")).await.unwrap();
        let text = String::from_utf8(answer.body).unwrap();
        let line = text.lines().find_map(|line| line.strip_prefix("smartserve_http_connections "));
        if line == Some("1") || began.elapsed() > patience * 2 {
            return began.elapsed();
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
}
