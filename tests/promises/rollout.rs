//! A rollout rehearsed: servers replaced one after the other under clients that keep connections and never retry. Two
//! ways of finding a server: a proxy, and an own list that changes some time after the fact, as endpoints do.

use std::net::SocketAddr;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use super::Asked;
use super::client::{Client, predict};
use super::load::Dice;
use super::proxy::{Layer, Proxy, free_address};
use super::report::Report;
use super::server::{DEMO, Server, Start, train};

const CLIENTS: usize = 16;

/// Requests a cycle at least.
const REQUESTS: u64 = 20_000;

/// The waits of a rollout at scale 1: the server's defaults, and clients as slow as they allow.
#[derive(Clone, Copy)]
struct Times {
    lame_duck: Duration,
    hard_stop: Duration,
    /// The latest that a client hears of a change.
    lag: Duration,
    /// The longest that a client thinks.
    think: Duration,
    /// The maximum age of a connection; none is the server's default.
    age: Option<Duration>,
}

impl Times {
    fn scaled(factor: f64) -> Self {
        let seconds = |s: f64| Duration::from_secs_f64(s * factor);
        let (lame_duck, hard_stop) = (seconds(5.0), seconds(15.0));
        Self { lame_duck, hard_stop, lag: seconds(2.0), think: seconds(8.0), age: None }
    }
}

/// Where clients find servers.
enum Directory {
    /// Always there.
    Proxy(SocketAddr),
    /// Servers, when each came and went.
    Endpoints(Mutex<Vec<Endpoint>>),
}

#[derive(Clone)]
struct Endpoint {
    address: SocketAddr,
    came: Instant,
    went: Option<Instant>,
}

impl Directory {
    /// A server, as a client sees it who hears of changes `lag` late.
    fn choose(&self, lag: Duration, dice: &mut Dice) -> SocketAddr {
        match self {
            Self::Proxy(address) => *address,
            Self::Endpoints(all) => {
                let seen = Instant::now().checked_sub(lag).unwrap();
                let is_seen = |e: &&Endpoint| e.came <= seen && e.went.is_none_or(|went| went > seen);
                let all = all.lock().unwrap();
                let seen: Vec<_> = all.iter().filter(is_seen).collect();
                #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "an index")]
                let at = (dice.part() * seen.len() as f64) as usize;
                seen[at].address
            }
        }
    }
}

/// What clients have seen.
#[derive(Default)]
struct Tally {
    answered: AtomicU64,
    failed: Mutex<Vec<String>>,
    is_over: AtomicBool,
}

/// Requests on kept connections until it is over. A third of the clients think not at all, a third 10 ms, a third for
/// up to 8 s, at the rollout's scale.
async fn ask(number: usize, directory: Arc<Directory>, times: Times, tally: Arc<Tally>) {
    let began = Instant::now();
    let mut dice = Dice(number as u64);
    let request = predict(1);
    let mut kept: Option<Client> = None;
    while !tally.is_over.load(Ordering::Relaxed) {
        match number % 3 {
            0 => {}
            1 => tokio::time::sleep(Duration::from_millis(10)).await,
            _ => tokio::time::sleep(times.think.mul_f64(dice.part())).await,
        }
        // A fresh lag each time is the worst of all clients' in one.
        let lag = times.lag.mul_f64(dice.part());
        let outcome = async {
            let mut client = match kept.take() {
                Some(client) => client,
                None => Client::connect(directory.choose(lag, &mut dice)).await?,
            };
            client.ask(&request).await.map(|answer| (client, answer))
        };
        match outcome.await {
            Ok((client, answer)) if answer.status == 200 => {
                tally.answered.fetch_add(1, Ordering::Relaxed);
                kept = (!answer.closes()).then_some(client);
            }
            Ok((_, answer)) => {
                // The body tells whose answer it is: ours, or the proxy's for want of a server.
                let body: String = String::from_utf8_lossy(&answer.body).chars().take(80).collect();
                let at = began.elapsed().as_secs_f64();
                tally.failed.lock().unwrap().push(format!("client {number} at {at:.1} s: {} {body:?}", answer.status));
            }
            Err(error) => tally.failed.lock().unwrap().push(format!("client {number}: {error}")),
        }
    }
}

/// Clients at work on threads of their own while servers come and go.
struct Clients {
    tally: Arc<Tally>,
    runtime: tokio::runtime::Runtime,
    tasks: Vec<tokio::task::JoinHandle<()>>,
}

impl Clients {
    fn start(directory: &Arc<Directory>, times: Times) -> Self {
        let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build().unwrap();
        let tally = Arc::new(Tally::default());
        let one = |i| runtime.spawn(ask(i, Arc::clone(directory), times, Arc::clone(&tally)));
        let tasks = (0..CLIENTS).map(one).collect();
        Self { tally, runtime, tasks }
    }

    fn wait_for(&self, answered: u64) {
        while self.tally.answered.load(Ordering::Relaxed) < answered {
            std::thread::sleep(Duration::from_millis(5));
        }
    }

    /// Ends every client after its present request: answers, and what failed.
    fn end(self) -> (u64, Vec<String>) {
        self.tally.is_over.store(true, Ordering::Relaxed);
        self.runtime.block_on(async {
            for task in self.tasks {
                task.await.unwrap();
            }
        });
        (self.tally.answered.load(Ordering::Relaxed), std::mem::take(&mut self.tally.failed.lock().unwrap()))
    }
}

/// Five cycles at a quarter of the times, or a hundred at the server's own.
fn measure(asked: &Asked) -> (usize, Times) {
    let (cycles, scale) = if asked.long { (100, 1.0) } else { (5, 0.25) };
    (asked.cycles.unwrap_or(cycles), Times::scaled(asked.scale.unwrap_or(scale)))
}

