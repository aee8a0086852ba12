//! A server process: started, watched from outside by `/proc`, signalled, waited for, never left behind.

use std::fs;
use std::io::{BufRead, BufReader};
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::sync::{Arc, mpsc};
use std::time::{Duration, Instant};

use serde_json::Value;

/// Longer than a start takes.
const PATIENCE: Duration = Duration::from_secs(30);

/// A running server; killed when it goes out of scope, if nothing has ended it before.
pub(crate) struct Server {
    child: Child,
    pub(crate) address: SocketAddr,
    /// The admin listener's, when it has one.
    pub(crate) admin: Option<SocketAddr>,
    /// What it said last that its memory stays below, in bytes.
    bound: Arc<AtomicU64>,
}

/// How a server is started.
pub(crate) struct Start<'a> {
    pub(crate) binary: &'a Path,
    pub(crate) args: Vec<String>,
    /// The only core it may use.
    pub(crate) core: Option<usize>,
    /// False: nobody reads its log after the first lines.
    pub(crate) log_is_read: bool,
}

impl<'a> Start<'a> {
    pub(crate) fn new(binary: &'a Path, model: &Path, more: &[&str]) -> Self {
        let mut args = ["serve", "--log-format", "json", "--model"].map(str::to_owned).to_vec();
        args.push(model.display().to_string());
        args.extend(more.iter().map(|&word| word.to_owned()));
        if !args.iter().any(|word| word == "--bind") {
            args.extend(["--bind".to_owned(), "127.0.0.1:0".to_owned()]);
        }
        Self { binary, args, core: None, log_is_read: true }
    }

    pub(crate) fn on_core(mut self, core: usize) -> Self {
        self.core = Some(core);
        self
    }

    /// Starts it and waits until it answers.
    pub(crate) fn start(self) -> Server {
        let mut command = match self.core {
            Some(core) => {
                let mut taskset = Command::new("taskset");
                taskset.args(["-c", &core.to_string()]).arg(self.binary);
                taskset
            }
            None => Command::new(self.binary),
        };
        let mut child = command.args(&self.args).stdin(Stdio::null()).stdout(Stdio::piped()).spawn().unwrap();
        let out = BufReader::new(child.stdout.take().unwrap());
        let (lines, first) = mpsc::channel();
        let log_is_read = self.log_is_read;
        let bound = Arc::new(AtomicU64::new(0));
        let latest = Arc::clone(&bound);
        std::thread::spawn(move || read_log(out, &lines, log_is_read, &latest));
        let mut server = Server { child, address: ([0, 0, 0, 0], 0).into(), admin: None, bound };
        while server.bound() == 0 {
            let line = first.recv_timeout(PATIENCE).expect("it ended before it listened");
            let line: Value = serde_json::from_str(&line).unwrap_or_default();
            let address = line["address"].as_str().and_then(|address| address.parse().ok());
            match (address, line["message"].as_str()) {
                (Some(address), Some(text)) if text.starts_with("listening on") => server.address = address,
                (Some(address), Some(text)) if text.starts_with("probes") => server.admin = Some(address),
                _ => server.bound.store(bound_in(&line), Relaxed),
            }
        }
        server
    }
}

/// The bound that a line of the log tells; 0 in others.
fn bound_in(line: &Value) -> u64 {
    line["bound_bytes"].as_u64().unwrap_or(0)
}

/// Passes the first lines on, then reads on and keeps what is said of memory, or keeps the pipe open and reads nothing.
fn read_log(mut out: impl BufRead, lines: &mpsc::Sender<String>, is_read: bool, bound: &AtomicU64) {
    let mut line = String::new();
    while !line.contains("bound_bytes") {
        line.clear();
        if out.read_line(&mut line).unwrap_or(0) == 0 || lines.send(line.clone()).is_err() {
            return;
        }
    }
    if !is_read {
        std::thread::park();
    }
    line.clear();
    while out.read_line(&mut line).is_ok_and(|n| n > 0) {
        if line.contains("bound_bytes") {
            bound.store(bound_in(&serde_json::from_str(&line).unwrap_or_default()), Relaxed);
        }
        line.clear();
    }
}

impl Server {
    pub(crate) fn signal(&self, name: &str) {
        let sent = Command::new("kill").args(["-s", name, &self.child.id().to_string()]).status().unwrap();
        assert!(sent.success());
    }

    /// Waits for its end: the exit code, or none when it took too long (it is killed then) or a signal ended it.
    pub(crate) fn exit(&mut self, within: Duration) -> Option<i32> {
        let start = Instant::now();
        loop {
            if let Some(status) = self.child.try_wait().unwrap() {
                return status.code();
            }
            if start.elapsed() > within {
                return None;
            }
            std::thread::sleep(Duration::from_millis(5));
        }
    }

    /// CPU time so far, user and system, to a tick of 10 ms.
    pub(crate) fn cpu(&self) -> Duration {
        let stat = fs::read_to_string(format!("/proc/{}/stat", self.child.id())).unwrap();
        // The second field, the name, may hold spaces; it ends with a parenthesis.
        let fields: Vec<&str> = stat[stat.rfind(')').unwrap() + 2..].split(' ').collect();
        let ticks = |i: usize| fields[i].parse::<u64>().unwrap();
        Duration::from_millis((ticks(11) + ticks(12)) * 10)
    }

    /// What it said last that its memory stays below, in bytes.
    pub(crate) fn bound(&self) -> u64 {
        self.bound.load(Relaxed)
    }

    /// Resident memory now and at its highest, in bytes.
    pub(crate) fn memory(&self) -> (u64, u64) {
        let status = fs::read_to_string(format!("/proc/{}/status", self.child.id())).unwrap();
        let of = |name: &str| {
            let line = status.lines().find_map(|line| line.strip_prefix(name)).unwrap();
            line.trim().trim_end_matches(" kB").parse::<u64>().unwrap() << 10
        };
        (of("VmRSS:"), of("VmHWM:"))
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        // Already gone is as good.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Trains on the Boston houses; gives the model's file.
pub(crate) fn train(binary: &Path, directory: &Path, name: &str, more: &[&str]) -> PathBuf {
    let model = directory.join(format!("{name}.model"));
    let output = Command::new(binary)
        .current_dir(env!("CARGO_MANIFEST_DIR"))
        .args(["train", "--data", "data/boston.csv", "--target", "MEDV", "--features", "CHAS,RM,TAX,PTRATIO,B,LSTAT"])
        .args(["--folds", "2", "--name", "boston", "-o"])
        .arg(&model)
        .args(more)
        .output()
        .unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    model
}

/// The demo model's algorithm.
pub(crate) const DEMO: [&str; 8] =
    ["--algorithm", "extra-trees", "--trees", "60", "--min-samples-leaf", "2", "--max-features", "4"];
