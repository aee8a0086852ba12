//! Many small requests, and whether the process has grown: a leak of a few bytes a request, or a metric series a path,
//! would show.

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use super::Asked;
use super::client::{Client, get, post, predict};
use super::report::Report;
use super::server::{DEMO, Start, train};

const CONNECTIONS: usize = 16;

/// Requests sent at once on a connection: most of the time is then the server's.
const PIPELINED: usize = 32;

/// What counts as no growth, in bytes: 1 MiB.
const GROWTH: u64 = 1 << 20;

pub(crate) fn soak(asked: &Asked, report: &mut Report) {
    let home = tempfile::tempdir().unwrap();
    let model = train(&asked.server, home.path(), "demo", &DEMO);
    // What is sent behind a request whose answer closes the connection is lost, as HTTP/1.1 has it.
    let server = Start::new(&asked.server, &model, &["--max-connection-age", "1d"]).start();
    let runtime = tokio::runtime::Runtime::new().unwrap();
    let requests = asked.cycles.unwrap_or(if asked.long { 10_000_000 } else { 200_000 });
    // Until every thread has touched what it will touch, and the allocator has what it will keep.
    let (failed, _) = runtime.block_on(ask(server.address, requests / 4));
    report.promise(failed == 0, format!("{} requests to warm up, {failed} failed", requests / 4));
    let (series, before) = (runtime.block_on(series(server.address)), server.memory().0);
    let start = std::time::Instant::now();
    let (failed, done) = runtime.block_on(ask(server.address, requests));
    let rate = done as f64 / start.elapsed().as_secs_f64();
    let after = server.memory().0;
    report.promise(failed == 0, format!("{done} requests at {rate:.0} a second, {failed} failed"));
    let growth = after.saturating_sub(before);
    let kib = |bytes: u64| bytes >> 10;
    let text = format!("resident memory {} KiB, then {} KiB: grown by {}", kib(before), kib(after), kib(growth));
    report.promise(growth < GROWTH, text);
    let more = runtime.block_on(self::series(server.address));
    report.promise(more == series, format!("{series} metric series, then {more}"));
}

/// Sends `requests` in all; how many were not answered as they should be, and how many were sent.
async fn ask(address: SocketAddr, requests: usize) -> (usize, usize) {
    let sent = Arc::new(AtomicUsize::new(0));
    let clients: Vec<_> = (0..CONNECTIONS)
        .map(|_| {
            let sent = Arc::clone(&sent);
            tokio::spawn(async move {
                let (mut client, mut failed) = (Client::connect(address).await.unwrap(), 0);
                loop {
                    let first = sent.fetch_add(PIPELINED, Ordering::Relaxed);
                    if first >= requests {
                        return failed;
                    }
                    let batch: Vec<(u16, Vec<u8>)> = (first..first + PIPELINED).map(request).collect();
                    failed += together(&mut client, &batch).await;
                }
            })
        })
        .collect();
    let mut failed = 0;
    for client in clients {
        failed += client.await.unwrap();
    }
    (failed, requests.next_multiple_of(PIPELINED))
}

/// Mostly predictions; some of everything else that anybody may send, never twice the same.
fn request(i: usize) -> (u16, Vec<u8>) {
    match i % 20 {
        0 => (404, get(&format!("/nowhere/{i}?{i}"))),
        1 => (422, post("/predict", &format!(r#"{{"feature {i}":[1]}}"#))),
        2 => (400, post("/predict", &format!(r#"{{"RM":{i}"#))),
        3 => (404, get(&format!("/models/{i}"))),
        4 => (405, format!("M{i} /predict HTTP/1.1\r\nHost: promises\r\nX-Request-Id: {i}\r\n\r\n").into_bytes()),
        5 => (200, get("/livez")),
        _ => (200, predict(1 + i % 3)),
    }
}

/// Sends all, then reads all; how many answers had another status.
async fn together(client: &mut Client, batch: &[(u16, Vec<u8>)]) -> usize {
    use tokio::io::AsyncWriteExt as _;
    let bytes: Vec<u8> = batch.iter().flat_map(|(_, request)| request).copied().collect();
    client.socket.write_all(&bytes).await.unwrap();
    let mut failed = 0;
    for (status, _) in batch {
        failed += usize::from(client.answer().await.unwrap().status != *status);
    }
    failed
}

/// How many series the exposition has, those of asking for it included.
async fn series(address: SocketAddr) -> usize {
    let mut client = Client::connect(address).await.unwrap();
    client.ask(&get("/metrics")).await.unwrap();
    let text = client.ask(&get("/metrics")).await.unwrap().body;
    text.split(|b| *b == b'\n').filter(|line| !line.is_empty() && line[0] != b'#').count()
}
