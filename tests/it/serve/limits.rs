//! Every client that is too slow is let go, in its own time and without harm to the others.

use std::time::Instant;

use smartserve::config::Limits;
use smartserve::serve::listener::{BUFFER_BYTES, LARGE_HEAD_BYTES, bind};
use tokio::io::AsyncWriteExt;

use crate::support::server::{ANSWER_BYTES, Client, PATIENCE, Server, limits, ms, until, within};

#[tokio::test]
async fn a_head_that_is_not_complete_in_time_gets_its_connection_closed() {
    let server = Server::start(limits());
    let mut client = server.connect().await;
    let start = Instant::now();
    client.send("GET /ok HTTP/1.1\r\nHo").await;
    client.closed().await;
    assert!(start.elapsed() >= limits().header_timeout);
    server.until_connections(0).await;
}

#[tokio::test]
async fn a_head_dripping_byte_by_byte_does_not_move_its_deadline() {
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
async fn the_time_for_a_head_runs_from_its_first_byte() {
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
async fn a_second_head_that_is_slow_is_closed_too() {
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
async fn half_a_head_behind_a_whole_one_has_the_time_of_a_head() {
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
async fn half_a_head_behind_a_body_has_the_time_of_a_head() {
    let server = Server::start(limits());
    let mut client = server.connect().await;
    client.send("POST /echo HTTP/1.1\r\nHost: test\r\nContent-Length: 4\r\n\r\nabcdGET /o").await;
    assert_eq!(client.answer().await.unwrap().body, b"abcd");
    client.closed().await;
}

#[tokio::test]
async fn an_idle_connection_is_closed_after_the_idle_timeout() {
    let server = Server::start(Limits { idle_timeout: ms(200), ..limits() });
    let mut silent = server.connect().await;
    let mut used = server.connect().await;
    used.get("/ok").await;
    used.answer().await.unwrap();
    silent.closed().await;
    used.closed().await;
}

#[tokio::test]
async fn a_request_under_way_is_neither_idle_nor_a_slow_head() {
    let server = Server::start(Limits { idle_timeout: ms(50), header_timeout: ms(50), ..limits() });
    let mut client = server.connect().await;
    client.get("/wait").await;
    server.until_waiting(1).await;
    tokio::time::sleep(ms(200)).await;
    server.gate.add_permits(1);
    assert_eq!(client.answer().await.unwrap().status, 200);
}

#[tokio::test]
async fn a_client_that_reads_nothing_of_its_answer_is_cut() {
    let server = Server::start(limits());
    let mut client = server.connect().await;
    client.get("/large").await;
    server.until_connections(1).await;
    server.until_connections(0).await;
}

#[tokio::test]
async fn half_a_head_behind_an_answer_that_is_being_read_has_its_time_afterwards() {
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
async fn a_client_that_reads_gets_the_whole_of_a_large_answer() {
    let server = Server::start(limits());
    let mut client = server.connect().await;
    client.get("/large").await;
    assert_eq!(client.answer().await.unwrap().body.len(), crate::support::server::LARGE);
}

#[tokio::test]
async fn a_body_that_is_late_is_the_services_to_answer() {
    let server = Server::start(limits());
    let mut client = server.connect().await;
    let start = Instant::now();
    client.send("POST /echo HTTP/1.1\r\nHost: test\r\nContent-Length: 10\r\n\r\nhalf").await;
    assert_eq!(client.answer().await.unwrap().status, 408);
    assert!(start.elapsed() >= limits().body_timeout);
}

#[tokio::test]
async fn an_answer_before_the_end_of_the_body_can_be_read() {
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
async fn what_is_not_http_gets_a_bare_400_and_a_close() {
    let server = Server::start(limits());
    for nonsense in ["\u{16}\u{3}\u{1} hello\r\n\r\n", "GET /ok HTTP/3.0\r\n\r\n", "GET /ok HTTP/1.1\r\nA : b\r\n\r\n"]
    {
        let mut client = server.connect().await;
        client.send(nonsense).await;
        assert_eq!(client.answer().await.map(|a| a.status), Some(400), "{nonsense:?}");
        client.closed().await;
    }
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
async fn more_busy_connections_than_the_budget_has_seats_for_take_turns() {
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
    until(|| server.serving.memory.free() == 4 * BUFFER_BYTES).await;
}

#[tokio::test]
async fn a_connection_that_was_idle_for_long_answers_as_before() {
    let server = Server::start(limits());
    let mut client = server.connect().await;
    for body in ["first", "second"] {
        let request = format!("POST /echo HTTP/1.1\r\nHost: test\r\nContent-Length: {}\r\n\r\n{body}", body.len());
        client.send(&request).await;
        assert_eq!(client.answer().await.unwrap().body, body.as_bytes());
        // Its buffers are given back meanwhile.
        until(|| server.serving.memory.free() == Limits::default().body_budget).await;
    }
}

#[tokio::test]
async fn a_long_head_has_its_room_while_it_is_there() {
    let server = Server::start(limits());
    let free = || server.serving.memory.free();
    let mut client = server.connect().await;
    client.send(&format!("GET /wait HTTP/1.1\r\nHost: test\r\nX: {}\r\n\r\n", "x".repeat(30 << 10))).await;
    server.until_waiting(1).await;
    assert_eq!(free(), Limits::default().body_budget - BUFFER_BYTES - LARGE_HEAD_BYTES);
    server.gate.add_permits(1);
    assert_eq!(client.answer().await.unwrap().status, 200);
    until(|| free() == Limits::default().body_budget).await;
}

#[tokio::test]
async fn what_an_answer_holds_is_kept_until_it_is_written() {
    let server = Server::start(Limits { write_timeout: PATIENCE, ..limits() });
    let mut client = server.connect().await;
    client.get("/large").await;
    let all = Limits::default().body_budget;
    until(|| server.serving.memory.free() <= all - ANSWER_BYTES).await;
    let mut one = [0];
    client.socket.peek(&mut one).await.unwrap();
    tokio::time::sleep(ms(100)).await;
    assert!(server.serving.memory.free() <= all - ANSWER_BYTES, "given up although nobody has read");
    client.answer().await.unwrap();
    until(|| server.serving.memory.free() > all - ANSWER_BYTES).await;
}

#[tokio::test]
async fn at_the_connection_cap_accepting_pauses_and_the_admin_listener_answers() {
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
async fn an_address_in_use_is_named_with_what_to_do() {
    let taken = bind("127.0.0.1:0".parse().unwrap()).unwrap();
    let address = taken.local_addr().unwrap();
    let error = bind(address).unwrap_err();
    assert_eq!(
        error.to_string(),
        format!("cannot listen on {address}: address in use; stop what listens there, or choose another with --bind")
    );
}
