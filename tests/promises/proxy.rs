//! haproxy before some servers, its retries off so that it hides nothing.

use std::fmt::Write as _;
use std::io::{Read, Write as _};
use std::net::{SocketAddr, TcpListener};
use std::os::unix::net::UnixStream;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

/// A running haproxy; killed when it goes out of scope.
pub(crate) struct Proxy {
    child: Child,
    pub(crate) address: SocketAddr,
    socket: PathBuf,
}

/// What the proxy passes on.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Layer {
    /// Whole connections, each to the next server: it cannot move one, as a cluster's Service cannot.
    Connections,
    /// Single requests.
    Requests,
}

/// An address on which nobody listens at present.
pub(crate) fn free_address() -> SocketAddr {
    TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap()
}

fn binary() -> &'static str {
    let there = ["/usr/sbin/haproxy", "/usr/local/sbin/haproxy", "/usr/bin/haproxy"];
    let found = there.into_iter().find(|path| Path::new(path).exists());
    found.expect("haproxy is needed: sudo apt-get install -y --no-install-recommends haproxy (or `make setup`)")
}

impl Proxy {
    /// Starts it before these servers, each asked every `interval` whether it is ready: twice no takes it out, as in
    /// the manifests. After one, a single late answer on a busy machine would leave haproxy without any server.
    pub(crate) fn start(directory: &Path, servers: &[SocketAddr], interval: Duration, layer: Layer) -> Self {
        let (address, socket) = (free_address(), directory.join("haproxy.sock"));
        let mode = match layer {
            Layer::Connections => "tcp",
            Layer::Requests => "http",
        };
        let mut text = format!(
            "global\n  stats socket {}\n  nbthread 1\ndefaults\n  mode {mode}\n  retries 0\n  no option redispatch\n  \
             timeout connect 2s\n  timeout client 60s\n  timeout server 60s\n  option httpchk GET /readyz\n  \
             default-server inter {}ms fall 2 rise 1 check\nfrontend in\n  bind {address}\n  default_backend out\n\
             backend out\n",
            socket.display(),
            interval.as_millis()
        );
        for (i, server) in servers.iter().enumerate() {
            let _ = writeln!(text, "  server s{i} {server}");
        }
        let file = directory.join("haproxy.cfg");
        std::fs::write(&file, text).unwrap();
        let mut haproxy = Command::new(binary());
        haproxy.arg("-db").arg("-f").arg(&file).stdout(Stdio::null()).stderr(Stdio::null());
        let child = haproxy.spawn().unwrap();
        Self { child, address, socket }
    }

    /// Waits until it sends requests to the `i`th server.
    pub(crate) fn wait_for(&self, i: usize) {
        self.wait_until(i, "UP");
    }

    /// Waits until it has found out that the `i`th server is not there; it begins by trusting all.
    pub(crate) fn wait_for_absence(&self, i: usize) {
        self.wait_until(i, "DOWN");
    }

    fn wait_until(&self, i: usize, state: &str) {
        let start = Instant::now();
        while !self.sees(i, state) {
            assert!(start.elapsed() < Duration::from_secs(20), "haproxy does not see server {i} {state}");
            std::thread::sleep(Duration::from_millis(20));
        }
    }

    fn sees(&self, i: usize, state: &str) -> bool {
        let ask = || -> std::io::Result<String> {
            let mut socket = UnixStream::connect(&self.socket)?;
            socket.write_all(b"show stat\n")?;
            let mut answer = String::new();
            socket.read_to_string(&mut answer)?;
            Ok(answer)
        };
        let (start, state) = (format!("out,s{i},"), format!(",{state},"));
        ask().is_ok_and(|text| text.lines().any(|line| line.starts_with(&start) && line.contains(&state)))
    }
}

impl Drop for Proxy {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
