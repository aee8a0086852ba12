//! What every route has in common, asked of the router directly: ids, counting, tokens, limits of the head, states of
//! the process, and what the routes that are no predictions show.

use std::io::Write as _;
use std::sync::{Arc, mpsc};
use std::time::{Duration, Instant};

use crate::support::router::{empty_serving, get, post, public, request, send, serving};
use axum::body::{Body, Bytes};
use http::Request;
use rustix::fs::{CWD, FileType, Mode, mknodat};
use smartserve::config::Limits;
use smartserve::http::app::Options;
use smartserve::http::auth::{KEPT_UNREADABLE, Tokens};
use smartserve::http::router::router;
use smartserve::http::service::Service;
use smartserve::serve::lifecycle::Schedule;
use smartserve::serve::listener::HttpService;
use smartserve::serve::listener::Role;
use smartserve::serve::metrics::Metrics;

const ROW: &str = r#"{"x":2}"#;

fn with_header(name: &str, value: &str) -> Request<Body> {
    let mut request = request("GET", "/readyz", Body::empty());
    request.headers_mut().insert(http::HeaderName::try_from(name).unwrap(), value.parse().unwrap());
    request
}

/// What the listener asks of a router.
fn answers_connections(_: &impl HttpService) {}

/// The value of a series of the exposition.
async fn series(router: &Service, name: &str) -> Option<f64> {
    let metrics = get(router, "/metrics").await;
    metrics.text().lines().find_map(|line| line.strip_prefix(name)?.trim().parse().ok())
}

#[tokio::test]
async fn a_request_id_is_kept_or_replaced() {
    let router = public(Limits::default());
    let id = |value: &str| {
        let (router, request) = (router.clone(), with_header("x-request-id", value));
        async move { send(&router, request).await.header("x-request-id").to_owned() }
    };
    let longest = "a".repeat(64);
    for fit in ["abc-1.2_3", &longest] {
        assert_eq!(id(fit).await, fit);
    }
    for unfit in ["", "a b", "é", &"a".repeat(65), "a/b", "a\"b"] {
        let made = id(unfit).await;
        assert!(made.len() == 16 && made != unfit, "{made}");
    }
    assert_ne!(id("").await, id("").await);
}

#[tokio::test]
async fn errors_tell_the_headers_request_id() {
    let router = public(Limits::default());
    answers_connections(&router);
    let answer = get(&router, "/nowhere").await;
    assert_eq!(answer.json()["request_id"], answer.header("x-request-id"));
}

