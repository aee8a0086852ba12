//! More work than the server can do: what still gets done, how fast the rest is refused, how soon it is over.
//!
//! The server has the first core and the generator the last one. The model is large enough for 100 rows to be work for
//! the compute pool, where permits and bounded waits decide; with the demo model 100 rows are computed on the spot, and
//! the only bound is the connection cap.

use std::sync::Arc;
use std::time::{Duration, Instant};

use super::Asked;
use super::client::{Client, predict};
use super::load::{Ask, Load, closed_loop, once, open_loop};
use super::machine;
use super::plot::{self, Curves, Point};
use super::report::{Report, median, ms, quantile};
use super::server::{Server, Start, train};

/// 100 rows of it take about a millisecond.
const HEAVY: [&str; 4] = ["--algorithm", "random-forest", "--trees", "1000"];

/// Rows a request.
const ROWS: usize = 100;

/// The server's admission wait, and what a refusal may take beyond it.
const WAIT: Duration = Duration::from_millis(250);
const SLACK: Duration = Duration::from_millis(50);

/// Goodput under overload, as a part of the peak.
const KEPT: f64 = 0.9;

/// A server under load and what it is asked.
struct Bench {
    server: Server,
    ask: Ask,
    long: bool,
    tasks: tokio::runtime::Runtime,
}

/// What one phase came to.
struct Phase {
    load: Load,
    /// CPU of the server in it.
    cpu: Duration,
}

impl Bench {
    fn closed(&self, connections: usize) -> Phase {
        self.phase(closed_loop(&self.ask, connections, Duration::ZERO))
    }

    fn open(&self, rate: f64) -> Phase {
        // Enough for every request that can be under way: those that wait, and some.
        #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a count")]
        let connections = ((rate * 0.4) as usize + 50).min(3_500);
        self.phase(open_loop(&self.ask, connections, rate))
    }

    fn phase(&self, work: impl Future<Output = Load>) -> Phase {
        let before = self.server.cpu();
        let load = self.tasks.block_on(work);
        Phase { load, cpu: self.server.cpu().saturating_sub(before) }
    }
}

/// What one round found, goodput as parts of the peak of the same round.
#[derive(Default)]
struct Found {
    closed2: Vec<f64>,
    closed5: Vec<f64>,
    open2: Vec<f64>,
    open5: Vec<f64>,
    /// Goodput at 5 × over what refusals leave of it.
    open5_of_possible: Vec<f64>,
    cost_of_refusal: Vec<f64>,
    refused: Vec<Duration>,
    failed: Vec<String>,
}

pub(crate) fn overload(asked: &Asked, report: &mut Report) {
    let home = tempfile::tempdir().unwrap();
    let model = train(&asked.server, home.path(), "heavy", &HEAVY);
    let all = machine::cores();
    machine::take_the_last_core();
    let bench = start(asked, &model);
    let (saturating, peak) = saturate(&bench, report);
    let calm = calm_p99(&bench, Duration::ZERO);
    let mut found = Found::default();
    for _ in 0..asked.cycles.unwrap_or(if asked.long { 5 } else { 1 }) {
        round(&bench, saturating, &mut found);
    }
    bench.open(5.0 * peak);
    let after = calm_p99(&bench, Duration::from_secs(2));
    judge(asked, report, &mut found);
    let back = format!("2 s after overload p99 is {}, before it {}", ms(after), ms(calm));
    report.promise_if(asked.long, after <= calm.mul_f64(1.5), back);
    let (highest, bound) = (bench.server.memory().1 >> 20, bench.server.bound() >> 20);
    report.promise(highest <= bound, format!("memory at its highest {highest} MiB, bound {bound} MiB"));
    if let Some(directory) = &asked.plot {
        let curves = draw(&bench, saturating, median(&mut found.cost_of_refusal));
        plot::write(directory, &curves).unwrap();
        report.figure(format!("drawn into {}", directory.display()));
    }
    machine::take_all_cores(all);
}

fn start(asked: &Asked, model: &std::path::Path) -> Bench {
    let server = Start::new(&asked.server, model, &[]).on_core(0).start();
    let (warm_up, time) = if asked.long { (500, 4_000) } else { (200, 1_000) };
    let ask = Ask {
        address: server.address,
        request: Arc::new(predict(ROWS)),
        warm_up: Duration::from_millis(warm_up),
        time: Duration::from_millis(time),
    };
    let tasks = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    Bench { server, ask, long: asked.long, tasks }
}

/// The fewest connections that give 95 % of the highest goodput, and that goodput.
fn saturate(bench: &Bench, report: &mut Report) -> (usize, f64) {
    let goodputs: Vec<(usize, f64)> =
        [1, 2, 4, 8, 16].into_iter().map(|n| (n, bench.closed(n).load.goodput())).collect();
    let peak = goodputs.iter().map(|(_, goodput)| *goodput).fold(0.0, f64::max);
    let enough = goodputs.iter().find(|(_, goodput)| *goodput >= 0.95 * peak).unwrap();
    report.figure(format!("peak {peak:.0} answers/s of {ROWS} rows; {} connections saturate it", enough.0));
    (enough.0, peak)
}

/// p99 of two clients that leave the server time.
fn calm_p99(bench: &Bench, after: Duration) -> Duration {
    let time = if bench.long { Duration::from_secs(4) } else { Duration::from_secs(1) };
    let ask = Ask { warm_up: after, time, ..bench.ask.clone() };
    let mut load = bench.tasks.block_on(closed_loop(&ask, 2, Duration::from_millis(20)));
    quantile(&mut load.answered, 0.99)
}

