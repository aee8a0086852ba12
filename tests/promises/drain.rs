//! SIGTERM while clients are half way: heads, bodies, whole requests. The order of a drain's steps and its smaller cases
//! are tests/it/serve/drain.rs's; here the process and its exit code are real.

use std::time::{Duration, Instant};

use super::Asked;
use super::client::{Client, houses, predict};
use super::report::Report;
use super::server::{DEMO, Server, Start, train};

const LAME_DUCK: Duration = Duration::from_millis(800);
const HARD_STOP: Duration = Duration::from_millis(2_400);

/// Connections of each kind.
const EACH: usize = 20;

/// What half-way clients have sent.
#[derive(Clone, Copy, PartialEq)]
enum Half {
    /// Less than a head.
    Head,
    /// A head and less than its body.
    Body,
    /// A whole request, whose answer nobody reads until the signal has come.
    Nothing,
}

pub(crate) fn drain(asked: &Asked, report: &mut Report) {
    let home = tempfile::tempdir().unwrap();
    let model = train(&asked.server, home.path(), "demo", &DEMO);
    let runtime = tokio::runtime::Runtime::new().unwrap();
    let rounds = asked.cycles.unwrap_or(if asked.long { 20 } else { 2 });
    for round in 0..rounds {
        for mix in [&[Half::Head][..], &[Half::Body], &[Half::Head, Half::Body, Half::Nothing]] {
            let server = start(asked, &model);
            runtime.block_on(half_way(server, mix, round, report));
        }
    }
    runtime.block_on(at_once(asked, &model, report));
}

fn start(asked: &Asked, model: &std::path::Path) -> Server {
    let millis = |time: Duration| format!("{}ms", time.as_millis());
    let words = [["--lame-duck", &millis(LAME_DUCK)], ["--hard-stop", &millis(HARD_STOP)]];
    Start::new(&asked.server, model, words.as_flattened()).start()
}

/// Signals a server with half-way clients; all that is owed must be answered, and the process gone in time, with 0.
async fn half_way(mut server: Server, mix: &[Half], round: usize, report: &mut Report) {
    let mut clients = Vec::new();
    for kind in mix.iter().flat_map(|kind| [*kind; EACH]) {
        let mut client = Client::connect(server.address).await.unwrap();
        send_half(&mut client, kind, clients.len() + round).await;
        clients.push((kind, client));
    }
    // One whole exchange behind them on the same listener: all of the above has been accepted.
    Client::connect(server.address).await.unwrap().ask(&predict(1)).await.unwrap();
    let signalled = Instant::now();
    server.signal("TERM");
    let waiting: Vec<_> = clients.into_iter().map(|(kind, c)| tokio::spawn(outcome(kind, c))).collect();
    let mut wrong = Vec::new();
    for client in waiting {
        wrong.extend(client.await.unwrap().err());
    }
    let code = tokio::task::block_in_place(|| server.exit(HARD_STOP + Duration::from_secs(5)));
    let took = signalled.elapsed();
    let what = mix.iter().map(|kind| kind.name()).collect::<Vec<_>>().join(" and ");
    for text in wrong.iter().take(5) {
        report.figure(text);
    }
    let holds = wrong.is_empty() && code == Some(0) && took <= HARD_STOP + Duration::from_secs(1);
    let (took, limit) = (took.as_secs_f64(), HARD_STOP.as_secs_f64());
    report.promise(holds, format!("{what}: exit code {code:?} after {took:.2} s (hard stop {limit:.2} s)"));
}

impl Half {
    fn name(self) -> &'static str {
        match self {
            Self::Head => "half-sent heads",
            Self::Body => "half-sent bodies",
            Self::Nothing => "whole requests",
        }
    }
}

async fn send_half(client: &mut Client, kind: Half, number: usize) {
    use tokio::io::AsyncWriteExt as _;
    let whole = predict(50);
    let head = memchr::memmem::find(&whole, b"\r\n\r\n").unwrap();
    let end = match kind {
        Half::Head => 1 + number % head,
        Half::Body => head + 4 + number % 1_000,
        Half::Nothing => whole.len(),
    };
    client.socket.write_all(&whole[..end]).await.unwrap();
}

/// A half-sent head is closed without a word, a half-sent body gets a 408, a whole request its answer.
async fn outcome(kind: Half, mut client: Client) -> Result<(), String> {
    match (kind, client.answer().await) {
        (Half::Head, Err(_)) => Ok(()),
        (Half::Body, Ok(answer)) if answer.status == 408 => Ok(()),
        (Half::Nothing, Ok(answer)) if answer.status == 200 => Ok(()),
        (_, Ok(answer)) => Err(format!("{} got {}", kind.name(), answer.status)),
        (_, Err(error)) => Err(format!("{} got {error}", kind.name())),
    }
}

/// A second signal ends the process at once, with the signal's code.
async fn at_once(asked: &Asked, model: &std::path::Path, report: &mut Report) {
    use tokio::io::AsyncWriteExt as _;
    let mut server = start(asked, model);
    let mut client = Client::connect(server.address).await.unwrap();
    let body = houses(50);
    let head = format!("POST /predict HTTP/1.1\r\nHost: promises\r\nContent-Length: {}\r\n\r\n", body.len());
    client.socket.write_all(head.as_bytes()).await.unwrap();
    server.signal("TERM");
    let signalled = Instant::now();
    while !is_draining(&server).await {
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    server.signal("TERM");
    let code = tokio::task::block_in_place(|| server.exit(HARD_STOP));
    let took = signalled.elapsed();
    let holds = code == Some(143) && took < LAME_DUCK;
    report.promise(holds, format!("a second signal: exit code {code:?} after {:.3} s", took.as_secs_f64()));
}

async fn is_draining(server: &Server) -> bool {
    let mut client = Client::connect(server.address).await.unwrap();
    client.ask(&super::client::get("/readyz")).await.unwrap().status == 503
}
