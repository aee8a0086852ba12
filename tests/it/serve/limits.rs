//! Every client that is too slow is let go, in its own time and without harm to the others.

use std::time::Instant;

use smartserve::config::Limits;
use smartserve::serve::listener::{BUFFER_BYTES, LARGE_HEAD_BYTES, bind};
use tokio::io::AsyncWriteExt;

use crate::support::server::{ANSWER_BYTES, Client, PATIENCE, Server, limits, ms, until, within};

#[tokio::test]
async fn a_late_head_closes_its_connection() {
    let server = Server::start(limits());
    let mut client = server.connect().await;
    let start = Instant::now();
    client.send("GET /ok HTTP/1.1\r\nHo").await;
    client.closed().await;
    assert!(start.elapsed() >= limits().header_timeout);
    server.until_connections(0).await;
}

#[tokio::test]
async fn a_dripping_head_moves_no_deadline() {
    let server = Server::start(limits());
    let mut client = server.connect().await;
    let start = Instant::now();
    client.send("GET /ok HTTP/1.1\r\n").await;
    let (mut read, mut write) = client.socket.split();
    let drip = async {
        while write.write_all(b"x: y\r\n").await.is_ok() {
            tokio::time::sleep(ms(20)).await;
        }
    };
    let mut rest = Vec::new();
    within(async {
        tokio::select! {
            () = drip => {}
            _ = tokio::io::AsyncReadExt::read_to_end(&mut read, &mut rest) => {}
        }
    })
    .await;
    assert!(rest.is_empty());
    assert!(start.elapsed() < limits().header_timeout * 5);
}

#[tokio::test]
async fn a_heads_time_starts_at_its_first_byte() {
    let server = Server::start(Limits { header_timeout: ms(100), ..limits() });
    let mut client = server.connect().await;
    tokio::time::sleep(ms(200)).await;
    client.get("/ok").await;
    assert_eq!(client.answer().await.unwrap().status, 200);
    tokio::time::sleep(ms(200)).await;
    client.get("/ok").await;
    assert_eq!(client.answer().await.unwrap().status, 200);
}

#[tokio::test]
async fn a_slow_second_head_is_closed() {
    let server = Server::start(limits());
    let mut client = server.connect().await;
    client.get("/ok").await;
    client.answer().await.unwrap();
    let start = Instant::now();
    client.send("GET").await;
    client.closed().await;
    assert!(start.elapsed() >= limits().header_timeout);
}

#[tokio::test]
async fn half_a_head_after_a_head_has_its_time() {
    let server = Server::start(limits());
    let mut client = server.connect().await;
    let start = Instant::now();
    client.send("GET /ok HTTP/1.1\r\nHost: test\r\n\r\nGET /ok HT").await;
    client.answer().await.unwrap();
    client.closed().await;
    assert!(start.elapsed() >= limits().header_timeout);
    assert!(start.elapsed() < limits().idle_timeout);
}

#[tokio::test]
async fn half_a_head_after_a_body_has_its_time() {
    let server = Server::start(limits());
    let mut client = server.connect().await;
    client.send("POST /echo HTTP/1.1\r\nHost: test\r\nContent-Length: 4\r\n\r\nabcdGET /o").await;
    assert_eq!(client.answer().await.unwrap().body, b"abcd");
    client.closed().await;
}

#[tokio::test]
async fn an_idle_connection_is_closed() {
    let server = Server::start(Limits { idle_timeout: ms(200), ..limits() });
    let mut silent = server.connect().await;
    let mut used = server.connect().await;
    used.get("/ok").await;
    used.answer().await.unwrap();
    silent.closed().await;
    used.closed().await;
}

#[tokio::test]
async fn a_running_request_is_not_idle() {
    let server = Server::start(Limits { idle_timeout: ms(50), header_timeout: ms(50), ..limits() });
    let mut client = server.connect().await;
    client.get("/wait").await;
    server.until_waiting(1).await;
    tokio::time::sleep(ms(200)).await;
    server.gate.add_permits(1);
    assert_eq!(client.answer().await.unwrap().status, 200);
}

