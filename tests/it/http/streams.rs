//! Bodies of lines that are answered while they come, and compressed bodies and answers: what only shows in pieces.

use std::io::{Read as _, Write as _};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use crate::support::router::{Answer, get, public, request, send, serving, streamed};
use axum::body::Body;
use flate2::Compression;
use flate2::read::GzDecoder;
use flate2::write::GzEncoder;
use http::{Request, Response};
use http_body_util::BodyExt as _;
use smartserve::config::Limits;
use smartserve::http::app::Options;
use smartserve::http::router::router;
use smartserve::http::service::Service;
use smartserve::serve::lifecycle::Schedule;
use smartserve::serve::listener::Role;
use tokio::sync::mpsc::UnboundedSender;
use tower::ServiceExt as _;

const LINES: &str = "application/x-ndjson";

fn typed(target: &str, content_type: &str, body: impl Into<Body>) -> Request<Body> {
    let mut request = request("POST", target, body);
    request.headers_mut().insert("content-type", content_type.parse().unwrap());
    request.headers_mut().insert("x-request-id", "test".parse().unwrap());
    request
}

fn with(mut request: Request<Body>, name: &'static str, value: &str) -> Request<Body> {
    request.headers_mut().insert(name, value.parse().unwrap());
    request
}

/// A stream to the model `line`, begun with `first`.
async fn begin(router: &Service, first: &str) -> (UnboundedSender<Vec<u8>>, Response<Body>) {
    let (sender, body) = streamed();
    sender.send(first.as_bytes().to_vec()).unwrap();
    (sender, router.clone().oneshot(typed("/models/line/predict", LINES, body)).await.unwrap())
}

async fn piece(response: &mut Response<Body>) -> Option<String> {
    let frame = response.body_mut().frame().await?.unwrap();
    Some(String::from_utf8(frame.into_data().unwrap().to_vec()).unwrap())
}

/// gzip of these bytes, with `blocks` before them in the same member.
fn gzip_with(bytes: &[u8], blocks: &[u8]) -> Vec<u8> {
    let whole = gzip(bytes);
    // The head of a member is 10 bytes.
    [&whole[..10], blocks, &whole[10..]].concat()
}

/// What takes long to inflate leaves the thread that reads it: this one runs others meanwhile.
#[tokio::test]
async fn a_body_that_inflates_to_nothing_gives_others_their_turn() {
    let router = public(Limits { body_timeout: Duration::from_secs(300), ..Limits::default() });
    let row = br#"{"x":2}"#;
    let members = [gzip(b"").repeat(90_000), gzip(row)].concat();
    // Four empty blocks of Huffman's fixed codes, 10 bits each; the row is a block behind them.
    let coded = [0x02, 0x08, 0x20, 0x80, 0x00].repeat(200_000);
    let stored = [0, 0, 0, 0xff, 0xff].repeat(400_000);
    for body in [members, gzip_with(row, &stored), gzip_with(row, &coded)] {
        assert!(body.len() >= 1_000_000 && body.len() < 2 << 20, "{}", body.len());
        let turns = Arc::new(AtomicUsize::new(0));
        let counting = tokio::spawn({
            let turns = Arc::clone(&turns);
            async move {
                loop {
                    turns.fetch_add(1, Ordering::Relaxed);
                    tokio::task::yield_now().await;
                }
            }
        });
        let request = typed("/models/line/predict", "application/json", body);
        let answer = send(&router, with(request, "content-encoding", "gzip")).await;
        counting.abort();
        assert_eq!(answer.status.as_u16(), 200, "{}", answer.text());
        let turns = turns.load(Ordering::Relaxed);
        assert!(turns > 3_000, "others had {turns} turns");
    }
}

fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::best());
    encoder.write_all(bytes).unwrap();
    encoder.finish().unwrap()
}

fn gunzip(answer: &Answer) -> String {
    let mut text = String::new();
    GzDecoder::new(answer.body.as_slice()).read_to_string(&mut text).unwrap();
    text
}

