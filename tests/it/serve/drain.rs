//! The life of the process: what each signal does, in which order, and that nothing is lost.

use std::time::Instant;

use smartserve::config::Limits;
use smartserve::serve::lifecycle::{DrainStep, Lifecycle, Phase, Schedule, Signal};
use smartserve::serve::server::ServerExit;
use tokio::net::TcpStream;

use crate::support::server::{Client, Server, limits, ms, until, within};

#[tokio::test]
async fn a_drain_takes_its_steps_in_order() {
    let server = Server::start(limits());
    let lifecycle = server.server.lifecycle.clone();
    let mut busy = server.connect().await;
    busy.get("/wait").await;
    server.until_waiting(1).await;
    let mut kept = server.connect().await;
    kept.get("/ok").await;
    assert!(!kept.answer().await.unwrap().closes());
    assert_eq!((lifecycle.phase(), lifecycle.steps()), (Phase::Ready, vec![]));

    server.drain(Signal::Terminate).await;
    assert_eq!((lifecycle.phase(), lifecycle.steps()), (Phase::Draining, vec![DrainStep::DrainBegan]));
    // The lame-duck: both an old and a new connection are served, and told to close.
    kept.get("/ok").await;
    assert!(kept.answer().await.unwrap().closes());
    kept.closed().await;
    let mut new = server.connect().await;
    new.get("/ok").await;
    assert!(new.answer().await.unwrap().closes());

    until(|| lifecycle.steps().contains(&DrainStep::ListenerClosed)).await;
    assert!(TcpStream::connect(server.address).await.is_err());
    server.gate.add_permits(1);
    let answer = busy.answer().await.unwrap();
    assert_eq!(answer.body, b"waited");
    assert!(answer.closes());
    assert_eq!(server.exit().await, ServerExit::Drained);
    assert_eq!(lifecycle.phase(), Phase::Stopped);
    assert_eq!(
        lifecycle.steps(),
        [DrainStep::DrainBegan, DrainStep::ListenerClosed, DrainStep::ConnectionsDone, DrainStep::Stopped]
    );
}

#[tokio::test]
async fn terminate_accepts_during_lame_duck() {
    let server = Server::start(limits());
    let lifecycle = server.server.lifecycle.clone();
    let start = Instant::now();
    server.drain(Signal::Terminate).await;
    let mut accepted = 0;
    while !lifecycle.steps().contains(&DrainStep::ListenerClosed) {
        let Ok(socket) = TcpStream::connect(server.address).await else { break };
        drop(socket);
        accepted += 1;
    }
    assert!(start.elapsed() >= limits().lame_duck);
    assert!(accepted > 0);
    assert_eq!(server.exit().await, ServerExit::Drained);
}

#[tokio::test]
async fn interrupt_skips_the_lame_duck() {
    // Longer than `exit` waits.
    let server = Server::start(Limits { lame_duck: ms(60_000), hard_stop: ms(60_000), ..limits() });
    server.signal(Signal::Interrupt).await;
    assert_eq!(server.exit().await, ServerExit::Drained);
}

#[tokio::test]
async fn idle_connections_outlive_the_listener() {
    let server = Server::start(limits());
    let lifecycle = server.server.lifecycle.clone();
    let mut client = server.connect().await;
    client.get("/ok").await;
    client.answer().await.unwrap();
    server.drain(Signal::Interrupt).await;
    until(|| lifecycle.steps().contains(&DrainStep::ListenerClosed)).await;
    client.get("/ok").await;
    let answer = client.answer().await.unwrap();
    assert!(answer.status == 200 && answer.closes());
    assert_eq!(server.exit().await, ServerExit::Drained);
}

#[tokio::test]
async fn idle_connections_close_before_hard_stop() {
    let server = Server::start(limits());
    let mut client = server.connect().await;
    client.get("/ok").await;
    client.answer().await.unwrap();
    let start = Instant::now();
    server.drain(Signal::Interrupt).await;
    client.closed().await;
    assert!(start.elapsed() >= ms(1200), "{:?}", start.elapsed());
    let lifecycle = server.server.lifecycle.clone();
    assert_eq!(server.exit().await, ServerExit::Drained);
    assert!(lifecycle.steps().contains(&DrainStep::ConnectionsDone));
}