#[tokio::test]
async fn a_client_that_reads_nothing_is_cut() {
    let server = Server::start(limits());
    let mut client = server.connect().await;
    client.get("/large").await;
    server.until_connections(1).await;
    server.until_connections(0).await;
}

#[tokio::test]
async fn half_a_head_after_an_answer_has_its_time() {
    let server = Server::start(Limits { write_timeout: PATIENCE, ..limits() });
    let mut client = server.connect().await;
    client.get("/large").await;
    client.send("GET /ok HTTP/1.1\r\n").await;
    tokio::time::sleep(limits().header_timeout * 2).await;
    assert_eq!(client.answer().await.unwrap().body.len(), crate::support::server::LARGE);
    client.send("Host: test\r\n\r\n").await;
    assert_eq!(client.answer().await.unwrap().status, 200);
}

#[tokio::test]
async fn a_large_answer_arrives_whole() {
    let server = Server::start(limits());
    let mut client = server.connect().await;
    client.get("/large").await;
    assert_eq!(client.answer().await.unwrap().body.len(), crate::support::server::LARGE);
}

#[tokio::test]
async fn a_late_body_is_answered_by_the_service() {
    let server = Server::start(limits());
    let mut client = server.connect().await;
    let start = Instant::now();
    client.send("POST /echo HTTP/1.1\r\nHost: test\r\nContent-Length: 10\r\n\r\nhalf").await;
    assert_eq!(client.answer().await.unwrap().status, 408);
    assert!(start.elapsed() >= limits().body_timeout);
}

#[tokio::test]
async fn an_early_answer_can_be_read() {
    let server = Server::start(limits());
    let body = "x".repeat(1 << 20);
    for _ in 0..20 {
        let mut client = server.connect().await;
        client.send("POST /early HTTP/1.1\r\nHost: test\r\nContent-Length: 1048576\r\n\r\n").await;
        client.send(&body).await;
        assert_eq!(client.answer().await.unwrap().status, 413);
    }
}

#[tokio::test]
async fn what_is_not_http_gets_a_bare_400() {
    let server = Server::start(limits());
    for nonsense in ["\u{17}\u{3}\u{1} hello\r\n\r\n", "GET /ok HTTP/3.0\r\n\r\n", "GET /ok HTTP/1.1\r\nA : b\r\n\r\n"]
    {
        let mut client = server.connect().await;
        client.send(nonsense).await;
        assert_eq!(client.answer().await.map(|a| a.status), Some(400), "{nonsense:?}");
        client.closed().await;
    }
}

#[tokio::test]
async fn tls_is_closed_at_its_first_byte() {
    let server = Server::start(Limits { header_timeout: PATIENCE * 10, ..limits() });
    let mut client = server.connect().await;
    client.send("\u{16}").await;
    client.closed().await;
    server.until_connections(0).await;
}

#[tokio::test]
async fn a_head_over_64_kib_gets_a_bare_431() {
    let server = Server::start(limits());
    let mut client = server.connect().await;
    client.send(&format!("GET /ok HTTP/1.1\r\nHost: test\r\nX: {}\r\n\r\n", "x".repeat(100 << 10))).await;
    assert_eq!(client.answer().await.unwrap().status, 431);
    client.closed().await;
}

#[tokio::test]
async fn pipelined_requests_are_answered_in_order() {
    let server = Server::start(limits());
    let mut client = server.connect().await;
    let one = |n: usize| format!("POST /echo HTTP/1.1\r\nHost: test\r\nContent-Length: 3\r\n\r\n{n:03}");
    client.send(&(0..200).map(one).collect::<String>()).await;
    for n in 0..200 {
        assert_eq!(client.answer().await.unwrap().body, format!("{n:03}").as_bytes());
    }
}

