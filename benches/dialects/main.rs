//! What each dialect and protocol costs, from a request's bytes to its answer's, through the router that the server has.
//!
//! `cargo bench --bench dialects` takes half a minute. There is no socket and no log, so that ratios are larger here than
//! over HTTP, where `loopback.py` measures them. The model is linear: its own time is next to nothing. Times are CPU time
//! of the process (the pool's threads compute batches too), the least of rounds that take every dialect in turn; trust
//! the ratios when the machine is busy. `BENCH_ONLY=v2` runs the lines whose name holds that word, and the first, which
//! they are compared with.
#![expect(clippy::pedantic, clippy::print_stdout, clippy::unwrap_used, reason = "a benchmark")]

mod bodies;

use std::sync::Arc;

use axum::body::Body;
use bodies::{Bodies, Line};
use http::Request;
use http_body_util::BodyExt as _;
use rustix::time::{ClockId, clock_gettime};
use smartserve::config::{ExtraFeatures, Limits};
use smartserve::http::app::Options;
use smartserve::http::router::router;
use smartserve::http::service::Service;
use smartserve::model::Model;
use smartserve::model::algorithm::Algorithm;
use smartserve::serve::ServerState;
use smartserve::serve::listener::Role;
use smartserve::serve::registry::ServedModel;
use smartserve::table::TableFile;
use smartserve::train::{TrainSpec, train};
use tokio::runtime::Runtime;
use tower::ServiceExt as _;

const ROUNDS: usize = 15;

fn main() {
    let boston = std::fs::read(concat!(env!("CARGO_MANIFEST_DIR"), "/data/boston.csv")).unwrap();
    let bodies = Bodies::of(&boston);
    let server = ServerState::new(vec![Arc::new(model(boston))], Limits::default(), ExtraFeatures::Reject);
    let router = router(Arc::new(server), Role::Main, Options::default());
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let bench = Bench { router, runtime };
    println!("CPU time, µs a request; one row of Boston's 13 columns; at most 1.3 times the first line\n");
    bench.table(bodies.with_rows(1), 2_000, 1.0, 1.3);
    println!("\nCPU time, µs a row; 10,000 rows; not more than the first line\n");
    bench.table(bodies.with_rows(10_000), 1, 10_000.0, 1.0);
}

fn model(csv: Vec<u8>) -> ServedModel {
    let spec = TrainSpec::new("boston", "MEDV", Algorithm::Linear);
    let artifact = train(&spec, &TableFile::from_bytes("boston.csv", csv), &()).unwrap().artifact;
    ServedModel::new("boston", Model::load(&artifact).unwrap(), true)
}

struct Bench {
    router: Service,
    runtime: Runtime,
}

impl Bench {
    /// A line for each body, its cost in the last of the columns compared with the first body's.
    fn table(&self, mut lines: Vec<Line>, calls: usize, rows: f64, bar: f64) {
        let only = std::env::var("BENCH_ONLY").unwrap_or_default();
        let mut n = 0;
        lines.retain(|line| {
            n += 1;
            n == 1 || line.name.contains(&only)
        });
        let mut least = vec![f64::MAX; lines.len()];
        for _ in 0..ROUNDS {
            for (line, least) in lines.iter().zip(&mut least) {
                *least = least.min(self.seconds(line, calls));
            }
        }
        println!("{:<46} {:>9} {:>9} {:>6}", "", "bytes", "µs", "ratio");
        for (line, seconds) in lines.iter().zip(&least) {
            let ratio = seconds / least[0];
            let verdict = match line.is_held {
                true if ratio > bar => "  OVER",
                true => "",
                false => "  (no bar)",
            };
            let (name, bytes, time) = (&line.name, line.body.len(), seconds * 1e6 / rows);
            println!("{name:<46} {bytes:>9} {time:>9.3} {ratio:>6.2}{verdict}");
        }
    }

    /// Of one call.
    fn seconds(&self, line: &Line, calls: usize) -> f64 {
        let requests: Vec<_> = (0..calls).map(|_| line.request()).collect();
        let start = now();
        self.runtime.block_on(async {
            for request in requests {
                self.ask(&line.name, request).await;
            }
        });
        (now() - start) / calls as f64
    }

    async fn ask(&self, name: &str, request: Request<Body>) {
        let response = self.router.clone().oneshot(request).await.unwrap();
        let status = response.status();
        let body = response.into_body().collect().await.unwrap().to_bytes();
        assert!(status == 200, "{name}: {status} {}", String::from_utf8_lossy(&body));
    }
}

/// CPU time of the process, in seconds.
fn now() -> f64 {
    let now = clock_gettime(ClockId::ProcessCPUTime);
    now.tv_sec as f64 + now.tv_nsec as f64 * 1e-9
}
