//! Every limit at 100 % at once: connections, long heads, bodies, the compute queue, answers that nobody reads, a model
//! that is reloaded; and whether memory stayed below what was printed at start.

use std::fs;
use std::io::Write as _;
use std::net::SocketAddr;
use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant};

use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
use tokio::io::AsyncWriteExt as _;
use tokio::net::{TcpSocket, TcpStream};
use tokio::task::JoinSet;

use super::Asked;
use super::client::{Client, get, houses, post};
use super::report::Report;
use super::server::{DEMO, Server, Start, train};

/// The default cap.
pub(crate) const CONNECTIONS: usize = 4_096;

/// Connections with a head of 60 KiB that is not complete: 14 MiB of the budget.
const LONG_HEADS: usize = 100;

/// Connections with a body of 2 MiB that is not complete: they fill what is left of the budget, and wait for more. One that
/// waits in vain gets a 503 and is closed; it comes back at once.
const BODIES: usize = 40;

/// Connections that ask for 10,000 rows again and again and read no answer.
const DEAF: usize = 100;

/// Connections that ask for 10,000 rows, in every form, and read the answers.
const BUSY: usize = 60;

/// Longer than the scenario: what was reached stays.
const PATIENT: [&str; 10] = [
    "--header-timeout",
    "2m",
    "--body-timeout",
    "2m",
    "--write-timeout",
    "2m",
    "--compute-timeout",
    "2m",
    "--admin-bind",
    "127.0.0.1:0",
];

pub(crate) fn memory(asked: &Asked, report: &mut Report) {
    let home = tempfile::tempdir().unwrap();
    let model = train(&asked.server, home.path(), "demo", &DEMO);
    let other = train(&asked.server, home.path(), "other", &[&DEMO[..], &["--seed", "7"]].concat());
    if !may_open(CONNECTIONS + 500) {
        return report.promise_if(asked.long, false, "the open-files limit leaves no room for the connections");
    }
    let server = Start::new(&asked.server, &model, &PATIENT).start();
    let runtime = tokio::runtime::Runtime::new().unwrap();
    let time = Duration::from_secs(if asked.long { 60 } else { 10 });
    let connections = runtime.block_on(crowd(&server, &model, &other, time));
    report.promise_if(asked.long, connections >= CONNECTIONS as f64, format!("{connections} connections open at once"));
    let (mib, (now, highest)) = (|bytes: u64| bytes as f64 / f64::from(1 << 20), server.memory());
    let text = format!(
        "highest {:.1} MiB, at the end {:.1} MiB; {:.1} MiB was the bound printed at start",
        mib(highest),
        mib(now),
        mib(server.bound())
    );
    // A debug build's own pages are not in the bound.
    report.promise_if(asked.long, highest <= server.bound(), text);
    report.promise_if(asked.long, server.bound() <= 136 << 20, "that bound is at most 136 MiB");
}

/// Raises this process's limit of open files; true when there is room for `files`.
pub(crate) fn may_open(files: usize) -> bool {
    let Rlimit { maximum, .. } = getrlimit(Resource::Nofile);
    let _ = setrlimit(Resource::Nofile, Rlimit { current: maximum, maximum });
    getrlimit(Resource::Nofile).current.is_none_or(|limit| limit >= files as u64)
}

/// Fills everything, keeps it full for `time`; the most connections that were open at once.
async fn crowd(server: &Server, model: &Path, other: &Path, time: Duration) -> f64 {
    let end = Instant::now() + time;
    let (address, admin) = (server.address, server.admin.unwrap());
    let mut all = JoinSet::new();
    let requests: Arc<Vec<Vec<u8>>> = Arc::new(large_requests());
    for i in 0..BUSY {
        all.spawn(busy(address, Arc::clone(&requests), i, end));
    }
    for i in 0..DEAF {
        all.spawn(deaf(address, Arc::clone(&requests), i, end));
    }
    for _ in 0..LONG_HEADS {
        all.spawn(half(address, long_head(), end));
    }
    for _ in 0..BODIES {
        all.spawn(half(address, most_of_a_body(), end));
    }
    for _ in BUSY + DEAF + LONG_HEADS + BODIES..CONNECTIONS {
        all.spawn(half(address, b"GET /livez HTTP/1.1\r\nHost: promises\r\n\r\nGET /li".to_vec(), end));
    }
    let models = [fs::read(model).unwrap(), fs::read(other).unwrap()];
    let mut connections: f64 = 0.0;
    for round in 0.. {
        if Instant::now() + Duration::from_secs(1) > end {
            break;
        }
        // Another model, under the same name.
        fs::write(model.with_extension("new"), &models[(round + 1) % 2]).unwrap();
        fs::rename(model.with_extension("new"), model).unwrap();
        server.signal("HUP");
        tokio::time::sleep(Duration::from_millis(500)).await;
        connections = connections.max(open_connections(admin).await);
    }
    all.join_all().await;
    connections
}