#[tokio::test]
async fn rows_are_answered_while_others_come() {
    let router = public(Limits::default());
    let (sender, mut response) = begin(&router, "{\"x\":2}\n{\"x\":").await;
    assert_eq!((response.status().as_u16(), response.headers()["content-type"].as_bytes()), (200, LINES.as_bytes()));
    assert!(piece(&mut response).await.unwrap().starts_with("{\"prediction\":5.99"));
    sender.send(b"14}\n\n[2]\n[2".to_vec()).unwrap();
    assert_eq!(piece(&mut response).await.unwrap().lines().count(), 2);
    sender.send(b"]".to_vec()).unwrap();
    drop(sender);
    assert_eq!(piece(&mut response).await.unwrap().lines().count(), 1);
    assert_eq!(piece(&mut response).await, None);
}

#[tokio::test]
async fn late_errors_are_the_last_line() {
    let router = public(Limits::default());
    let (_sender, response) = begin(&router, "{\"x\":2}\n{\"y\":2}\n").await;
    assert_eq!(response.status(), 422);
    let (sender, mut response) = begin(&router, "{\"x\":2}\n").await;
    sender.send(b"{\"x\":3}\n".to_vec()).unwrap();
    sender.send(b"{\"x\":4}\n{\"x\":\"5\"}\n".to_vec()).unwrap();
    assert_eq!(response.status(), 200);
    piece(&mut response).await.unwrap();
    piece(&mut response).await.unwrap();
    let last = piece(&mut response).await.unwrap();
    drop(sender);
    assert_eq!(piece(&mut response).await, None);
    let problem: serde_json::Value = serde_json::from_str(last.strip_suffix('\n').unwrap()).unwrap();
    assert_eq!((&problem["status"], &problem["request_id"]), (&422.into(), &"test".into()));
    assert_eq!(problem["errors"][0]["pointer"], "/3/x");
    assert!(problem["errors"][0]["detail"].as_str().unwrap().starts_with("line 4: x must be a number"), "{last}");
    let metrics = get(&router, "/metrics").await;
    assert!(metrics.text().contains("smartserve_requests_rejected_total{reason=\"schema\"} 2"), "{}", metrics.text());
}

#[tokio::test]
async fn a_stream_holds_one_line() {
    let limits = Limits { max_body_bytes: 1_000, max_rows: 10, body_budget: 300_000, ..Limits::default() };
    let router = public(limits);
    let many = "{\"x\":2}\n".repeat(5_000);
    let (sender, body) = streamed();
    for chunk in many.as_bytes().chunks(777) {
        sender.send(chunk.to_vec()).unwrap();
    }
    drop(sender);
    let answer = send(&router, typed("/models/line/predict", LINES, body)).await;
    assert_eq!((answer.status.as_u16(), answer.text().lines().count()), (200, 5_000));
    // Its length told: a stream all the same, since it is longer than a body may be.
    let answer = send(&router, with(typed("/models/line/predict", LINES, many), "content-length", "40000")).await;
    assert_eq!((answer.status.as_u16(), answer.text().lines().count()), (200, 5_000));
    // Answered whole it is a body like any other.
    let short = with(typed("/models/line/predict", LINES, "[2]\n".repeat(11)), "accept", "application/json");
    assert_eq!(send(&router, short).await.status, 413);
    let declared = with(typed("/models/line/predict", LINES, ""), "content-length", "1001");
    assert_eq!(send(&router, with(declared, "accept", "text/csv")).await.status, 413);
    let (_sender, response) = begin(&router, &format!("{{\"x\":{}2}}\n", " ".repeat(2_000))).await;
    assert_eq!(response.status(), 200, "a whole line in one piece");
    let (_sender, response) = begin(&router, &format!("{{\"x\":{}", " ".repeat(2_000))).await;
    assert_eq!(response.status(), 413);
}