#[tokio::test]
async fn a_half_sent_head_is_not_a_request() {
    let server = Server::start(Limits { header_timeout: ms(60_000), ..limits() });
    let mut client = server.connect().await;
    client.send("POST /echo HTTP/1.1\r\nHost: te").await;
    server.until_connections(1).await;
    let start = Instant::now();
    server.drain(Signal::Terminate).await;
    let lifecycle = server.server.lifecycle.clone();
    assert_eq!(server.exit().await, ServerExit::Drained);
    assert!(start.elapsed() < limits().hard_stop + ms(1000));
    assert!(lifecycle.steps().contains(&DrainStep::HardStop));
    client.closed().await;
}

#[tokio::test]
async fn a_head_completed_in_a_drain_is_answered() {
    let server = Server::start(Limits { header_timeout: ms(60_000), ..limits() });
    let lifecycle = server.server.lifecycle.clone();
    let mut client = server.connect().await;
    client.send("GET /ok HTTP/1.1\r\nHost: te").await;
    server.until_connections(1).await;
    server.drain(Signal::Interrupt).await;
    until(|| lifecycle.steps().contains(&DrainStep::ListenerClosed)).await;
    client.send("st\r\n\r\n").await;
    assert!(client.answer().await.unwrap().closes());
    assert_eq!(server.exit().await, ServerExit::Drained);
}

#[tokio::test]
async fn a_half_sent_body_gets_a_408() {
    let server = Server::start(Limits { body_timeout: ms(60_000), ..limits() });
    let mut client = server.connect().await;
    client.send("POST /echo HTTP/1.1\r\nHost: test\r\nContent-Length: 10\r\n\r\nhalf").await;
    server.until_waiting(1).await;
    server.drain(Signal::Terminate).await;
    let answer = client.answer().await.unwrap();
    assert!(answer.status == 408 && answer.closes());
    assert_eq!(server.exit().await, ServerExit::Drained);
}

#[tokio::test]
async fn a_client_that_keeps_its_socket_after_a_408_does_not_hold_the_process() {
    let server = Server::start(Limits { body_timeout: ms(100), hard_stop: ms(20_000), ..limits() });
    let lifecycle = server.server.lifecycle.clone();
    let mut client = server.connect().await;
    client.send("POST /echo HTTP/1.1\r\nHost: test\r\nContent-Length: 10\r\n\r\nhalf").await;
    server.until_waiting(1).await;
    let start = Instant::now();
    server.drain(Signal::Interrupt).await;
    assert_eq!(client.answer().await.unwrap().status, 408);
    assert_eq!(server.exit().await, ServerExit::Drained);
    // Outside of a drain its socket is read for five seconds more.
    assert!(start.elapsed() < ms(4000) && !lifecycle.steps().contains(&DrainStep::HardStop));
    drop(client);
}

#[tokio::test]
async fn a_cut_request_makes_exit_code_3() {
    let server = Server::start(limits());
    let lifecycle = server.server.lifecycle.clone();
    let mut client = server.connect().await;
    client.get("/wait").await;
    server.until_waiting(1).await;
    server.drain(Signal::Terminate).await;
    let start = Instant::now();
    let exit = server.exit().await;
    assert_eq!((exit, exit.code()), (ServerExit::Cut(1), 3));
    assert!(start.elapsed() < limits().hard_stop + ms(1000));
    assert_eq!(
        lifecycle.steps(),
        [DrainStep::DrainBegan, DrainStep::ListenerClosed, DrainStep::HardStop, DrainStep::Stopped]
    );
    client.closed().await;
}

#[tokio::test]
async fn a_second_signal_stops_at_once() {
    for (second, code) in [(Signal::Terminate, 143), (Signal::Interrupt, 130)] {
        let server = Server::start(Limits { lame_duck: ms(60_000), hard_stop: ms(60_000), ..limits() });
        server.drain(Signal::Terminate).await;
        server.signal(second).await;
        let exit = server.exit().await;
        assert_eq!((exit, exit.code()), (ServerExit::SecondSignal(second), code));
    }
}

