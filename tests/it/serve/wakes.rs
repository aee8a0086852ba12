//! How often a connection's task is polled when a request wakes it, counted by a service that wakes it.

use std::convert::Infallible;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering::Relaxed};
use std::task::{Context, Poll};

use bytes::Bytes;
use http::{Request, Response};
use http_body_util::Empty;
use hyper::body::Incoming;
use smartserve::config::ExtraFeatures;
use smartserve::serve::ServerState;
use smartserve::serve::listener::{BoundService, ListenerContext, accept_connections, bind};

use crate::support::server::{Client, limits};

/// Sends one request to a listener whose service answers when `poll` is ready. `poll` gets the number of polls so far, and
/// whether other tasks of the runtime had their turn since the first.
async fn ask(poll: impl Fn(&mut Context<'_>, usize, bool) -> Poll<()> + Clone + Send + Sync + 'static) {
    let server = ServerState::new(Vec::new(), limits(), ExtraFeatures::Reject);
    let tcp = bind("127.0.0.1:0".parse().unwrap()).unwrap();
    let mut client = Client::connect(tcp.local_addr().unwrap()).await;
    let service = tower::service_fn(move |_: Request<Incoming>| {
        let (poll, polls, had_turn) = (poll.clone(), AtomicUsize::new(0), Arc::new(AtomicBool::new(false)));
        async move {
            std::future::poll_fn(|cx| {
                if polls.fetch_add(1, Relaxed) == 0 {
                    let had_turn = Arc::clone(&had_turn);
                    tokio::spawn(async move { had_turn.store(true, Relaxed) });
                }
                poll(cx, polls.load(Relaxed), had_turn.load(Relaxed))
            })
            .await;
            Ok::<_, Infallible>(Response::new(Empty::<Bytes>::new()))
        }
    });
    let listening =
        tokio::spawn(accept_connections(BoundService { socket: tcp.into(), service }, ListenerContext::of(&server)));
    client.get("/").await;
    assert_eq!(client.answer().await.unwrap().status, 200);
    listening.abort();
}

#[tokio::test]
async fn a_wake_while_it_is_polled_costs_a_poll_and_no_turn() {
    ask(|cx, polls, others_had_turn| {
        if polls == 1 {
            cx.waker().wake_by_ref();
            return Poll::Pending;
        }
        assert!(!others_had_turn);
        Poll::Ready(())
    })
    .await;
}

#[tokio::test]
async fn two_wakes_between_polls_cost_one_poll() {
    let woken = Arc::new(AtomicUsize::new(0));
    ask(move |cx, polls, _| {
        let pairs = woken.load(Relaxed);
        assert_eq!(polls, pairs + 1);
        if pairs == 2 {
            return Poll::Ready(());
        }
        let (waker, woken) = (cx.waker().clone(), Arc::clone(&woken));
        tokio::spawn(async move {
            woken.fetch_add(1, Relaxed);
            waker.wake_by_ref();
            waker.wake();
        });
        Poll::Pending
    })
    .await;
}

#[tokio::test]
async fn one_that_always_wakes_itself_lets_others_run() {
    ask(|cx, polls, others_had_turn| {
        cx.waker().wake_by_ref();
        assert!(polls <= 4, "{polls} polls in a row");
        if others_had_turn { Poll::Ready(()) } else { Poll::Pending }
    })
    .await;
}
