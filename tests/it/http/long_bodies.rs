//! Requests that take long: streams while their model is replaced, bodies of many short pieces.

use std::convert::Infallible;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use axum::body::{Body, Bytes};
use futures_util::stream::iter;
use http::{Request, Response};
use http_body_util::BodyExt as _;
use smartserve::config::Limits;
use smartserve::http::app::Options;
use smartserve::http::router::router;
use smartserve::serve::listener::Role;
use tower::ServiceExt as _;

use crate::support::model_folder::{ModelFolder, one, version};
use crate::support::router::{public, request, send, streamed};

fn typed(target: &str, content_type: &str, body: Body) -> Request<Body> {
    let mut request = request("POST", target, body);
    request.headers_mut().insert("content-type", content_type.parse().unwrap());
    request
}

async fn piece(response: &mut Response<Body>) -> Option<String> {
    let frame = response.body_mut().frame().await?.unwrap();
    Some(String::from_utf8(frame.into_data().unwrap().to_vec()).unwrap())
}

#[tokio::test]
async fn a_stream_holds_no_version_that_is_neither_served_nor_the_one_before() {
    let house = ModelFolder::new();
    let path = house.write("m.model", &version(1));
    house.open(&one(&path));
    let first = Arc::downgrade(&house.server.registry.get("m").unwrap());
    let n_features = first.upgrade().unwrap().model.schema().n_features();
    let row = format!("[{}]\n", vec!["1"; n_features].join(","));

    let router = router(Arc::clone(&house.server), Role::Main, Options::default());
    let (sender, body) = streamed();
    let next = || sender.send(row.clone().into_bytes()).unwrap();
    next();
    let begun = typed("/predict", "application/x-ndjson", body);
    let mut response = router.oneshot(begun).await.unwrap();
    let answer = piece(&mut response).await.unwrap();

    let swap = |seed| {
        std::fs::write(&path, version(seed)).unwrap();
        house.look();
    };
    swap(2);
    next();
    assert_eq!(piece(&mut response).await.unwrap(), answer, "the version before goes on");
    swap(3);
    assert!(first.upgrade().is_none(), "whether the stream's client reads or not");
    next();
    let last: serde_json::Value = serde_json::from_str(&piece(&mut response).await.unwrap()).unwrap();
    assert_eq!(last["status"], 503);
    assert!(last["detail"].as_str().unwrap().starts_with("The version that this stream began with"), "{last}");
    drop(sender);
    assert_eq!(piece(&mut response).await, None);
    let refused = "smartserve_requests_rejected_total{reason=\"not_ready\"} 1";
    assert!(house.server.metrics.render().contains(refused), "{}", house.server.metrics.render());
}

/// The turns of another task of the same thread while a request is answered, and the status.
async fn turns_during(request: Request<Body>) -> (usize, u16) {
    let router = public(Limits::default());
    // Makes the models before.
    send(&router, typed("/models/line/predict", "application/json", Body::from("{\"x\":2}"))).await;
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
    let status = send(&router, request).await.status.as_u16();
    counting.abort();
    (turns.load(Ordering::Relaxed), status)
}

/// Each piece counts as 512 bytes read: 12,800 of a byte let the others have their turn a hundred times.
#[tokio::test]
async fn short_pieces_of_a_body_are_work() {
    const PIECES: usize = 12_800;
    let pieces = |row: &str| {
        let blanks = std::iter::repeat_n(Bytes::from_static(b" "), PIECES);
        let row: Vec<Bytes> = row.bytes().map(|byte| Bytes::copy_from_slice(&[byte])).collect();
        Body::from_stream(iter(blanks.chain(row).map(Ok::<_, Infallible>)))
    };
    let (turns, status) = turns_during(typed("/models/line/predict", "application/json", pieces("{\"x\":2}"))).await;
    assert_eq!(status, 200);
    assert!(turns >= 100, "{turns}");
    // What no handler reads is read before the answer goes out.
    let (turns, status) = turns_during(typed("/models/none/predict", "application/json", pieces(""))).await;
    assert_eq!(status, 404);
    assert!(turns >= 100, "{turns}");
}
