//! Small requests beside huge ones, and probes beside both.

use std::sync::Arc;
use std::time::{Duration, Instant};

use super::Asked;
use super::client::{Client, get, predict};
use super::load::{Ask, closed_loop};
use super::machine;
use super::report::{Report, median, ms, quantile};
use super::server::{DEMO, Start, train};

/// Rows of a huge request: as many as are allowed.
const MANY: usize = 10_000;

/// Clients that send huge requests, one after the other.
const NEIGHBOURS: usize = 4;

/// p99 of one row beside huge requests, over p99 alone.
const NOTICED: f64 = 3.0;

/// The longest that a probe may wait.
const PROBE: Duration = Duration::from_millis(50);

fn seconds(asked: &Asked, long: u64) -> Duration {
    Duration::from_secs(if asked.long { long } else { 2 })
}

/// One-row requests, alone and beside neighbours with 10,000 rows.
pub(crate) fn neighbours(asked: &Asked, report: &mut Report) {
    let home = tempfile::tempdir().unwrap();
    let model = train(&asked.server, home.path(), "demo", &DEMO);
    let server = Start::new(&asked.server, &model, &[]).start();
    let runtime = || tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let tasks = runtime();
    // The clients whose latency counts wait for no other client.
    machine::be_nice(-15);
    let ask = |rows: usize| Ask {
        address: server.address,
        request: Arc::new(predict(rows)),
        warm_up: Duration::from_millis(300),
        time: seconds(asked, 8),
    };
    let (one, many) = (ask(1), ask(MANY));
    let mut ratios = Vec::new();
    for _ in 0..asked.cycles.unwrap_or(if asked.long { 5 } else { 1 }) {
        let pause = Duration::from_millis(5);
        let mut alone = tasks.block_on(closed_loop(&one, 4, pause));
        let huge = std::thread::spawn({
            let (many, tasks) = (many.clone(), runtime());
            move || {
                machine::be_nice(10);
                tasks.block_on(closed_loop(&many, NEIGHBOURS, pause))
            }
        });
        let mut beside = tasks.block_on(closed_loop(&one, 4, pause));
        let huge = huge.join().unwrap();
        let failed = alone.failed.len() + beside.failed.len() + huge.failed.len() + beside.refused.len();
        report.promise(failed == 0, format!("{failed} of {} one-row requests not answered", beside.answered.len()));
        let [p99, noticed] = [&mut alone, &mut beside].map(|load| quantile(&mut load.answered, 0.99));
        ratios.push(noticed.as_secs_f64() / p99.as_secs_f64());
        report.figure(format!(
            "p99 of one row alone {}, beside {:.0} answers/s of {MANY} rows {}",
            ms(p99),
            huge.goodput(),
            ms(noticed)
        ));
    }
    machine::be_nice(0);
    let ratio = median(&mut ratios);
    report.promise_if(asked.long, ratio <= NOTICED, format!("p99 {ratio:.2} × of alone (median of rounds)"));
}

/// Probes on the admin listener while the first is at its connection cap and every thread computes.
pub(crate) fn admin(asked: &Asked, report: &mut Report) {
    const CAP: usize = 64;
    let home = tempfile::tempdir().unwrap();
    let model = train(&asked.server, home.path(), "demo", &DEMO);
    let cap = CAP.to_string();
    let words = ["--admin-bind", "127.0.0.1:0", "--max-connections", &cap];
    let server = Start::new(&asked.server, &model, &words).start();
    let ask = Ask {
        address: server.address,
        request: Arc::new(predict(MANY)),
        warm_up: Duration::from_secs(1),
        time: seconds(asked, 20),
    };
    let tasks = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build().unwrap();
    let (huge, (mut times, failed)) = tasks.block_on(async {
        // Half as many again as there is room for: the rest wait in the kernel.
        let busy = tokio::spawn({
            let ask = ask.clone();
            async move { closed_loop(&ask, CAP + CAP / 2, Duration::ZERO).await }
        });
        tokio::time::sleep(ask.warm_up).await;
        let probes = probe(server.admin.unwrap(), ask.time).await;
        (busy.await.unwrap(), probes)
    });
    let n = times.len();
    let (p99, slowest) = (quantile(&mut times, 0.99), quantile(&mut times, 1.0));
    report.figure(format!("beside {:.0} answers/s of {MANY} rows at the cap of {CAP} connections", huge.goodput()));
    report.promise(failed == 0 && n > 10, format!("{failed} of {n} probes and scrapes not answered with 200"));
    let text = format!("probes answered in {} (p99), {} at most, limit {}", ms(p99), ms(slowest), ms(PROBE));
    report.promise_if(asked.long, slowest <= PROBE, text);
}

/// Each probe on a connection of its own, as a kubelet asks: times, and how many failed.
async fn probe(address: std::net::SocketAddr, time: Duration) -> (Vec<Duration>, usize) {
    let (mut times, mut failed) = (Vec::new(), 0);
    let begin = Instant::now();
    while begin.elapsed() < time {
        for path in ["/livez", "/readyz", "/metrics"] {
            let asked = Instant::now();
            let answer = async { Client::connect(address).await?.ask(&get(path)).await };
            match answer.await {
                Ok(answer) if answer.status == 200 => times.push(asked.elapsed()),
                _ => failed += 1,
            }
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    }
    (times, failed)
}
