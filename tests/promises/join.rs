//! A server that joins two loaded ones behind a proxy that passes on connections, as a cluster's Service does: it gets
//! its share because connections end by age, and nobody notices.

use std::net::SocketAddr;
use std::time::Duration;

use super::Asked;
use super::client::{Client, get, predict};
use super::load::{Ask, Load, closed_loop};
use super::proxy::{Layer, Proxy, free_address};
use super::report::Report;
use super::server::{DEMO, Server, Start, train};

/// Clients that keep their connection as long as they may: as many for each of three servers.
const CLIENTS: usize = 48;

/// Between two requests of a client: the machine is not saturated, so that load follows connections.
const THINK: Duration = Duration::from_millis(20);

/// How far from a third the new server's share may be.
const TOLERANCE: f64 = 0.2;

pub(crate) fn join(asked: &Asked, report: &mut Report) {
    let age = Duration::from_secs(if asked.long { 10 } else { 2 });
    let home = tempfile::tempdir().unwrap();
    let model = train(&asked.server, home.path(), "demo", &DEMO);
    let addresses = [free_address(), free_address(), free_address()];
    let start = |address: SocketAddr| -> Server {
        let (age, address) = (format!("{}ms", age.as_millis()), address.to_string());
        Start::new(&asked.server, &model, &["--max-connection-age", &age, "--bind", &address]).start()
    };
    let mut servers = vec![start(addresses[0]), start(addresses[1])];
    let proxy = Proxy::start(home.path(), &addresses, Duration::from_millis(100), Layer::Connections);
    (0..2).for_each(|i| proxy.wait_for(i));
    proxy.wait_for_absence(2);
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build().unwrap();
    let ask = |warm_up, time| {
        let ask = Ask { address: proxy.address, request: predict(1).into(), warm_up, time };
        runtime.spawn(async move { closed_loop(&ask, CLIENTS, THINK).await })
    };
    // One load from before it joins to the end: an age, then two in which it gets its share, then what counts. The rest
    // is for its start.
    let load = ask(Duration::ZERO, age * 7);
    let shares = |all: &[SocketAddr], from: Vec<u64>| {
        let to = counts(&runtime, all);
        let part: Vec<u64> = to.iter().zip(&from).map(|(to, from)| to - from).collect();
        let sum: u64 = part.iter().sum();
        part.iter().map(|n| *n as f64 / sum.max(1) as f64).collect::<Vec<_>>()
    };
    std::thread::sleep(age);
    let before = shares(&addresses[..2], vec![0, 0]);
    servers.push(start(addresses[2]));
    proxy.wait_for(2);
    std::thread::sleep(age * 2);
    let from = counts(&runtime, &addresses);
    std::thread::sleep(age * 3 / 2);
    let after = shares(&addresses, from);
    let Load { answered, refused, failed, .. } = runtime.block_on(load).unwrap();
    report.figure(format!("shares before it joined {before:.3?}, after two ages of {age:?} {after:.3?}"));
    for what in failed.iter().take(10) {
        report.figure(what);
    }
    let lost = failed.len() + refused.len();
    report.promise(lost == 0, format!("{lost} of {} requests failed", answered.len() + lost));
    let fair = 1.0 / 3.0;
    let text = format!("the new server's share is {:.3}, a third ± 20 %", after[2]);
    report.promise((after[2] / fair - 1.0).abs() <= TOLERANCE, text);
}

/// Predictions that each server has answered.
fn counts(runtime: &tokio::runtime::Runtime, servers: &[SocketAddr]) -> Vec<u64> {
    const SERIES: &str = r#"smartserve_http_requests_total{method="POST",route="/predict",status="200"} "#;
    let count = |address: &SocketAddr| {
        let answer = runtime.block_on(async { Client::connect(*address).await?.ask(&get("/metrics")).await }).unwrap();
        let text = String::from_utf8(answer.body).unwrap();
        text.lines().find_map(|line| line.strip_prefix(SERIES)?.parse().ok()).unwrap_or(0)
    };
    servers.iter().map(count).collect()
}
