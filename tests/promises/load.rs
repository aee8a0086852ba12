//! Clients at work: how many answers of what kind, how long each took.

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use super::client::Client;

/// Numbers that are the same in every run (splitmix64).
pub(crate) struct Dice(pub(crate) u64);

impl Dice {
    /// From 0 to 1.
    pub(crate) fn part(&mut self) -> f64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        ((z ^ (z >> 31)) >> 11) as f64 / (1_u64 << 53) as f64
    }
}

/// What came of a load.
#[derive(Debug, Default)]
pub(crate) struct Load {
    /// How long each 200 took; in an open loop from the moment it was due.
    pub(crate) answered: Vec<Duration>,
    /// How long each 503 took, from the moment it was sent.
    pub(crate) refused: Vec<Duration>,
    /// Anything else: other statuses, cut connections.
    pub(crate) failed: Vec<String>,
    /// For how long it was counted.
    pub(crate) time: Duration,
}

impl Load {
    /// 200s a second.
    pub(crate) fn goodput(&self) -> f64 {
        self.answered.len() as f64 / self.time.as_secs_f64()
    }

    pub(crate) fn add(&mut self, other: Self) {
        self.answered.extend(other.answered);
        self.refused.extend(other.refused);
        self.failed.extend(other.failed);
    }

    fn note(&mut self, outcome: std::io::Result<u16>, answered: Duration, refused: Duration) {
        match outcome {
            Ok(200) => self.answered.push(answered),
            Ok(503) => self.refused.push(refused),
            Ok(status) => self.failed.push(format!("status {status}")),
            Err(error) => self.failed.push(error.to_string()),
        }
    }
}

/// Where and what is asked, and for how long.
#[derive(Clone)]
pub(crate) struct Ask {
    pub(crate) address: SocketAddr,
    pub(crate) request: Arc<Vec<u8>>,
    /// Not counted, at the beginning.
    pub(crate) warm_up: Duration,
    pub(crate) time: Duration,
}

/// One connection kept over many requests, opened anew after an error.
struct Kept {
    address: SocketAddr,
    client: Option<Client>,
}

impl Kept {
    async fn ask(&mut self, request: &[u8]) -> std::io::Result<u16> {
        let mut client = match self.client.take() {
            Some(client) => client,
            None => Client::connect(self.address).await?,
        };
        let answer = client.ask(request).await?;
        self.client = Some(client);
        Ok(answer.status)
    }
}

/// `connections` clients, each of which asks again as soon as it is answered, after `think`.
pub(crate) async fn closed_loop(ask: &Ask, connections: usize, think: Duration) -> Load {
    let begin = Instant::now() + ask.warm_up;
    let end = begin + ask.time;
    let clients: Vec<_> = (0..connections)
        .map(|i| {
            let ask = ask.clone();
            tokio::spawn(async move {
                let (mut load, mut kept) = (Load::default(), Kept { address: ask.address, client: None });
                // Not all at the same moment.
                tokio::time::sleep(think.mul_f64(i as f64 / connections as f64)).await;
                loop {
                    let sent = Instant::now();
                    if sent >= end {
                        return load;
                    }
                    let outcome = kept.ask(&ask.request).await;
                    if sent >= begin && Instant::now() < end {
                        load.note(outcome, sent.elapsed(), sent.elapsed());
                    }
                    if !think.is_zero() {
                        tokio::time::sleep(think).await;
                    }
                }
            })
        })
        .collect();
    gather(clients, ask.time).await
}

/// Requests that are due at `rate` a second whatever the server does, on as many as `connections` connections.
pub(crate) async fn open_loop(ask: &Ask, connections: usize, rate: f64) -> Load {
    let start = Instant::now();
    let begin = start + ask.warm_up;
    let end = begin + ask.time;
    let next = Arc::new(AtomicU64::new(0));
    let clients: Vec<_> = (0..connections)
        .map(|_| {
            let (ask, next) = (ask.clone(), Arc::clone(&next));
            tokio::spawn(async move {
                let (mut load, mut kept) = (Load::default(), Kept { address: ask.address, client: None });
                loop {
                    let due = start + Duration::from_secs_f64(next.fetch_add(1, Ordering::Relaxed) as f64 / rate);
                    if due >= end {
                        return load;
                    }
                    tokio::time::sleep_until(due.into()).await;
                    let sent = Instant::now();
                    let outcome = kept.ask(&ask.request).await;
                    if due >= begin && Instant::now() < end + Duration::from_secs(1) {
                        load.note(outcome, due.elapsed(), sent.elapsed());
                    }
                }
            })
        })
        .collect();
    gather(clients, ask.time).await
}

/// One request from each of these clients, all at the same time; gives the clients back.
pub(crate) async fn once(clients: Vec<Client>, request: &Arc<Vec<u8>>) -> (Load, Vec<Client>) {
    let asking = clients.into_iter().map(|mut client| {
        let request = Arc::clone(request);
        tokio::spawn(async move {
            let (mut load, sent) = (Load::default(), Instant::now());
            let outcome = client.ask(&request).await.map(|answer| answer.status);
            load.note(outcome, sent.elapsed(), sent.elapsed());
            (load, client)
        })
    });
    let asking: Vec<_> = asking.collect();
    let (mut all, mut clients) = (Load::default(), Vec::with_capacity(asking.len()));
    for one in asking {
        let (load, client) = one.await.unwrap();
        all.add(load);
        clients.push(client);
    }
    (all, clients)
}

async fn gather(clients: Vec<tokio::task::JoinHandle<Load>>, time: Duration) -> Load {
    let mut all = Load { time, ..Load::default() };
    for client in clients {
        all.add(client.await.unwrap());
    }
    all
}
