//! A collector that is down, slow or picky: requests do not notice, and what is lost is counted.

use std::net::TcpListener;
use std::time::{Duration, Instant};

use serde_json::Value;

use crate::support::process::Server;
use crate::support::server::PATIENCE;

use super::collector::{Answers, Collector};
use super::{ROW, start};

/// How many spans the server says that no collector has taken.
fn dropped(server: &Server) -> u64 {
    let (_, text) = server.exchange("GET /metrics", "", "");
    let count = text.lines().find_map(|line| line.strip_prefix("smartserve_spans_dropped_total "));
    count.unwrap().parse().unwrap()
}

/// Waits until it says so many.
fn until_dropped(server: &Server, spans: u64) {
    let start = Instant::now();
    while dropped(server) < spans {
        assert!(start.elapsed() < PATIENCE, "{} of {spans}", dropped(server));
    }
}

#[test]
fn a_collector_that_hangs_delays_no_request_and_no_end() {
    let collector = Collector::start(Answers::Never);
    let others = "OTEL_BSP_MAX_QUEUE_SIZE=4 OTEL_BSP_MAX_EXPORT_BATCH_SIZE=2 OTEL_EXPORTER_OTLP_TIMEOUT=600000";
    let mut server = start(&collector, others);
    server.exchange("POST /predict", "", ROW);
    assert_eq!(collector.post().spans.len(), 1);
    // One is being sent, four fit in the queue, three do not.
    for _ in 0..7 {
        let start = Instant::now();
        server.exchange("POST /predict", "", ROW);
        assert!(start.elapsed() < Duration::from_secs(5));
    }
    assert_eq!(dropped(&server), 3);
    let start = Instant::now();
    server.signal("TERM");
    assert_eq!(server.exit_code(), 0);
    assert!(start.elapsed() < Duration::from_secs(10), "{:?}", start.elapsed());
    assert!(server.rest_of_log().contains("5 spans were not sent before the end"));
}

#[test]
fn a_failure_is_told_once_and_every_span_of_it_is_counted() {
    let collector = Collector::start(Answers::Status("503 Service Unavailable"));
    let mut server = start(&collector, "OTEL_EXPORTER_OTLP_TIMEOUT=50");
    for spans in 1..=3 {
        server.exchange("POST /predict", "", ROW);
        until_dropped(&server, spans);
    }
    server.signal("TERM");
    let log = server.rest_of_log();
    let told: Vec<Value> = log
        .lines()
        .filter(|line| line.contains("were not sent to"))
        .map(|line| serde_json::from_str(line).unwrap())
        .collect();
    let [line] = &told[..] else { panic!("{log}") };
    assert_eq!((&line["level"], &line["spans"]), (&"WARN".into(), &1.into()));
}

#[test]
fn the_log_says_why_spans_were_not_taken() {
    let closed = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let others = format!("OTEL_EXPORTER_OTLP_ENDPOINT=http://{closed} OTEL_EXPORTER_OTLP_TIMEOUT=50");
    let cases = [
        (Answers::Taken, others.as_str(), "1 spans were not sent", "Connection refused", 1),
        (Answers::Status("401 Unauthorized"), "", "1 spans were not sent", "it answered 401 Unauthorized", 1),
        (Answers::AllBut(7), "", "7 spans were not sent", "the collector rejected 7 spans: too old", 7),
    ];
    for (answers, others, message, cause, lost) in cases {
        let collector = Collector::start(answers);
        let mut server = start(&collector, others);
        server.exchange("POST /predict", "", ROW);
        let lines = server.wait_for(message);
        assert!(lines.last().unwrap().contains(cause), "{lines:?}");
        until_dropped(&server, lost);
    }
}
