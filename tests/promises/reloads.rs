//! A model replaced again and again under load: every answer is wholly of one version, and of the one that it names.

use std::collections::HashMap;
use std::net::SocketAddr;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use serde_json::Value;

use super::Asked;
use super::client::{Client, post, predict};
use super::report::Report;
use super::server::{Server, Start, train};

/// Clients, and rows of each of their requests.
const CLIENTS: usize = 8;
const ROWS: usize = 64;

/// What the process may grow by between the first tenth of the reloads and the last one.
const FLAT: i64 = 4 << 20;

/// What each version answers.
type Expected = Arc<HashMap<String, Value>>;

pub(crate) fn reloads(asked: &Asked, report: &mut Report) {
    let n = asked.cycles.unwrap_or(if asked.long { 10_000 } else { 200 });
    let home = tempfile::tempdir().unwrap();
    let variants = ["1", "2"].map(|seed| {
        let words = ["--algorithm", "extra-trees", "--trees", "60", "--min-samples-leaf", "2", "--seed", seed];
        std::fs::read(train(&asked.server, home.path(), seed, &words)).unwrap()
    });
    let file = home.path().join("served.model");
    std::fs::write(&file, &variants[0]).unwrap();
    let server = Start::new(&asked.server, &file, &["--admin-bind", "127.0.0.1:0"]).start();
    let tasks = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build().unwrap();
    let (asked_for, wrong, growth) = tasks.block_on(replace(&server, &file, &variants, n));
    for what in wrong.iter().take(5) {
        report.figure(what);
    }
    let text = format!("{} of {asked_for} answers under {n} reloads mixed, wrong or failed", wrong.len());
    report.promise(wrong.is_empty() && asked_for > n / 2, text);
    let text = format!("memory grew by {} kB after the first tenth, at most {} kB", growth >> 10, FLAT >> 10);
    report.promise(growth <= FLAT, text);
}

/// Replaces the file and has it loaded, `n` times: answers meanwhile, what was wrong with them, growth in bytes.
async fn replace(server: &Server, file: &Path, variants: &[Vec<u8>; 2], n: usize) -> (usize, Vec<String>, i64) {
    let mut admin = Client::connect(server.admin.unwrap()).await.unwrap();
    let mut expected = HashMap::new();
    for variant in [1, 0] {
        load(&mut admin, file, &variants[variant]).await;
        let mut client = Client::connect(server.address).await.unwrap();
        let answer = client.ask(&predict(ROWS)).await.unwrap();
        let answer: Value = serde_json::from_slice(&answer.body).unwrap();
        expected.insert(answer["version"].as_str().unwrap().to_owned(), answer["prediction"].clone());
    }
    assert_eq!(expected.len(), 2);
    let (expected, is_over) = (Arc::new(expected), Arc::new(AtomicBool::new(false)));
    let clients: Vec<_> =
        (0..CLIENTS).map(|_| tokio::spawn(ask(server.address, Arc::clone(&expected), Arc::clone(&is_over)))).collect();
    let mut early = 0;
    for i in 0..n {
        load(&mut admin, file, &variants[(i + 1) % 2]).await;
        if i == n / 10 {
            early = server.memory().0;
        }
    }
    let growth = i64::try_from(server.memory().0).unwrap() - i64::try_from(early).unwrap();
    is_over.store(true, Ordering::Relaxed);
    let (mut answers, mut wrong) = (0, Vec::new());
    for client in clients {
        let (n, faults) = client.await.unwrap();
        answers += n;
        wrong.extend(faults);
    }
    (answers, wrong, growth)
}

/// As a volume does it: a new file in the old one's place. Then the operator's route.
async fn load(admin: &mut Client, file: &Path, bytes: &[u8]) {
    let new = file.with_extension("new");
    std::fs::write(&new, bytes).unwrap();
    std::fs::rename(&new, file).unwrap();
    let answer = admin.ask(&post("/v2/repository/models/boston/load", "")).await.unwrap();
    assert_eq!(answer.status, 200, "{}", String::from_utf8_lossy(&answer.body));
}

/// Asks until it is over: how often, and every answer that is not what its version says.
async fn ask(address: SocketAddr, expected: Expected, is_over: Arc<AtomicBool>) -> (usize, Vec<String>) {
    let (mut n, mut wrong) = (0, Vec::new());
    let request = predict(ROWS);
    let mut client = Client::connect(address).await.unwrap();
    while !is_over.load(Ordering::Relaxed) {
        n += 1;
        match client.ask(&request).await {
            Ok(answer) => wrong.extend(fault(answer.status, &answer.body, &expected)),
            Err(error) => {
                wrong.push(error.to_string());
                client = Client::connect(address).await.unwrap();
            }
        }
        tokio::time::sleep(Duration::from_millis(1)).await;
    }
    (n, wrong)
}

fn fault(status: u16, body: &[u8], expected: &HashMap<String, Value>) -> Option<String> {
    let answer: Value = serde_json::from_slice(body).unwrap_or_default();
    let version = answer["version"].as_str().unwrap_or_default();
    let is_right = status == 200 && expected.get(version) == Some(&answer["prediction"]);
    (!is_right).then(|| format!("status {status}, version {version:?}: not what that version answers"))
}