/// 10,000 rows in every form that a client may choose, short cells and long ones.
fn large_requests() -> Vec<Vec<u8>> {
    const ROWS: usize = 10_000;
    let json = houses(ROWS);
    let columns = ["CHAS", "RM", "TAX", "PTRATIO", "B", "LSTAT"]
        .map(|name| format!("\"{name}\":[{}]", vec!["5"; ROWS].join(",")));
    let labelled = ["CHAS", "RM", "TAX", "PTRATIO", "B", "LSTAT"].map(|name| {
        let cells: Vec<String> = (0..ROWS).map(|i| format!("\"{i}\":5")).collect();
        format!("\"{name}\":{{{}}}", cells.join(","))
    });
    let mut gzip = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::default());
    gzip.write_all(json.as_bytes()).unwrap();
    let mut csv = "CHAS,RM,TAX,PTRATIO,B,LSTAT\n".to_owned();
    csv.push_str(&"1,5,5,5,5,5\n".repeat(ROWS));
    let with = |field: &str, body: &[u8]| {
        let head =
            format!("POST /predict HTTP/1.1\r\nHost: promises\r\n{field}\r\nContent-Length: {}\r\n\r\n", body.len());
        [head.as_bytes(), body].concat()
    };
    let tensor = format!(
        r#"{{"inputs":[{{"name":"x","shape":[{ROWS},6],"datatype":"UINT8","data":[{}]}}]}}"#,
        vec!["5"; 6 * ROWS].join(",")
    );
    let lines = r#"{"CHAS":1,"RM":5,"TAX":5,"PTRATIO":5,"B":5,"LSTAT":5}"#.to_owned() + "\n";
    vec![
        with("Content-Type: application/json", json.as_bytes()),
        post("/predict", &format!("{{{}}}", columns.join(","))),
        post("/predict", &format!("{{{}}}", labelled.join(","))),
        with("Content-Encoding: gzip", &gzip.finish().unwrap()),
        with("Content-Type: text/csv", csv.as_bytes()),
        post("/v2/models/boston/infer", &tensor),
        with("Content-Type: application/x-ndjson", lines.repeat(ROWS).as_bytes()),
        with("Content-Type: application/json", &b"[".repeat(2 << 20)),
    ]
}

/// Asks and reads until the end, whatever is answered.
async fn busy(address: SocketAddr, requests: Arc<Vec<Vec<u8>>>, i: usize, end: Instant) {
    let mut n = i;
    while Instant::now() < end {
        let Ok(mut client) = Client::connect(address).await else { continue };
        while Instant::now() < end {
            n += 1;
            let Ok(answer) = client.ask(&requests[n % requests.len()]).await else { break };
            if answer.closes() {
                break;
            }
        }
    }
}

/// Asks and reads nothing: small buffers, so that the server cannot get rid of its answers.
async fn deaf(address: SocketAddr, requests: Arc<Vec<Vec<u8>>>, i: usize, end: Instant) {
    let socket = TcpSocket::new_v4().unwrap();
    socket.set_recv_buffer_size(4 << 10).unwrap();
    let Ok(mut socket) = socket.connect(address).await else { return };
    let asking = async {
        for n in i.. {
            if socket.write_all(&requests[n % requests.len()]).await.is_err() {
                break;
            }
        }
    };
    let _ = tokio::time::timeout_at(end.into(), asking).await;
    tokio::time::sleep_until(end.into()).await;
}

/// Sends a part of a request and waits; begins again when the server closes the connection.
async fn half(address: SocketAddr, part: Vec<u8>, end: Instant) {
    let again = async {
        loop {
            let Ok(mut socket) = TcpStream::connect(address).await else { continue };
            let _ = socket.write_all(&part).await;
            let _ = tokio::io::copy(&mut socket, &mut tokio::io::sink()).await;
        }
    };
    let _ = tokio::time::timeout_at(end.into(), again).await;
}

fn long_head() -> Vec<u8> {
    let mut head = b"GET /livez HTTP/1.1\r\nHost: promises\r\n".to_vec();
    while head.len() < 60 << 10 {
        head.extend_from_slice(format!("X-{}: {}\r\n", head.len(), "a".repeat(1_000)).as_bytes());
    }
    head
}

fn most_of_a_body() -> Vec<u8> {
    let body = vec![b' '; (2 << 20) - 1];
    let head = format!("POST /predict HTTP/1.1\r\nHost: promises\r\nContent-Length: {}\r\n\r\n", body.len() + 1);
    [head.as_bytes(), &body].concat()
}

pub(crate) async fn open_connections(admin: SocketAddr) -> f64 {
    let mut client = Client::connect(admin).await.unwrap();
    let text = String::from_utf8(client.ask(&get("/metrics")).await.unwrap().body).unwrap();
    let line = text.lines().find_map(|line| line.strip_prefix("smartserve_http_connections "));
    line.and_then(|value| value.parse().ok()).unwrap_or(0.0)
}