#[tokio::test]
async fn every_answer_is_counted() {
    let router = public(Limits::default());
    post(&router, "/models/line/predict", ROW).await;
    post(&router, "/models/line/predict", "{").await;
    post(&router, "/models/nobody/predict", ROW).await;
    get(&router, "/nowhere/at/all").await;
    send(&router, request("BREW", "/predict", Body::empty())).await;
    send(&router, Request::get("/readyz").body(Body::empty()).unwrap()).await;
    get(&router, "/metrics").await;
    let expected = [
        (r#"smartserve_http_requests_total{method="POST",route="/models/{name}/predict",status="200"}"#, 1.0),
        (r#"smartserve_http_requests_total{method="POST",route="/models/{name}/predict",status="400"}"#, 1.0),
        (r#"smartserve_http_requests_total{method="POST",route="/models/{name}/predict",status="404"}"#, 1.0),
        (r#"smartserve_http_requests_total{method="GET",route="other",status="404"}"#, 1.0),
        (r#"smartserve_http_requests_total{method="OTHER",route="/predict",status="405"}"#, 1.0),
        (r#"smartserve_http_requests_total{method="GET",route="/readyz",status="400"}"#, 1.0),
        (r#"smartserve_requests_rejected_total{reason="syntax"}"#, 2.0),
        (r#"smartserve_prediction_rows_total{model="line"}"#, 1.0),
    ];
    for (name, value) in expected {
        assert_eq!(series(&router, name).await, Some(value), "{name}");
    }
    assert!(
        series(&router, r#"smartserve_http_requests_total{method="GET",route="/metrics",status="200"}"#).await
            > Some(1.0)
    );
}

#[tokio::test]
async fn random_requests_add_no_series() {
    let router = public(Limits::default());
    let ask = |i: u64| {
        let router = router.clone();
        async move {
            // A multiplicative hash: different everywhere, the same in every run.
            let word = format!("{:x}", i.wrapping_mul(0x9E37_79B9_7F4A_7C15));
            let row = format!(r#"{{"{word}":[{i}]}}"#);
            for (method, target, body) in [
                ("GET", format!("/{word}"), String::new()),
                (word.as_str(), "/predict".to_owned(), row.clone()),
                (word.as_str(), format!("/{word}/{word}?{word}={word}"), row.clone()),
                ("POST", format!("/models/{word}/predict"), row.clone()),
                ("POST", format!("/models/kinds/predict?{word}"), row.clone()),
                ("POST", "/predict".to_owned(), row.clone()),
                ("GET", format!("/v2/models/{word}/versions/{word}"), String::new()),
                ("POST", format!("/v1/models/{word}:{word}"), row.clone()),
            ] {
                let mut asked = request(method, &target, body);
                asked.headers_mut().insert("x-request-id", word.parse().unwrap());
                asked.headers_mut().insert("user-agent", word.parse().unwrap());
                assert!(send(&router, asked).await.status.is_client_error(), "{method} {target}");
            }
        }
    };
    let series = async || get(&router, "/metrics").await.text().lines().filter(|l| !l.starts_with('#')).count();
    ask(1).await;
    series().await;
    let before = series().await;
    for i in 2..500 {
        ask(i).await;
    }
    assert_eq!(series().await, before);
}

#[tokio::test]
async fn a_prediction_tells_its_durations() {
    let answer = post(&public(Limits::default()), "/models/line/predict", ROW).await;
    let timing = answer.header("server-timing");
    let parts: Vec<&str> = timing.split(", ").map(|part| part.split_once(";dur=").unwrap().0).collect();
    assert_eq!(parts, ["parse", "predict", "encode"]);
}

#[tokio::test]
async fn a_head_over_its_limits_is_refused() {
    let router = public(Limits::default());
    let status = |request| async { send(&router, request).await.status.as_u16() };
    assert_eq!(status(request("GET", &format!("/readyz?{}", "a".repeat(8_184)), Body::empty())).await, 200);
    assert_eq!(status(request("GET", &format!("/readyz?{}", "a".repeat(8_185)), Body::empty())).await, 414);
    assert_eq!(status(with_header("x", &"a".repeat(32_000))).await, 200);
    assert_eq!(status(with_header("x", &"a".repeat(32_768))).await, 431);
    let with_fields = |n: usize| {
        let mut request = request("GET", "/readyz", Body::empty());
        for i in 1..n {
            request.headers_mut().insert(http::HeaderName::try_from(format!("x-{i}")).unwrap(), "1".parse().unwrap());
        }
        request
    };
    assert_eq!(status(with_fields(64)).await, 200);
    assert_eq!(status(with_fields(65)).await, 431);
}

#[tokio::test]
async fn without_a_model_it_is_not_ready() {
    let router = router(empty_serving(), Role::Main, Options::default());
    assert_eq!(get(&router, "/livez").await.status, 200);
    for answer in [get(&router, "/readyz").await, get(&router, "/ping").await, post(&router, "/predict", ROW).await] {
        assert_eq!((answer.status.as_u16(), answer.header("retry-after")), (503, "1"));
        assert_eq!(answer.json()["status"], 503);
    }
    assert_eq!(get(&router, "/models").await.text(), "{\"models\":[]}\n");
}

#[tokio::test]
async fn while_draining_only_readiness_fails() {
    let limits = Limits::default();
    let server = serving(limits.clone());
    let router = router(Arc::clone(&server), Role::Main, Options::default());
    assert_eq!(get(&router, "/readyz").await.status, 200);
    server.lifecycle.drain(Schedule::new(Instant::now(), &limits, true));
    assert_eq!(get(&router, "/livez").await.status, 200);
    assert_eq!(get(&router, "/readyz").await.status, 503);
    assert_eq!(post(&router, "/models/line/predict", ROW).await.status, 200);
}

#[tokio::test]
async fn a_body_over_the_budget_is_not_read() {
    let router = public(Limits { body_budget: 100, ..Limits::default() });
    assert_eq!(post(&router, "/models/line/predict", ROW).await.status, 200);
    let answer = post(&router, "/models/line/predict", ROW.to_owned() + &" ".repeat(100)).await;
    assert_eq!((answer.status.as_u16(), answer.header("retry-after")), (503, "1"));
}

#[tokio::test]
async fn bytes_that_are_not_text_are_refused() {
    let router = public(Limits::default());
    assert_eq!(post(&router, "/predict", &b"{\"RM\xff\":1}"[..]).await.status, 400);
    assert_eq!(post(&router, "/models/%ff/predict", ROW).await.status, 404);
    assert_eq!(post(&router, "/models/l%69ne/predict", ROW).await.status, 200);
}

#[tokio::test]
async fn a_model_shows_no_training_rows() {
    let router = public(Limits::default());
    let list = get(&router, "/models").await.json();
    assert_eq!(list["models"][0]["name"], "houses");
    assert_eq!(list["models"][0]["default"], true);
    assert_eq!(list["models"][2]["task"], "binary");
    let shown = get(&router, "/models/houses").await.json();
    let mut keys: Vec<&str> = shown.as_object().unwrap().keys().map(String::as_str).collect();
    keys.sort_unstable();
    let expected = "algorithm default evaluation example features hyperparameters importance name prediction_stats smartcore target task version";
    assert_eq!(keys.join(" "), expected);
    assert_eq!(shown["features"][2]["categories"], serde_json::json!(["blue", "green", "red"]));
}

#[tokio::test]
async fn admin_has_probes_and_metrics_only() {
    let router = router(serving(Limits::default()), Role::Admin, Options::default());
    for path in ["/livez", "/healthz", "/readyz", "/ping", "/metrics"] {
        assert_eq!(get(&router, path).await.status, 200, "{path}");
    }
    for path in ["/", "/models", "/models/line"] {
        assert_eq!(get(&router, path).await.status, 404, "{path}");
    }
    assert_eq!(post(&router, "/predict", ROW).await.status, 404);
}

#[tokio::test]
async fn metrics_and_the_page_can_be_left_out() {
    let options = Options { private_metrics: true, no_ui: true, ..Options::default() };
    let router = router(serving(Limits::default()), Role::Main, options);
    assert_eq!(get(&router, "/metrics").await.status, 404);
    for path in ["/", "/ui/1/main.js"] {
        assert_eq!(get(&router, path).await.status, 404, "{path}");
    }
    let mut details = request("GET", "/models/line/", "");
    details.headers_mut().insert("accept", "text/html".parse().unwrap());
    assert_eq!(send(&router, details).await.json()["name"], "line");
}

#[tokio::test]
async fn tokens_leave_probes_and_pages_open() {
    let mut file = tempfile::NamedTempFile::new().unwrap();
    writeln!(file, "first\n\n  second  ").unwrap();
    let tokens = Arc::new(Tokens::load(file.path()).unwrap());
    assert!(!format!("{tokens:?}").contains("first"));
    let options = Options { tokens: Some(Arc::clone(&tokens)), ..Options::default() };
    let router = router(serving(Limits::default()), Role::Main, options);
    let ask = |authorization: &'static str| {
        let mut request = request("POST", "/models/line/predict", ROW);
        if !authorization.is_empty() {
            request.headers_mut().insert("authorization", authorization.parse().unwrap());
        }
        let router = router.clone();
        async move { send(&router, request).await.status.as_u16() }
    };
    for known in ["Bearer first", "bearer second", "BEARER  first"] {
        assert_eq!(ask(known).await, 200, "{known}");
    }
    for unknown in
        ["", "Bearer", "Bearer ", "Bearer third", "Bearer firs", "Basic first", "first", "Bearer first second"]
    {
        assert_eq!(ask(unknown).await, 401, "{unknown}");
    }
    for open in ["/livez", "/healthz", "/readyz", "/ping", "/metrics", "/", "/ui/1/main.js"] {
        assert_eq!(get(&router, open).await.status, 200, "{open}");
    }
    for closed in ["/models", "/models/line", "/models/line/", "/predict"] {
        let answer = get(&router, closed).await;
        assert_eq!((answer.status.as_u16(), answer.header("www-authenticate")), (401, "Bearer"), "{closed}");
    }
    assert_eq!(get(&router, "/nowhere").await.status, 404);
    std::fs::write(file.path(), "third\n").unwrap();
    let now = Instant::now();
    tokens.refresh(now).unwrap();
    assert_eq!((ask("Bearer first").await, ask("Bearer third").await), (401, 200));
    let mut twice = request("POST", "/models/line/predict", ROW);
    twice.headers_mut().append("authorization", "Bearer third".parse().unwrap());
    twice.headers_mut().append("authorization", "Bearer fourth".parse().unwrap());
    assert_eq!(send(&router, twice).await.status, 400);
    std::fs::remove_file(file.path()).unwrap();
    assert!(tokens.refresh(now).is_err());
    assert!(tokens.refresh(now + KEPT_UNREADABLE - Duration::from_secs(1)).is_err());
    assert_eq!(ask("Bearer third").await, 200);
    assert!(tokens.refresh(now + KEPT_UNREADABLE).is_err());
    assert_eq!((ask("Bearer third").await, ask("Bearer ").await, ask("").await), (401, 401, 401));
    std::fs::write(file.path(), "# nobody yet\n").unwrap();
    tokens.refresh(now).unwrap();
    assert_eq!(ask("Bearer nobody").await, 401);
    std::fs::write(file.path(), "third\n").unwrap();
    tokens.refresh(now).unwrap();
    assert_eq!(ask("Bearer third").await, 200);
}

#[tokio::test]
async fn a_mark_and_comments_are_no_tokens() {
    let mut file = tempfile::NamedTempFile::new().unwrap();
    file.write_all("\u{feff}first\r\n# the second's owner\r\nsecond\r\n".as_bytes()).unwrap();
    let tokens = Arc::new(Tokens::load(file.path()).unwrap());
    assert_eq!(tokens.len(), 2);
    let options = Options { tokens: Some(tokens), ..Options::default() };
    let router = router(serving(Limits::default()), Role::Main, options);
    for (token, status) in [("first", 200), ("second", 200), ("# the second's owner", 401)] {
        let mut request = request("POST", "/models/line/predict", ROW);
        request.headers_mut().insert("authorization", format!("Bearer {token}").parse().unwrap());
        assert_eq!(send(&router, request).await.status, status, "{token}");
    }
}

#[test]
fn an_empty_token_file_is_refused() {
    let file = tempfile::NamedTempFile::new().unwrap();
    assert!(Tokens::load(file.path()).unwrap_err().contains("no token"));
}

/// A body's bytes that tell, when they are dropped, whether a prediction has been counted by then.
struct WatchedBytes {
    bytes: &'static [u8],
    metrics: Arc<Metrics>,
    was_predicted: mpsc::Sender<bool>,
}

impl AsRef<[u8]> for WatchedBytes {
    fn as_ref(&self) -> &[u8] {
        self.bytes
    }
}

impl Drop for WatchedBytes {
    fn drop(&mut self) {
        let counted = self.metrics.render().contains("smartserve_prediction_rows_total{model=\"line\"} 1\n");
        self.was_predicted.send(counted).unwrap();
    }
}

/// From then on the request's lease counts the rows and the answer, and no longer the body.
#[tokio::test]
async fn a_short_body_is_dropped_before_its_rows_are_predicted() {
    let server = serving(Limits::default());
    let router = router(Arc::clone(&server), Role::Main, Options::default());
    let (sender, was_predicted) = mpsc::channel();
    let bytes = WatchedBytes { bytes: ROW.as_bytes(), metrics: Arc::clone(&server.metrics), was_predicted: sender };
    let answer = post(&router, "/models/line/predict", Body::from(Bytes::from_owner(bytes))).await;
    assert_eq!(answer.status.as_u16(), 200, "{}", answer.text());
    assert_eq!(was_predicted.iter().collect::<Vec<bool>>(), [false]);
    assert!(server.metrics.render().contains("smartserve_prediction_rows_total{model=\"line\"} 1\n"));
}

#[test]
fn a_token_file_is_a_regular_file_of_bounded_length() {
    let folder = tempfile::tempdir().unwrap();
    let path = |name: &str| folder.path().join(name);
    // As Kubernetes mounts a secret: two links, then the file.
    std::fs::create_dir(path("..2026")).unwrap();
    std::fs::write(path("..2026/tokens"), "secret\n").unwrap();
    std::os::unix::fs::symlink("..2026", path("..data")).unwrap();
    std::os::unix::fs::symlink("..data/tokens", path("tokens")).unwrap();
    assert_eq!(Tokens::load(&path("tokens")).unwrap().len(), 1);
    // Nobody writes to it: who reads it as a file waits for ever.
    mknodat(CWD, path("pipe"), FileType::Fifo, Mode::RUSR | Mode::WUSR, 0).unwrap();
    for (name, problem) in [("pipe", "not a file"), ("..data", "not a file")] {
        assert!(Tokens::load(&path(name)).unwrap_err().ends_with(problem), "{name}");
    }
    std::fs::write(path("long"), vec![b'a'; (1 << 20) + 1]).unwrap();
    let error = Tokens::load(&path("long")).unwrap_err();
    assert!(error.ends_with("long: larger than 1 MiB; it holds one token a line"), "{error}");
}