#[tokio::test]
async fn stalls_and_drains_end_a_stream() {
    let router = public(Limits { body_timeout: Duration::from_millis(50), ..Limits::default() });
    let (_sender, response) = begin(&router, "{\"x\":").await;
    assert_eq!(response.status(), 408);
    let (_sender, mut response) = begin(&router, "{\"x\":2}\n").await;
    piece(&mut response).await.unwrap();
    assert!(piece(&mut response).await.unwrap().contains("\"status\":408"));

    let limits = Limits { hard_stop: Duration::from_millis(1_100), ..Limits::default() };
    let server = serving(limits.clone());
    let router = router_of(&server);
    let (_sender, mut response) = begin(&router, "{\"x\":2}\n").await;
    piece(&mut response).await.unwrap();
    server.lifecycle.drain(Schedule::new(Instant::now(), &limits, true));
    assert!(piece(&mut response).await.unwrap().contains("\"status\":408"));
}

fn router_of(server: &Arc<smartserve::serve::ServerState>) -> Service {
    router(Arc::clone(server), Role::Main, Options::default())
}

#[tokio::test]
async fn a_stream_returns_its_memory() {
    let server = serving(Limits { body_budget: 100_000, ..Limits::default() });
    let router = router_of(&server);
    let (sender, mut response) = begin(&router, "{\"x\":2}\n").await;
    piece(&mut response).await.unwrap();
    let more = tokio::time::timeout(Duration::from_millis(20), piece(&mut response)).await;
    assert!(more.is_err() && server.memory.free() == 100_000, "nothing is held between lines");
    sender.send(b"{\"x\":2}\n{\"x\"".to_vec()).unwrap();
    piece(&mut response).await.unwrap();
    let more = tokio::time::timeout(Duration::from_millis(20), piece(&mut response)).await;
    assert!(more.is_err() && server.memory.free() < 100_000, "a line has begun");
    // The rest of the budget is not enough for another one.
    let (_second, other) = begin(&router, "{\"x\"").await;
    assert_eq!(other.status(), 503);
    drop(response);
    assert_eq!(server.memory.free(), 100_000);
}

#[tokio::test]
async fn compressed_bodies_are_read_everywhere() {
    let router = public(Limits::default());
    let rows = [
        ("/models/line/predict", "application/json", "{\"x\":[2]}"),
        ("/models/line/predict", "text/csv", "x\n2\n"),
        ("/models/line/predict", LINES, "{\"x\":2}\n"),
        ("/v1/models/line:predict", "application/json", "{\"instances\":[2]}"),
        (
            "/v2/models/line/infer",
            "application/json",
            r#"{"inputs":[{"name":"x","shape":[1],"datatype":"FP64","data":[2]}]}"#,
        ),
    ];
    for (target, content_type, body) in rows {
        for name in ["gzip", "x-gzip", "identity, GZip"] {
            let request = with(typed(target, content_type, gzip(body.as_bytes())), "content-encoding", name);
            let answer = send(&router, request).await;
            assert_eq!(answer.status, 200, "{target} {name} {}", answer.text());
            assert!(answer.text().contains("5.999999999999993"), "{}", answer.text());
        }
    }
    let cut = gzip(b"{\"x\":[2]}");
    let request = typed("/models/line/predict", "application/json", cut[..cut.len() - 3].to_vec());
    assert_eq!(send(&router, with(request, "content-encoding", "gzip")).await.status, 400);
    let request = typed("/models/line/predict", "application/json", gzip(b""));
    assert_eq!(send(&router, with(request, "content-encoding", "gzip")).await.status, 400);
}

