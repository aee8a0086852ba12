//! What costs little to send and much to take: bodies that inflate to nothing, texts that want to come back, files that are
//! refused. Each with the server's peak memory beside the bound that it prints.

use std::fs;
use std::io::Write as _;
use std::net::SocketAddr;
use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant};

use flate2::Compression;
use flate2::write::GzEncoder;
use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};
use tokio::io::AsyncWriteExt as _;
use tokio::net::TcpSocket;
use tokio::task::JoinSet;

use super::Asked;
use super::client::{Client, post, predict};
use super::load::{Ask, closed_loop};
use super::machine;
use super::report::{Report, median, ms, quantile};
use super::server::{DEMO, Server, Start, train};

/// A server with little else in its bound, so that what is not counted shows.
const SMALL: [&str; 8] =
    ["--body-budget", "16MiB", "--max-connections", "256", "--admin-bind", "127.0.0.1:0", "--reload-interval", "1h"];

/// p99 of one row beside bodies that inflate to nothing, over p99 alone; it was 130 before compressed bytes counted.
const NOTICED: f64 = 5.0;

/// The longest that a load of another model may take while a file is judged.
const LOADED: Duration = Duration::from_millis(250);

/// Bytes of an answer at most, to a request that asks for its text back.
const ECHO: usize = 2 << 10;

fn memory_holds(server: &Server, what: &str, report: &mut Report) {
    let (_, highest) = server.memory();
    // The log is read by another thread, a moment later.
    let asked = Instant::now();
    while highest > server.bound() && asked.elapsed() < Duration::from_secs(1) {
        std::thread::yield_now();
    }
    let mib = |bytes: u64| bytes as f64 / f64::from(1 << 20);
    let (bound, text) =
        (server.bound(), format!("{what}: highest {:.1} MiB, {:.1} printed", mib(highest), mib(server.bound())));
    report.promise(highest <= bound, text);
}

/// Bodies of 2 MiB: empty gzip members, and empty blocks in one member, stored ones and ones of Huffman's fixed codes.
fn inflating_to_nothing() -> Vec<Vec<u8>> {
    const LENGTH: usize = (2 << 20) - 1_024;
    let member = GzEncoder::new(Vec::new(), Compression::fast()).finish().unwrap();
    let members = member.repeat(LENGTH / member.len());
    // Head, stored blocks of no bytes, a last one, checksum and length.
    let head = [0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 255];
    let blocks = [&head[..], &[0, 0, 0, 0xff, 0xff].repeat(LENGTH / 5), &[1, 0, 0, 0xff, 0xff], &[0; 8]].concat();
    // Four of 10 bits are 5 bytes.
    let coded = [&head[..], &[0x02, 0x08, 0x20, 0x80, 0x00].repeat(LENGTH / 5), &[3, 0], &[0; 8]].concat();
    [members, blocks, coded]
        .map(|body| {
            let head = format!(
                "POST /predict HTTP/1.1\r\nHost: promises\r\nContent-Encoding: gzip\r\nContent-Length: {}\r\n\r\n",
                body.len()
            );
            [head.as_bytes(), &body].concat()
        })
        .to_vec()
}