fn round(bench: &Bench, saturating: usize, found: &mut Found) {
    let first = bench.closed(saturating);
    let rate = first.load.goodput();
    let phases = [
        bench.closed(2 * saturating),
        bench.closed(5 * saturating),
        bench.open(2.0 * rate),
        bench.open(5.0 * rate),
        bench.closed(saturating),
    ];
    // The machine changes while it is measured: the peak is what it was before and after.
    let peak = f64::midpoint(rate, phases[4].load.goodput());
    let part = |i: usize| phases[i].load.goodput() / peak;
    let rho = refusal_over_answer(bench, &first);
    found.closed2.push(part(0));
    found.closed5.push(part(1));
    found.open2.push(part(2));
    found.open5.push(part(3));
    found.open5_of_possible.push(part(3) / possible(5.0, rho));
    found.cost_of_refusal.push(rho);
    for phase in std::iter::once(first).chain(phases) {
        found.refused.extend(phase.load.refused);
        found.failed.extend(phase.load.failed);
    }
}

/// What is left of the peak at `times` × its load when refusing costs `rho` of answering, and nothing is wasted.
pub(crate) fn possible(times: f64, rho: f64) -> f64 {
    if times <= 1.0 { times } else { ((1.0 - times * rho) / (1.0 - rho)).max(0.0) }
}

/// CPU of a refusal over CPU of an answer. Refusals come in bursts with pauses between them, so that the server is not
/// saturated and what it spends is what they cost.
fn refusal_over_answer(bench: &Bench, saturated: &Phase) -> f64 {
    let answer = cpu_of_one(saturated, bench);
    let (load, spent) = bench.tasks.block_on(bursts(bench));
    let refused = load.refused.len() as f64;
    ((spent.as_secs_f64() - answer * load.answered.len() as f64) / refused.max(1.0) / answer).max(0.0)
}

/// CPU seconds an answer. The warm-up is counted in the CPU and not in the answers.
fn cpu_of_one(phase: &Phase, bench: &Bench) -> f64 {
    let share = bench.ask.time.as_secs_f64() / (bench.ask.time + bench.ask.warm_up).as_secs_f64();
    phase.cpu.as_secs_f64() * share / phase.load.answered.len().max(1) as f64
}

/// Six hundred requests at once, a pause, and again: what came of them, and the server's CPU.
async fn bursts(bench: &Bench) -> (Load, Duration) {
    const AT_ONCE: usize = 600;
    let mut clients = Vec::with_capacity(AT_ONCE);
    for _ in 0..AT_ONCE {
        clients.push(Client::connect(bench.ask.address).await.unwrap());
    }
    // The first request of a connection is its set-up's.
    (_, clients) = once(clients, &bench.ask.request).await;
    let mut all = Load::default();
    let (before, begin) = (bench.server.cpu(), Instant::now());
    while begin.elapsed() < bench.ask.time {
        let (load, again) = once(clients, &bench.ask.request).await;
        clients = again;
        all.add(load);
        tokio::time::sleep(Duration::from_millis(200)).await;
    }
    (all, bench.server.cpu().saturating_sub(before))
}

fn judge(asked: &Asked, report: &mut Report, found: &mut Found) {
    let percent = |part: f64| format!("{:.0} %", part * 100.0);
    let rho = median(&mut found.cost_of_refusal);
    report.figure(format!("a refusal costs {rho:.3} of an answer"));
    for (what, parts) in [
        ("2 × the connections", &mut found.closed2),
        ("5 × the connections", &mut found.closed5),
        ("open loop at 2 ×", &mut found.open2),
    ] {
        let part = median(parts);
        report.promise_if(asked.long, part >= KEPT, format!("{what}: {} of peak goodput", percent(part)));
    }
    let (part, of_possible) = (median(&mut found.open5), median(&mut found.open5_of_possible));
    let text = format!("open loop at 5 ×: {} of peak, {} of what refusals leave", percent(part), percent(of_possible));
    report.promise_if(asked.long, of_possible >= KEPT, text);
    for what in found.failed.iter().take(5) {
        report.figure(what);
    }
    report.promise(found.failed.is_empty(), format!("{} requests neither answered nor refused", found.failed.len()));
    let n = found.refused.len();
    let (p99, slowest) = (quantile(&mut found.refused, 0.99), quantile(&mut found.refused, 1.0));
    let text = format!("{n} refusals took {} (p99), {} at most; wait + 50 ms is 300 ms", ms(p99), ms(slowest));
    report.promise_if(asked.long, slowest <= WAIT + SLACK, text);
}

/// The curves of docs/overload.md.
fn draw(bench: &Bench, saturating: usize, rho: f64) -> Curves {
    let times = [0.25, 0.5, 0.75, 1.0, 1.25, 1.5, 2.0, 3.0, 4.0, 5.0];
    let connections = [1, 2, 4, 8, 16, 32, 64, 128, 256, 512, 1_024];
    let mut peak = bench.closed(saturating).load.goodput();
    let mut point = |x: f64, phase: &dyn Fn(f64) -> Phase| {
        let Phase { mut load, .. } = phase(peak);
        let before = std::mem::replace(&mut peak, bench.closed(saturating).load.goodput());
        Point {
            x,
            goodput: load.goodput(),
            peak: f64::midpoint(before, peak),
            refused: load.refused.len() as f64 / load.time.as_secs_f64(),
            p99: quantile(&mut load.answered, 0.99),
        }
    };
    Curves {
        rho,
        open: times.into_iter().map(|k| point(k, &|peak| bench.open(k * peak))).collect(),
        closed: connections.into_iter().map(|n| point(n as f64, &|_| bench.closed(n))).collect(),
    }
}