#[tokio::test]
async fn a_bomb_is_refused_before_inflation() {
    // 1,000 : 1 and more.
    let bomb = gzip(&vec![b' '; 64 << 20]);
    let router = public(Limits::default());
    let ask = |router: &Service, content_type: &'static str| {
        let request = with(typed("/models/line/predict", content_type, bomb.clone()), "content-encoding", "gzip");
        let router = router.clone();
        async move { send(&router, request).await.status.as_u16() }
    };
    for content_type in ["application/json", "text/csv", LINES] {
        let start = Instant::now();
        assert_eq!(ask(&router, content_type).await, 413, "{content_type}");
        assert!(start.elapsed() < Duration::from_secs(2), "{:?}", start.elapsed());
    }
    let server = serving(Limits { max_body_bytes: 2 << 20, body_budget: 4 << 20, ..Limits::default() });
    let router = router_of(&server);
    let held = server.memory.reserve(3 << 20).await.unwrap();
    assert_eq!(ask(&router, "application/json").await, 503, "over the budget before it is over the limit");
    drop(held);
    assert_eq!(ask(&router, "application/json").await, 413);
    assert_eq!(server.memory.free(), 4 << 20);
}

#[tokio::test]
async fn long_answers_are_compressed_if_accepted() {
    let router = public(Limits::default());
    let rows = format!("{{\"x\":{:?}}}", (0..400).collect::<Vec<u32>>());
    let plain = send(&router, typed("/models/line/predict", "application/json", rows.clone())).await;
    assert_eq!((plain.header("content-encoding"), plain.header("vary")), ("", "accept-encoding"));
    for accepted in ["gzip", "br;q=1.0, gzip;q=0.8, *;q=0.1", "*", "x-gzip", "deflate, GZIP"] {
        let request = typed("/models/line/predict", "application/json", rows.clone());
        let answer = send(&router, with(request, "accept-encoding", accepted)).await;
        assert_eq!(answer.header("content-encoding"), "gzip", "{accepted}");
        assert_eq!(answer.header("content-length"), answer.body.len().to_string());
        assert_eq!(gunzip(&answer), plain.text());
    }
    for accepted in ["br", "identity", "gzip;q=0", "gzip;q=0.5, identity", ""] {
        let request = typed("/models/line/predict", "application/json", rows.clone());
        let answer = send(&router, with(request, "accept-encoding", accepted)).await;
        assert_eq!((answer.header("content-encoding"), answer.text()), ("", plain.text()), "{accepted}");
    }
    let request = typed("/models/line/predict", "application/json", "{\"x\":2}");
    let short = send(&router, with(request, "accept-encoding", "gzip")).await;
    assert_eq!((short.header("content-encoding"), short.header("vary")), ("", ""));
    let metrics = send(&router, with(request_to_metrics(), "accept-encoding", "gzip")).await;
    assert!(gunzip(&metrics).contains("smartserve_http_requests_total"));
}

/// An answer goes out as it is where there is no memory for compressing it now: waiting for that would gain nothing.
#[tokio::test]
async fn no_answer_waits_for_room_to_compress_it() {
    const COMPRESSING: usize = 512 << 10;
    let server = serving(Limits { admission_wait: Duration::from_hours(1), ..Limits::default() });
    let router = router_of(&server);
    let rows = format!("{{\"x\":{:?}}}", (0..10_000).collect::<Vec<u32>>());
    let asked = || with(typed("/models/line/predict", "application/json", rows.clone()), "accept-encoding", "gzip");
    let answer = send(&router, asked()).await;
    assert_eq!(answer.header("content-encoding"), "gzip");
    // Room for the answer and for the compressor, and not for what it makes.
    let left = COMPRESSING + gunzip(&answer).len() * 3 / 2;
    let mut held = Vec::new();
    while server.memory.free() > left {
        held.push(server.memory.reserve((server.memory.free() - left).min(32 << 10)).await.unwrap());
    }
    let asking = tokio::time::timeout(Duration::from_secs(10), send(&router, asked()));
    assert_eq!(asking.await.expect("it waits").header("content-encoding"), "");
    held.clear();
    assert_eq!(send(&router, asked()).await.header("content-encoding"), "gzip");
}

fn request_to_metrics() -> Request<Body> {
    request("GET", "/metrics", Body::empty())
}
