//! Connections do not grow old: an answer closes each at its age, and nothing is lost.

use std::time::{Duration, Instant};

use smartserve::config::Limits;

use crate::support::server::{Client, Server, limits, ms, within};

/// A server whose connections are old after 80 % to 120 % of this.
fn aging(max_connection_age: Duration) -> Server {
    Server::start(Limits { max_connection_age, ..limits() })
}

#[tokio::test]
async fn an_old_connection_is_closed_by_its_next_answer() {
    let server = aging(ms(500));
    let start = Instant::now();
    let mut client = server.connect().await;
    let mut answered = 0;
    loop {
        client.get("/ok").await;
        let answer = client.answer().await.unwrap();
        assert_eq!(answer.status, 200);
        if answer.closes() {
            break;
        }
        answered += 1;
    }
    assert!(answered > 0);
    assert!(start.elapsed() >= ms(400), "{:?}", start.elapsed());
    client.closed().await;
}

#[tokio::test]
async fn an_old_connection_without_a_request_stays_open() {
    let server = aging(ms(20));
    let mut silent = server.connect().await;
    let mut used = server.connect().await;
    used.get("/ok").await;
    assert!(!used.answer().await.unwrap().closes());
    // Ten times as old as it may become.
    tokio::time::sleep(ms(200)).await;
    for client in [&mut silent, &mut used] {
        client.get("/ok").await;
        let answer = client.answer().await.unwrap();
        assert!(answer.status == 200 && answer.closes());
        client.closed().await;
    }
}

#[tokio::test]
async fn an_old_connection_answers_what_came_behind_a_request() {
    let server = aging(Duration::ZERO);
    let mut client = server.connect().await;
    client.send(&"GET /ok HTTP/1.1\r\nHost: test\r\n\r\n".repeat(50)).await;
    for n in 1..=50 {
        assert_eq!(client.answer().await.unwrap().closes(), n == 50, "answer {n}");
    }
    client.closed().await;
}

#[tokio::test]
async fn clients_that_keep_their_connections_lose_no_request_to_age() {
    let server = aging(ms(10));
    let address = server.address;
    let end = Instant::now() + ms(1000);
    let clients: Vec<_> = (0..8)
        .map(|n| {
            tokio::spawn(async move {
                let mut closed = 0;
                let mut client = Client::connect(address).await;
                while Instant::now() < end {
                    client.get("/ok").await;
                    let answer = client.answer().await.expect("a request was lost");
                    if answer.closes() {
                        closed += 1;
                        client = Client::connect(address).await;
                    }
                    // Some ask again at once, some just when the age is reached.
                    tokio::time::sleep(ms(n * 3 / 2)).await;
                }
                closed
            })
        })
        .collect();
    for client in clients {
        assert!(within(client).await.unwrap() >= 3);
    }
}
