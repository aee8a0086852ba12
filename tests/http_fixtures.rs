//! Each `tests/fixtures/http/NAME.request` must be answered as `NAME.response` says: status line, the headers listed
//! there, the whole body. One pair at least for each row of the status table and for each kind of input that clients
//! get wrong. `UPDATE_FIXTURES=1` writes the responses anew, to be read before they are committed.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on should stop")]

mod http_support;

use std::fmt::Write as _;
use std::path::{Path, PathBuf};

use axum::body::Body;
use http::{Request, Version};
use http_support::{Answer, send, serving};
use smartserve::config::Limits;
use smartserve::http::app::{Options, Side};
use smartserve::http::router::router;

/// Headers that a response may list; others are tested elsewhere.
const LISTED: [&str; 7] =
    ["content-type", "allow", "retry-after", "www-authenticate", "connection", "x-request-id", "content-length"];

fn fixtures() -> Vec<PathBuf> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/http");
    let mut paths: Vec<PathBuf> = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    paths.retain(|path| path.extension().is_some_and(|e| e == "request"));
    paths.sort();
    paths
}

/// The text of a request, as on the wire but for line ends.
fn parse(text: &str) -> Request<Body> {
    let (head, body) = text.split_once("\n\n").unwrap_or((text.trim_end(), ""));
    let mut lines = head.lines();
    let mut first = lines.next().unwrap().split(' ');
    let (method, target, version) = (first.next().unwrap(), first.next().unwrap(), first.next().unwrap());
    let version = if version == "HTTP/1.0" { Version::HTTP_10 } else { Version::HTTP_11 };
    let mut request = Request::builder().method(method).uri(target).version(version);
    for line in lines {
        let (name, value) = line.split_once(": ").unwrap();
        request = request.header(name, value);
    }
    request.body(Body::from(body.strip_suffix('\n').unwrap_or(body).to_owned())).unwrap()
}

/// A model's version is a hash of its bytes, which this test is not about.
fn without_versions(body: &str, versions: &[String]) -> String {
    versions.iter().fold(body.to_owned(), |body, version| body.replace(version, "…"))
}

fn show(answer: &Answer, versions: &[String]) -> String {
    let mut text = format!("HTTP/1.1 {}\n", answer.status);
    for name in LISTED {
        if name != "content-length" || answer.body.is_empty() {
            for value in answer.headers.get_all(name) {
                writeln!(text, "{name}: {}", value.to_str().unwrap()).unwrap();
            }
        }
    }
    if !answer.body.is_empty() {
        write!(text, "\n{}\n", without_versions(answer.text(), versions)).unwrap();
    }
    text
}

#[tokio::test]
async fn every_request_of_the_fixtures_is_answered_as_written() {
    let serving = serving(Limits { max_rows: 4, max_body_bytes: 1_024, ..Limits::default() });
    let versions: Vec<String> = serving.registry.list().iter().map(|m| m.model.version().to_owned()).collect();
    let router = router(serving, Side::Public, Options::default());
    let is_update = std::env::var_os("UPDATE_FIXTURES").is_some();
    let mut wrong = Vec::new();
    for path in fixtures() {
        let answer = show(&send(&router, parse(&std::fs::read_to_string(&path).unwrap())).await, &versions);
        let expected = path.with_extension("response");
        if is_update {
            std::fs::write(&expected, answer).unwrap();
        } else if std::fs::read_to_string(&expected).unwrap_or_default() != answer {
            wrong.push(format!("{}:\n{answer}", path.display()));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}