fn start(asked: &Asked, model: &std::path::Path, times: Times, address: SocketAddr) -> Server {
    let millis = |time: Duration| format!("{}ms", time.as_millis());
    let words = [
        ["--lame-duck", &millis(times.lame_duck)],
        ["--hard-stop", &millis(times.hard_stop)],
        ["--bind", &address.to_string()],
    ];
    let age = times.age.map(|age| ["--max-connection-age".to_owned(), millis(age)]);
    let age: Vec<&str> = age.iter().flatten().map(String::as_str).collect();
    Start::new(&asked.server, model, &[words.as_flattened(), &age].concat()).start()
}

/// Ends a server as a rollout does: exit code and time.
fn replace(mut old: Server, times: Times) -> (Option<i32>, Duration) {
    let signalled = Instant::now();
    old.signal("TERM");
    let code = old.exit(times.hard_stop + Duration::from_secs(5));
    (code, signalled.elapsed())
}

/// Lets the clients ask as often as is promised, and tells what became of the whole rollout.
fn judge(report: &mut Report, cycles: usize, clients: Clients, exits: &[(Option<i32>, Duration)], times: Times) {
    clients.wait_for(REQUESTS * cycles as u64);
    let (answered, failed) = clients.end();
    for what in failed.iter().take(10) {
        report.figure(what);
    }
    let slowest = exits.iter().map(|(_, took)| *took).max().unwrap_or_default();
    let n = answered + failed.len() as u64;
    report.promise(failed.is_empty(), format!("{} of {n} requests failed in {cycles} cycles", failed.len()));
    report.promise(n >= REQUESTS * cycles as u64, format!("{n} requests, at least {REQUESTS} a cycle"));
    report.promise(exits.iter().all(|(code, _)| *code == Some(0)), "every server ended with 0");
    let limit = times.hard_stop + Duration::from_secs(1);
    let (took, limit_s) = (slowest.as_secs_f64(), limit.as_secs_f64());
    report.promise(slowest <= limit, format!("the slowest drain took {took:.1} s, at most {limit_s:.1} s"));
}

/// The age that makes nearly every client of a rollout change its connection in each cycle.
const YOUNG: Option<Duration> = Some(Duration::from_secs(2));

/// Clients with a list of endpoints that is up to two seconds old.
pub(crate) fn lag(asked: &Asked, report: &mut Report) {
    rehearse_lag(asked, None, report);
}

/// The same with connections that live for two seconds.
pub(crate) fn lag_aging(asked: &Asked, report: &mut Report) {
    rehearse_lag(asked, YOUNG, report);
}

fn rehearse_lag(asked: &Asked, age: Option<Duration>, report: &mut Report) {
    let (cycles, mut times) = measure(asked);
    times.age = age;
    let home = tempfile::tempdir().unwrap();
    let model = train(&asked.server, home.path(), "demo", &DEMO);
    let any: SocketAddr = ([127, 0, 0, 1], 0).into();
    let mut servers: std::collections::VecDeque<_> = (0..2).map(|_| start(asked, &model, times, any)).collect();
    let long_ago = Instant::now().checked_sub(times.lag).unwrap();
    let first = servers.iter().map(|s| Endpoint { address: s.address, came: long_ago, went: None }).collect();
    let directory = Arc::new(Directory::Endpoints(Mutex::new(first)));
    let Directory::Endpoints(endpoints) = &*directory else { return };
    let clients = Clients::start(&directory, times);
    let mut exits = Vec::new();
    for cycle in 0..cycles {
        clients.wait_for(REQUESTS * cycle as u64);
        let new = start(asked, &model, times, any);
        let old = servers.pop_front().unwrap();
        {
            let mut endpoints = endpoints.lock().unwrap();
            let now = Instant::now();
            endpoints.push(Endpoint { address: new.address, came: now, went: None });
            endpoints.iter_mut().filter(|e| e.address == old.address).for_each(|e| e.went = Some(now));
        }
        servers.push_back(new);
        exits.push(replace(old, times));
        endpoints.lock().unwrap().retain(|e| e.went.is_none_or(|went| went.elapsed() < times.lag * 2));
    }
    judge(report, cycles, clients, &exits, times);
}

/// haproxy, which asks `/readyz` several times in a lame-duck.
pub(crate) fn behind_proxy(asked: &Asked, report: &mut Report) {
    rehearse_proxy(asked, None, report);
}

/// The same with connections that live for two seconds.
pub(crate) fn behind_proxy_aging(asked: &Asked, report: &mut Report) {
    rehearse_proxy(asked, YOUNG, report);
}

fn rehearse_proxy(asked: &Asked, age: Option<Duration>, report: &mut Report) {
    let (cycles, mut times) = measure(asked);
    times.age = age;
    let home = tempfile::tempdir().unwrap();
    let model = train(&asked.server, home.path(), "demo", &DEMO);
    let addresses = [free_address(), free_address()];
    let mut servers: Vec<_> = addresses.iter().map(|a| Some(start(asked, &model, times, *a))).collect();
    let proxy = Proxy::start(home.path(), &addresses, times.lame_duck / 5, Layer::Requests);
    (0..2).for_each(|i| proxy.wait_for(i));
    let clients = Clients::start(&Arc::new(Directory::Proxy(proxy.address)), times);
    let mut exits = Vec::new();
    for cycle in 0..cycles {
        clients.wait_for(REQUESTS * cycle as u64);
        let i = cycle % 2;
        exits.push(replace(servers[i].take().unwrap(), times));
        servers[i] = Some(start(asked, &model, times, addresses[i]));
        proxy.wait_for(i);
    }
    judge(report, cycles, clients, &exits, times);
}
