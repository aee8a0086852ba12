//! Every connection on the widest page of a wide model, and nobody reads: whether memory stays below what was printed.

use std::fmt::Write as _;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::{Duration, Instant};

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpSocket;
use tokio::task::JoinSet;

use super::Asked;
use super::client::get;
use super::memory::{CONNECTIONS, may_open, open_connections};
use super::report::Report;
use super::server::{Server, Start};

/// Columns of the model.
const WIDTH: usize = 5_000;

/// Connections in the short form.
const FEW: usize = 512;

/// Its pages, the widest first.
const PAGES: [&str; 5] = ["/openapi.json", "/models/wide", "/metrics", "/v2/models/wide", "/"];

pub(crate) fn pages(asked: &Asked, report: &mut Report) {
    let home = tempfile::tempdir().unwrap();
    let model = wide(&asked.server, home.path());
    let connections = if asked.long { CONNECTIONS } else { FEW };
    if !may_open(connections + 500) {
        return report.promise_if(asked.long, false, "the open-files limit leaves no room for the connections");
    }
    let runtime = tokio::runtime::Runtime::new().unwrap();
    let time = Duration::from_secs(if asked.long { 20 } else { 3 });
    let mib = |bytes: u64| bytes as f64 / f64::from(1 << 20);
    for page in PAGES {
        // A server of its own for each: the highest is never given back.
        let words = ["--write-timeout", "2m", "--admin-bind", "127.0.0.1:0"];
        let server = Start::new(&asked.server, &model, &words).start();
        let (open, got) = runtime.block_on(crowd(&server, page, connections, time));
        let (now, highest) = server.memory();
        let text = format!(
            "{page}: {open} open, {got} of them being sent it; highest {:.1} MiB, at the end {:.1}; {:.1} printed",
            mib(highest),
            mib(now),
            mib(server.bound())
        );
        report.promise(highest <= server.bound() && got > 0, text);
        report.promise_if(asked.long, open >= connections as f64, "every connection was open at once");
    }
}

/// Trains a model of many columns.
fn wide(binary: &Path, directory: &Path) -> PathBuf {
    let (data, model) = (directory.join("wide.csv"), directory.join("wide.model"));
    let mut csv: String = (0..WIDTH).map(|column| format!("c{column}")).collect::<Vec<_>>().join(",") + ",y\n";
    for row in 0..100_usize {
        (0..WIDTH).for_each(|column| write!(csv, "{}.{:03},", row % 7, (row * 7_919 + column * 31) % 997).unwrap());
        writeln!(csv, "{}", row % 7).unwrap();
    }
    std::fs::write(&data, csv).unwrap();
    let words = ["train", "--target", "y", "--algorithm", "decision-tree", "--folds", "0", "--data"];
    let trained = Command::new(binary).args(words).arg(&data).arg("-o").arg(&model).output().unwrap();
    assert!(trained.status.success(), "{}", String::from_utf8_lossy(&trained.stderr));
    model
}

/// Asks on every connection; the most that were open at once, and how many were being sent the page.
async fn crowd(server: &Server, page: &'static str, connections: usize, time: Duration) -> (f64, usize) {
    let end = Instant::now() + time;
    let mut all = JoinSet::new();
    for _ in 0..connections {
        all.spawn(deaf(server.address, page, end));
    }
    let mut open: f64 = 0.0;
    while Instant::now() + Duration::from_secs(1) < end {
        tokio::time::sleep(Duration::from_millis(500)).await;
        open = open.max(open_connections(server.admin.unwrap()).await);
    }
    (open, all.join_all().await.into_iter().filter(|got| *got).count())
}

/// Asks, reads the status and no more, and asks again after a refusal; true when it was being sent the page.
async fn deaf(address: SocketAddr, page: &str, end: Instant) -> bool {
    let asking = async {
        loop {
            let socket = TcpSocket::new_v4().unwrap();
            socket.set_recv_buffer_size(4 << 10).unwrap();
            let Ok(mut socket) = socket.connect(address).await else { continue };
            let mut status = [0; 12];
            if socket.write_all(&get(page)).await.is_err() || socket.read_exact(&mut status).await.is_err() {
                continue;
            }
            if &status[9..] == b"200" {
                return socket;
            }
        }
    };
    let socket = tokio::time::timeout_at(end.into(), asking).await;
    tokio::time::sleep_until(end.into()).await;
    socket.is_ok()
}