/// One-row requests alone and beside clients that send nothing, compressed.
pub(crate) fn inflating(asked: &Asked, report: &mut Report) {
    let home = tempfile::tempdir().unwrap();
    let model = train(&asked.server, home.path(), "demo", &DEMO);
    let server = Start::new(&asked.server, &model, &SMALL).start();
    let runtime = || tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let (tasks, bodies) = (runtime(), Arc::new(inflating_to_nothing()));
    machine::be_nice(-15);
    let time = Duration::from_secs(if asked.long { 8 } else { 2 });
    let one = Ask { address: server.address, request: Arc::new(predict(1)), warm_up: Duration::from_millis(300), time };
    let mut ratios = Vec::new();
    for _ in 0..asked.cycles.unwrap_or(if asked.long { 5 } else { 1 }) {
        let pause = Duration::from_millis(5);
        let mut alone = tasks.block_on(closed_loop(&one, 4, pause));
        let (address, bodies, tasks_beside) = (server.address, Arc::clone(&bodies), runtime());
        let hostile = std::thread::spawn(move || {
            machine::be_nice(10);
            tasks_beside.block_on(send_all(address, bodies, Instant::now() + time + Duration::from_millis(300)))
        });
        let mut beside = tasks.block_on(closed_loop(&one, 4, pause));
        let n = hostile.join().unwrap();
        report.promise(n > 0 && beside.failed.is_empty(), format!("{n} bodies of 2 MiB were answered, and every row"));
        let [p99, noticed] = [&mut alone, &mut beside].map(|load| quantile(&mut load.answered, 0.99));
        ratios.push(noticed.as_secs_f64() / p99.as_secs_f64());
        report.figure(format!("p99 of one row alone {}, beside them {}", ms(p99), ms(noticed)));
    }
    machine::be_nice(0);
    let ratio = median(&mut ratios);
    report.promise_if(asked.long, ratio <= NOTICED, format!("p99 {ratio:.2} × of alone (median of rounds)"));
    memory_holds(&server, "bodies that inflate to nothing", report);
}

/// Sends the bodies in turns on 8 connections until the end; how many were answered.
async fn send_all(address: SocketAddr, bodies: Arc<Vec<Vec<u8>>>, end: Instant) -> usize {
    let mut all = JoinSet::new();
    for i in 0..8 {
        let bodies = Arc::clone(&bodies);
        all.spawn(async move {
            let mut answered = 0;
            while Instant::now() < end {
                let Ok(mut client) = Client::connect(address).await else { continue };
                answered += usize::from(client.ask(&bodies[i % bodies.len()]).await.is_ok());
            }
            answered
        });
    }
    all.join_all().await.into_iter().sum()
}

/// Loads and unloads whose bodies are long texts, read and unread.
pub(crate) fn echo(asked: &Asked, report: &mut Report) {
    let home = tempfile::tempdir().unwrap();
    let model = train(&asked.server, home.path(), "demo", &DEMO);
    let server = Start::new(&asked.server, &model, &SMALL).start();
    let admin = server.admin.unwrap();
    let runtime = tokio::runtime::Runtime::new().unwrap();
    let connections = if asked.long { 400 } else { 64 };
    let load = |n: usize| {
        let version = "\u{1}\u{202e}\"".repeat(n / 5);
        post("/v2/repository/models/boston/load", &json!({ "parameters": { "version": version } }).to_string())
    };
    let (mut longest, mut statuses) = (0, Vec::new());
    for n in [100, 1_000, 2 << 20] {
        let answer = runtime.block_on(async { Client::connect(admin).await.unwrap().ask(&load(n)).await });
        let answer = answer.unwrap();
        longest = longest.max(answer.body.len());
        statuses.push(answer.status);
    }
    report.promise(longest <= ECHO, format!("the longest answer has {longest} bytes (statuses {statuses:?})"));
    let end = Instant::now() + Duration::from_secs(if asked.long { 20 } else { 3 });
    let request = Arc::new(load(1_000));
    runtime.block_on(async {
        let mut all = JoinSet::new();
        for _ in 0..connections {
            all.spawn(unread(admin, Arc::clone(&request), end));
        }
        all.join_all().await
    });
    memory_holds(&server, &format!("{connections} connections that read no answer"), report);
}

/// Sends until nothing is taken any more, and reads nothing.
async fn unread(address: SocketAddr, request: Arc<Vec<u8>>, end: Instant) {
    let socket = TcpSocket::new_v4().unwrap();
    socket.set_recv_buffer_size(4 << 10).unwrap();
    let Ok(mut socket) = socket.connect(address).await else { return };
    let asking = async { while socket.write_all(&request).await.is_ok() {} };
    let _ = tokio::time::timeout_at(end.into(), asking).await;
    tokio::time::sleep_until(end.into()).await;
}

/// A head and no sections, with a right length and a right hash.
fn seal(head: &str, payload: &[u8]) -> Vec<u8> {
    let mut file = [&(head.len() as u64).to_le_bytes()[..], head.as_bytes(), payload].concat();
    let hash = Sha256::digest(&file);
    file.extend_from_slice(&hash);
    file
}

