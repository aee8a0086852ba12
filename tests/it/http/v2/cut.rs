//! Bodies that lost a part on their way: refused, never our fault, never a hang.

use smartserve::config::Limits;
use smartserve::http::service::Service;

use super::same_rows::{STYLES, body, houses, infer, kinds};
use crate::support::router::{public, send};

/// A valid body for each model in each style, and the JSON's bytes of it where it goes on in binary.
fn bodies() -> Vec<(&'static str, Vec<u8>, Option<usize>)> {
    let rows = [(6.5, Some(300.25), 0), (-4.25e-3, None, 2)];
    let more = r#","id":"a","outputs":[{"name":"predict"}]"#;
    let of = |path, inputs: &[_]| STYLES.map(|style| (path, body(inputs, style, more)));
    let all = of("/v2/models/houses/infer", &houses(&rows)).into_iter();
    let all = all.chain(of("/v2/models/kinds/infer", &kinds(&rows)));
    all.map(|(path, (body, json_length))| (path, body, json_length)).collect()
}

async fn status(router: &Service, path: &str, body: Vec<u8>, json_length: Option<usize>) -> u16 {
    send(router, infer(path, (body, json_length))).await.status.as_u16()
}

#[tokio::test]
async fn cut_bodies_are_refused() {
    let router = public(Limits::default());
    for (path, body, json_length) in bodies() {
        assert_eq!(status(&router, path, body.clone(), json_length).await, 200, "{}", String::from_utf8_lossy(&body));
        for end in 0..body.len() {
            // The header as it was, and one that fits what came.
            for length in [json_length, json_length.map(|length| length.min(end))] {
                let status = status(&router, path, body[..end].to_vec(), length).await;
                assert!(matches!(status, 400 | 422), "{status}: {}", String::from_utf8_lossy(&body[..end]));
            }
        }
    }
}

#[tokio::test]
async fn a_missing_middle_is_no_server_error() {
    let router = public(Limits::default());
    for (path, body, json_length) in bodies() {
        for start in 0..body.len() {
            for n in [1, 4, 8, 31] {
                let mut rest = body.clone();
                rest.drain(start..(start + n).min(body.len()));
                let status = status(&router, path, rest, json_length).await;
                assert!(matches!(status, 200 | 400 | 422), "{status}: {n} bytes from {start} of {path}");
            }
        }
    }
}