#[tokio::test]
async fn accepted_connections_are_served() {
    let server = Server::start(Limits { max_connections: 1, ..limits() });
    let mut held = server.connect().await;
    held.get("/wait").await;
    server.until_waiting(1).await;
    let mut queued = Vec::new();
    for _ in 0..20 {
        let mut client = server.connect().await;
        client.get("/ok").await;
        queued.push(client);
    }
    server.drain(Signal::Interrupt).await;
    for client in &mut queued {
        assert!(client.answer().await.unwrap().closes());
    }
    server.gate.add_permits(1);
    assert_eq!(held.answer().await.unwrap().status, 200);
    assert_eq!(server.exit().await, ServerExit::Drained);
}

#[tokio::test]
async fn admin_answers_until_the_drain_ends() {
    let server = Server::start(limits());
    let (admin, thread) = server.start_admin();
    let lifecycle = server.server.lifecycle.clone();
    let mut busy = server.connect().await;
    busy.get("/wait").await;
    server.until_waiting(1).await;
    server.drain(Signal::Interrupt).await;
    until(|| lifecycle.steps().contains(&DrainStep::ListenerClosed)).await;
    let mut probe = Client::connect(admin).await;
    probe.get("/ok").await;
    assert_eq!(probe.answer().await.unwrap().status, 200);
    assert!(lifecycle.is_alive());
    server.gate.add_permits(1);
    busy.answer().await.unwrap();
    assert_eq!(server.exit().await, ServerExit::Drained);
    until(|| thread.is_finished()).await;
}

#[tokio::test]
async fn a_hangup_asks_for_a_reload() {
    let server = Server::start(limits());
    let lifecycle = server.server.lifecycle.clone();
    server.signal(Signal::Hangup).await;
    within(lifecycle.reload_requested()).await;
    assert_eq!(lifecycle.phase(), Phase::Ready);
    let mut client = server.connect().await;
    client.get("/ok").await;
    assert!(!client.answer().await.unwrap().closes());
}

#[tokio::test]
async fn requests_during_a_drain_are_answered() {
    let server = Server::start(limits());
    let address = server.address;
    let clients: Vec<_> = (0..8).map(|_| tokio::spawn(ask_until_refused(address))).collect();
    server.until_connections(8).await;
    server.drain(Signal::Terminate).await;
    let mut answered = 0;
    for client in clients {
        answered += within(client).await.unwrap();
    }
    assert!(answered > 100, "{answered}");
    assert_eq!(server.exit().await, ServerExit::Drained);
}

/// Keeps a connection while told so, never retries a request, and stops when no connection can be had.
async fn ask_until_refused(address: std::net::SocketAddr) -> usize {
    let mut answered = 0;
    while let Ok(socket) = TcpStream::connect(address).await {
        drop(socket);
        let Ok(socket) = TcpStream::connect(address).await else { break };
        let mut client = Client::over(socket);
        loop {
            client.get("/ok").await;
            let answer = client.answer().await.expect("a request was lost");
            answered += 1;
            if answer.closes() {
                break;
            }
        }
    }
    answered
}

#[test]
fn the_default_drain_has_its_times() {
    let signalled = Instant::now();
    let schedule = Schedule::new(signalled, &Limits::default(), true);
    let at = |time: Instant| (time - signalled).as_millis();
    assert_eq!(at(schedule.close_listener), 5_000);
    assert_eq!(at(schedule.idle_until), 12_000);
    assert_eq!(at(schedule.answers_by), 14_000);
    assert_eq!(at(schedule.hard_stop), 15_000);
    assert_eq!(at(Schedule::new(signalled, &Limits::default(), false).close_listener), 0);
}

#[tokio::test]
async fn the_heartbeat_keeps_it_alive() {
    let lifecycle = Lifecycle::default();
    assert!(lifecycle.is_alive(), "before the first heartbeat");
    let heart = tokio::spawn(lifecycle.clone().heartbeat());
    until(|| lifecycle.is_alive()).await;
    heart.abort();
}
