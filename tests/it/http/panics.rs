//! A panic while a request is answered is one 500: it is counted, tells nothing, and disturbs no other request.

use std::convert::Infallible;
use std::pin::Pin;
use std::task::{Context, Poll};

use axum::body::{Body, Bytes};
use http_body::Frame;
use smartserve::config::Limits;
use smartserve::http::service::Service;

use crate::support::router::{Answer, get, post, public, request, send};

/// A body whose reading panics once.
struct Broken {
    has_panicked: bool,
}

impl http_body::Body for Broken {
    type Data = Bytes;
    type Error = Infallible;

    fn poll_frame(mut self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, Infallible>>> {
        assert!(std::mem::replace(&mut self.has_panicked, true), "the secret of forest.rs");
        Poll::Ready(None)
    }
}

async fn broken(router: &Service, target: &str) -> Answer {
    send(router, request("POST", target, Body::new(Broken { has_panicked: false }))).await
}

#[tokio::test]
async fn a_panic_is_a_counted_500_that_tells_nothing() {
    let router = public(Limits::default());
    for (n, target, route) in [
        (1, "/predict", "/predict"),
        (2, "/models/line/predict", "/models/{name}/predict"),
        (3, "/v2/models/line/infer", "/v2/models/{name}/infer"),
    ] {
        let answer = broken(&router, target).await;
        assert_eq!((answer.status.as_u16(), answer.json()["status"].as_u64()), (500, Some(500)), "{target}");
        assert!(!answer.text().contains("secret"), "{}", answer.text());
        let metrics = get(&router, "/metrics").await;
        let counted = format!(r#"smartserve_http_requests_total{{method="POST",route="{route}",status="500"}} 1"#);
        assert!(metrics.text().contains(&counted), "{}", metrics.text());
        assert!(metrics.text().contains(&format!("smartserve_panics_total {n}\n")), "{}", metrics.text());
    }
}

#[tokio::test]
async fn beside_a_request_that_panics_others_go_on_being_answered() {
    let router = public(Limits::default());
    for _ in 0..20 {
        let target = "/models/line/predict";
        let (broken, answered) = tokio::join!(broken(&router, target), post(&router, target, r#"{"x":2}"#));
        assert_eq!((broken.status.as_u16(), answered.status.as_u16()), (500, 200));
    }
}