#[tokio::test]
async fn busy_connections_take_turns() {
    let server = Server::start(Limits { body_budget: 4 * BUFFER_BYTES, ..limits() });
    let clients: Vec<_> = (0..40)
        .map(|_| {
            let address = server.address;
            tokio::spawn(async move {
                let mut client = Client::connect(address).await;
                for _ in 0..50 {
                    client.send("POST /echo HTTP/1.1\r\nHost: test\r\nContent-Length: 4\r\n\r\nbody").await;
                    assert_eq!(client.answer().await.unwrap().body, b"body");
                }
            })
        })
        .collect();
    for client in clients {
        within(client).await.unwrap();
    }
    until(|| server.server.memory.free() == 4 * BUFFER_BYTES).await;
}

#[tokio::test]
async fn long_idle_connections_still_answer() {
    let server = Server::start(limits());
    let mut client = server.connect().await;
    for body in ["first", "second"] {
        let request = format!("POST /echo HTTP/1.1\r\nHost: test\r\nContent-Length: {}\r\n\r\n{body}", body.len());
        client.send(&request).await;
        assert_eq!(client.answer().await.unwrap().body, body.as_bytes());
        // Its buffers are given back meanwhile.
        until(|| server.server.memory.free() == Limits::default().body_budget).await;
    }
}

#[tokio::test]
async fn a_long_head_has_room() {
    let server = Server::start(limits());
    let free = || server.server.memory.free();
    let mut client = server.connect().await;
    client.send(&format!("GET /wait HTTP/1.1\r\nHost: test\r\nX: {}\r\n\r\n", "x".repeat(30 << 10))).await;
    server.until_waiting(1).await;
    assert_eq!(free(), Limits::default().body_budget - BUFFER_BYTES - LARGE_HEAD_BYTES);
    server.gate.add_permits(1);
    assert_eq!(client.answer().await.unwrap().status, 200);
    until(|| free() == Limits::default().body_budget).await;
}

#[tokio::test]
async fn answers_hold_memory_until_written() {
    let server = Server::start(Limits { write_timeout: PATIENCE, ..limits() });
    let mut client = server.connect().await;
    client.get("/large").await;
    let all = Limits::default().body_budget;
    until(|| server.server.memory.free() <= all - ANSWER_BYTES).await;
    let mut one = [0];
    client.socket.peek(&mut one).await.unwrap();
    tokio::time::sleep(ms(100)).await;
    assert!(server.server.memory.free() <= all - ANSWER_BYTES, "given up although nobody has read");
    client.answer().await.unwrap();
    until(|| server.server.memory.free() > all - ANSWER_BYTES).await;
}

#[tokio::test]
async fn at_the_cap_accepting_pauses() {
    let server = Server::start(Limits { max_connections: 2, ..limits() });
    let (admin, _thread) = server.start_admin();
    let mut held = [server.connect().await, server.connect().await];
    for client in &mut held {
        client.get("/wait").await;
    }
    server.until_waiting(2).await;
    let mut third = server.connect().await;
    third.get("/ok").await;

    // The quickest of a few: the machine that runs the tests may be busy with others.
    let mut quickest = PATIENCE;
    for _ in 0..5 {
        let start = Instant::now();
        let mut probe = Client::connect(admin).await;
        probe.get("/ok").await;
        assert_eq!(probe.answer().await.unwrap().status, 200);
        quickest = quickest.min(start.elapsed());
    }
    assert!(quickest < ms(50), "the admin listener took {quickest:?}");

    assert!(tokio::time::timeout(ms(200), third.answer()).await.is_err(), "answered over the cap");
    server.gate.add_permits(1);
    let first = async {
        let [a, b] = &mut held;
        tokio::select! {
            answer = a.answer() => answer,
            answer = b.answer() => answer,
        }
    };
    assert_eq!(first.await.unwrap().status, 200);
    // Both clients go: a kept connection counts as much as a busy one.
    drop(held);
    assert_eq!(third.answer().await.unwrap().status, 200);
}

#[tokio::test]
async fn an_address_in_use_is_named() {
    let taken = bind("127.0.0.1:0".parse().unwrap()).unwrap();
    let address = taken.local_addr().unwrap();
    let error = bind(address).unwrap_err();
    assert_eq!(
        error.to_string(),
        format!("cannot listen on {address}: address in use; stop what listens there, or choose another with --bind")
    );
}