/// Files that are refused, and one that takes long and is served: each is judged while another model is loaded.
fn hostile_files(sound: &Path, n: usize) -> Vec<(&'static str, Vec<u8>)> {
    let list = |value: &str, n: usize| format!("[{}{value}]", format!("{value},").repeat(n - 1));
    let head = |rest: &str| seal(&format!("{{\"format\":\"smartserve/1\",\"smartcore\":\"0.7.0\",{rest}}}"), b"");
    let section = r#"{"name":"x","encoding":"x","bytes":0,"required":false}"#;
    let sections = format!("\"payload\":{{\"bytes\":0,\"sections\":{}}}", list(section, 150_000));
    let cells = format!("\"golden\":[{{\"row\":{},\"prediction\":0}}]", list("0", n));
    let lists = format!("\"hyperparameters\":{{\"a\":{}}}", list("[0]", n));
    let bytes = fs::read(sound).unwrap();
    let length = usize::try_from(u64::from_le_bytes(bytes[..8].try_into().unwrap())).unwrap();
    let mut long: Value = serde_json::from_slice(&bytes[8..8 + length]).unwrap();
    let payload = [&bytes[8 + length..bytes.len() - 32], &vec![0; 64 << 20]].concat();
    long["payload"]["bytes"] = json!(payload.len());
    let sections_of = long["payload"]["sections"].as_array_mut().unwrap();
    sections_of.push(json!({"name": "notes", "encoding": "none", "bytes": 64 << 20, "required": false}));
    vec![
        ("150,000 sections", head(&sections)),
        ("a golden row of many cells", head(&cells)),
        ("many lists", head(&lists)),
        ("pickled integers", [&b"\x80\x02]("[..], &b"K\x00".repeat(n * 8), b"e."].concat()),
        ("a section of 64 MiB", seal(&long.to_string(), &payload)),
    ]
}

/// Files that are refused or take long, one after the other in the place of a small model.
pub(crate) fn files(asked: &Asked, report: &mut Report) {
    let home = tempfile::tempdir().unwrap();
    let model = train(&asked.server, home.path(), "demo", &DEMO);
    let sound = fs::read(&model).unwrap();
    let judged = home.path().join("judged.model");
    fs::write(&judged, &sound).unwrap();
    let judged_as = format!("judged={}", judged.display());
    let n = if asked.long { 4_000_000 } else { 1_000_000 };
    let runtime = tokio::runtime::Runtime::new().unwrap();
    for (what, bytes) in hostile_files(&model, n) {
        // A server of its own for each: the highest is never given back.
        let server = Start::new(&asked.server, &model, &[&SMALL[..], &["--model", &judged_as]].concat()).start();
        fs::File::create(&judged).unwrap().write_all(&bytes).unwrap();
        let admin = server.admin.unwrap();
        let load = |name: &str| post(&format!("/v2/repository/models/{name}/load"), "{}");
        let (judging, other) = (load("judged"), load("boston"));
        let ((took, status), slowest, loads) = runtime.block_on(async {
            let judged = tokio::spawn(async move {
                let began = Instant::now();
                let status = Client::connect(admin).await.unwrap().ask(&judging).await.unwrap().status;
                (began.elapsed(), status)
            });
            let (mut slowest, mut loads) = (Duration::ZERO, 0);
            let mut client = Client::connect(admin).await.unwrap();
            while !judged.is_finished() {
                let began = Instant::now();
                let status = client.ask(&other).await.unwrap().status;
                assert_eq!(status, 200, "a load of another model");
                (slowest, loads) = (slowest.max(began.elapsed()), loads + 1);
            }
            (judged.await.unwrap(), slowest, loads)
        });
        let mib = bytes.len() as f64 / f64::from(1 << 20);
        report.figure(format!("{what}, {mib:.1} MiB: {status} after {}", ms(took)));
        let slowest_text = format!("{loads} loads of another model meanwhile, the slowest {}", ms(slowest));
        report.promise_if(asked.long, slowest <= LOADED, slowest_text);
        memory_holds(&server, what, report);
        fs::write(&judged, &sound).unwrap();
    }
}
