//! What only a process of its own can show: real signals, its exit code, its open-files limit, what a service manager
//! hands down.

use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::os::fd::OwnedFd;
use std::os::unix::net::UnixDatagram;
use std::process::{Child, Stdio};
use std::time::{Duration, Instant};

use rustix::process::{Pid, Resource, Rlimit, prlimit};

use crate::support::path;
use crate::support::process::Server;
use crate::support::server::PATIENCE;

/// How long it goes on accepting after a signal.
const LAME_DUCK: Duration = Duration::from_millis(200);

/// Starts a server of one model by a shell, after `before`.
fn start(before: &str, stdin: Stdio) -> Server {
    let model = path("tests/fixtures/artifacts/boston-ridge.model");
    let times = ["--lame-duck", "200ms", "--hard-stop", "5s", "--body-timeout", "10m"];
    Server::start_by_shell(before, stdin, &[&["--model", model.to_str().unwrap()], &times[..]].concat())
}

/// A request whose body does not come: it waits for as long as the server lets it.
fn send_unfinished(socket: &mut TcpStream) {
    socket.write_all(b"POST /predict HTTP/1.1\r\nHost: test\r\nContent-Length: 9\r\n\r\n{").unwrap();
}

/// Asks and reads to the end.
fn ask(socket: &mut TcpStream) -> std::io::Result<String> {
    socket.set_read_timeout(Some(PATIENCE))?;
    socket.write_all(b"GET /livez HTTP/1.1\r\nHost: test\r\nConnection: close\r\n\r\n")?;
    let mut answer = String::new();
    socket.read_to_string(&mut answer)?;
    Ok(answer)
}

#[test]
fn a_signal_drains_and_ends_with_0() {
    let mut server = start("", Stdio::null());
    ask(&mut TcpStream::connect(server.address).unwrap()).unwrap();
    let start = Instant::now();
    server.signal("TERM");
    assert_eq!(server.exit_code(), 0);
    assert!(start.elapsed() >= LAME_DUCK);
}

#[test]
fn a_second_signal_has_its_own_code() {
    for (name, code) in [("TERM", 143), ("INT", 130)] {
        let mut server = start("", Stdio::null());
        let mut held = TcpStream::connect(server.address).unwrap();
        send_unfinished(&mut held);
        server.signal("TERM");
        // Draining, as soon as the listener is closed.
        while TcpStream::connect(server.address).is_ok() {}
        server.signal(name);
        assert_eq!(server.exit_code(), code);
    }
}

#[test]
fn probes_and_scrapes_are_logged_for_debugging_alone() {
    let model = path("tests/fixtures/artifacts/boston-ridge.model");
    let watched =
        ["/livez", "/readyz", "/healthz", "/ping", "/health", "/v2/health/live", "/v2/health/ready", "/metrics"];
    for level in ["info", "debug"] {
        let mut server = Server::start(&["--model", model.to_str().unwrap(), "--log-level", level]);
        for route in watched {
            assert_eq!(server.ask("GET", route, "").0, 200, "{route}");
        }
        server.ask("GET", "/models", "");
        let lines = server.wait_for("GET /models 200");
        for route in watched {
            let is_logged = lines.iter().any(|line| line.contains(&format!("\"GET {route} 200\"")));
            assert_eq!(is_logged, level == "debug", "{route} at {level}");
        }
    }
}

#[test]
fn few_open_files_leave_it_answering() {
    let server = start("ulimit -n 64;", Stdio::null());
    let mut flood: Vec<_> = (0..200).filter_map(|_| TcpStream::connect(server.address).ok()).collect();
    for socket in &mut flood {
        send_unfinished(socket);
    }
    drop(flood);
    let start = Instant::now();
    let answer = ask(&mut TcpStream::connect(server.address).unwrap()).unwrap();
    assert!(answer.starts_with("HTTP/1.1 200 "), "{answer}");
    assert!(start.elapsed() < Duration::from_secs(5));
}

/// CPU time that the process has taken, in ticks of 10 ms.
fn ticks(child: &Child) -> u64 {
    let stat = std::fs::read_to_string(format!("/proc/{}/stat", child.id())).unwrap();
    // The second field, the name, may hold spaces; it ends with a parenthesis.
    let fields: Vec<&str> = stat[stat.rfind(')').unwrap() + 2..].split(' ').collect();
    [11, 12].iter().map(|&i| fields[i].parse::<u64>().unwrap()).sum()
}

#[test]
fn without_files_accepting_pauses() {
    const QUIET: Duration = Duration::from_millis(500);
    let server = start("", Stdio::null());
    // From here on it has counted how many connections it has room for: its cap is far away.
    ask(&mut TcpStream::connect(server.address).unwrap()).unwrap();
    let is_open = |file: &u64| std::fs::exists(format!("/proc/{}/fdinfo/{file}", server.child.id())).unwrap();
    let limit = (0..1_024).find(|file| !is_open(file)).map(|free| free + 4);
    let few = Rlimit { current: limit, maximum: limit };
    prlimit(Some(Pid::from_child(&server.child)), Resource::Nofile, few).unwrap();
    let mut answered = Vec::new();
    let mut waiting = loop {
        let mut socket = TcpStream::connect(server.address).unwrap();
        socket.set_read_timeout(Some(QUIET)).unwrap();
        socket.write_all(b"GET /livez HTTP/1.1\r\nHost: test\r\n\r\n").unwrap();
        if socket.read(&mut [0; 1_024]).is_err() {
            break socket;
        }
        answered.push(socket);
        assert!(answered.len() < 16, "the limit does not bind");
    };
    let before = ticks(&server.child);
    assert!(waiting.read(&mut [0; 1]).is_err(), "answered without a file for it");
    // Trying again and again would take all of the 50 ticks.
    let took = ticks(&server.child) - before;
    assert!(took <= 25, "it took {took} ticks to wait");
    drop(answered);
    waiting.set_read_timeout(Some(PATIENCE)).unwrap();
    let mut status = [0; 13];
    waiting.read_exact(&mut status).unwrap();
    assert_eq!(&status, b"HTTP/1.1 200 ");
}

#[test]
fn inherited_sockets_outlive_a_restart() {
    let held = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = held.local_addr().unwrap();
    let start = || {
        let socket = Stdio::from(OwnedFd::from(held.try_clone().unwrap()));
        start("exec 3<&0 </dev/null; export LISTEN_FDS=1 LISTEN_PID=$$;", socket)
    };
    let mut first = start();
    assert_eq!(first.address, address);
    ask(&mut TcpStream::connect(address).unwrap()).unwrap();
    first.signal("TERM");
    assert_eq!(first.exit_code(), 0);
    // Nobody is there to answer, and the connection waits.
    let mut waiting = TcpStream::connect(address).unwrap();
    let _second = start();
    assert!(ask(&mut waiting).unwrap().starts_with("HTTP/1.1 200 "));
}

#[test]
fn systemd_hears_ready_and_stopping() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("notify");
    let manager = UnixDatagram::bind(&path).unwrap();
    manager.set_read_timeout(Some(PATIENCE)).unwrap();
    let hear = || {
        let mut room = [0; 64];
        let n = manager.recv(&mut room).unwrap();
        String::from_utf8(room[..n].to_vec()).unwrap()
    };
    let mut server = start(&format!("export NOTIFY_SOCKET='{}';", path.display()), Stdio::null());
    assert_eq!(hear(), "READY=1\n");
    server.signal("TERM");
    assert_eq!(hear(), "STOPPING=1\n");
    assert_eq!(server.exit_code(), 0);
}
