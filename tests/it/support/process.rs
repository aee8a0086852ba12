//! A server as people start it: a process on a port of its own.

use std::io::{BufRead, BufReader, Read as _, Write as _};
use std::net::{SocketAddr, TcpStream};
use std::process::{Child, Command, Stdio};

use serde_json::Value;

/// The program.
pub(crate) const BINARY: &str = env!("CARGO_BIN_EXE_smartserve");

/// What a command says and how it ends, without variables of ours but these.
pub(crate) fn run_with(variables: &[(&str, &str)], args: &[&str]) -> Ran {
    let mut command = Command::new(BINARY);
    for (name, _) in std::env::vars_os().filter(|(name, _)| name.to_string_lossy().starts_with("SMARTSERVE_")) {
        command.env_remove(name);
    }
    let output = command.args(args).envs(variables.iter().copied()).stdin(Stdio::null()).output().unwrap();
    let text = |bytes: Vec<u8>| String::from_utf8(bytes).unwrap();
    Ran { code: output.status.code(), out: text(output.stdout), err: text(output.stderr) }
}

/// The environment that a process was started with, or has executed its program anew with. Older releases of glibc (2.36)
/// cut their own variable in it at its colons.
#[cfg(all(target_os = "linux", target_env = "gnu"))]
pub(crate) fn environment_of(child: &Child) -> String {
    let environment = std::fs::read(format!("/proc/{}/environ", child.id())).unwrap();
    String::from_utf8_lossy(&environment).into_owned()
}

/// How a command ended.
#[derive(Debug)]
pub(crate) struct Ran {
    pub(crate) code: Option<i32>,
    pub(crate) out: String,
    pub(crate) err: String,
}

/// A running server; killed when it goes out of scope, if nothing has stopped it before.
pub(crate) struct Server {
    pub(crate) child: Child,
    pub(crate) address: SocketAddr,
    /// What it said before it listened.
    pub(crate) head_of_log: String,
    /// The admin listener's address, once it has been asked.
    admin: Option<SocketAddr>,
    log: Box<dyn BufRead>,
}

impl Server {
    /// Starts on a free port and waits until it says that it listens.
    pub(crate) fn start(args: &[&str]) -> Self {
        Self::start_by_shell("", Stdio::null(), args)
    }

    /// The same, by a shell that runs `before` first; the process is the shell's own.
    pub(crate) fn start_by_shell(before: &str, stdin: Stdio, args: &[&str]) -> Self {
        let script = format!("{before} exec \"$0\" serve --bind 127.0.0.1:0 --log-format json \"$@\"");
        let mut child = Command::new("sh")
            .args(["-c", &script, BINARY])
            .args(args)
            .stdin(stdin)
            .stdout(Stdio::piped())
            .stderr(Stdio::inherit())
            .spawn()
            .unwrap();
        let mut log: Box<dyn BufRead> = Box::new(BufReader::new(child.stdout.take().unwrap()));
        let mut head_of_log = String::new();
        let address = loop {
            let mut line = String::new();
            assert_ne!(log.read_line(&mut line).unwrap(), 0, "it ended before it listened");
            head_of_log.push_str(&line);
            let line: Value = serde_json::from_str(&line).unwrap();
            if line["message"].as_str().unwrap().starts_with("listening on") {
                break line["address"].as_str().unwrap().parse().unwrap();
            }
        };
        Self { child, address, head_of_log, admin: None, log }
    }

    /// Status and body, as JSON when it is that.
    pub(crate) fn ask(&self, method: &str, path: &str, body: &str) -> (u16, Value) {
        let (status, body) = self.exchange(&format!("{method} {path}"), "", body);
        (status, serde_json::from_str(&body).unwrap_or(Value::String(body)))
    }

    /// Status and body of what is answered to a CSV.
    pub(crate) fn ask_csv(&self, path: &str, body: &str) -> (u16, String) {
        self.exchange(&format!("POST {path}"), "Content-Type: text/csv\r\n", body)
    }

    /// Status and body of what is answered to a body of this media type.
    pub(crate) fn ask_as(&self, media: &str, path: &str, body: &str) -> (u16, String) {
        self.exchange(&format!("POST {path}"), &format!("Content-Type: {media}\r\n"), body)
    }

    /// Status and body of what the admin listener answers, as JSON.
    pub(crate) fn ask_admin(&mut self, method: &str, path: &str, body: &str) -> (u16, Value) {
        let (status, body) = Self::exchange_with(self.admin(), &format!("{method} {path}"), "", body);
        (status, serde_json::from_str(&body).unwrap_or(Value::String(body)))
    }

    /// The admin listener's address.
    pub(crate) fn admin(&mut self) -> SocketAddr {
        *self.admin.get_or_insert_with(|| {
            let line = Self::read_until(&mut self.log, &["probes and metrics on"]).pop().unwrap();
            serde_json::from_str::<Value>(&line).unwrap()["address"].as_str().unwrap().parse().unwrap()
        })
    }

    /// Status and body of what is answered to a request of this first line, with these header lines besides.
    pub(crate) fn exchange(&self, line: &str, headers: &str, body: &str) -> (u16, String) {
        Self::exchange_with(self.address, line, headers, body)
    }

    fn exchange_with(address: SocketAddr, line: &str, headers: &str, body: &str) -> (u16, String) {
        let mut stream = TcpStream::connect(address).unwrap();
        let n = body.len();
        write!(stream, "{line} HTTP/1.1\r\nHost: x\r\n{headers}Content-Length: {n}\r\nConnection: close\r\n\r\n{body}")
            .unwrap();
        let mut answer = String::new();
        stream.read_to_string(&mut answer).unwrap();
        let (head, body) = answer.split_once("\r\n\r\n").unwrap();
        (head.split(' ').nth(1).unwrap().parse().unwrap(), body.to_owned())
    }

    /// What `/predict` predicts.
    pub(crate) fn predict(&self, body: &Value) -> Value {
        let (status, answer) = self.ask("POST", "/predict", &body.to_string());
        assert_eq!(status, 200, "{answer}");
        answer["prediction"].clone()
    }

    /// Sends a signal by its name.
    pub(crate) fn signal(&self, name: &str) {
        let sent = Command::new("kill").args(["-s", name, &self.child.id().to_string()]).status().unwrap();
        assert!(sent.success());
    }

    /// Waits for its end.
    pub(crate) fn exit_code(&mut self) -> i32 {
        self.child.wait().unwrap().code().unwrap()
    }

    /// What the next line about memory says that it stays below, in bytes.
    pub(crate) fn bound(&mut self) -> u64 {
        let lines = self.wait_for("memory stays below");
        let line: Value = serde_json::from_str(lines.last().unwrap()).unwrap();
        line["bound_bytes"].as_u64().unwrap()
    }

    /// The most memory that the process has had, in bytes.
    pub(crate) fn highest(&self) -> u64 {
        let status = std::fs::read_to_string(format!("/proc/{}/status", self.child.id())).unwrap();
        let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:")).unwrap();
        line.trim().trim_end_matches(" kB").parse::<u64>().unwrap() << 10
    }

    /// Replaces the file of the model that is served by one that is refused, and waits until it was judged: the most memory
    /// that the process has had, and what it says that this stays below.
    pub(crate) fn memory_of_refusing(&mut self, file: &std::path::Path, bytes: &[u8]) -> (u64, u64) {
        let mut bound = self.bound();
        let new = file.with_extension("new");
        std::fs::write(&new, bytes).unwrap();
        std::fs::rename(new, file).unwrap();
        self.signal("HUP");
        for line in self.wait_for("not reloaded") {
            bound = serde_json::from_str::<Value>(&line).unwrap()["bound_bytes"].as_u64().unwrap_or(bound);
        }
        (self.highest(), bound)
    }

    /// Waits for the end of the log, which is that of the process.
    pub(crate) fn rest_of_log(&mut self) -> String {
        let mut rest = String::new();
        self.log.read_to_string(&mut rest).unwrap();
        rest
    }

    /// Reads the log until a line says this; gives all of its lines since the last that was read.
    pub(crate) fn wait_for(&mut self, message: &str) -> Vec<String> {
        Self::read_until(&mut self.log, &[message])
    }

    /// The same of the first of these that a line says; gives that line.
    pub(crate) fn wait_for_one_of(&mut self, messages: &[&str]) -> String {
        Self::read_until(&mut self.log, messages).pop().unwrap()
    }

    fn read_until(log: &mut dyn BufRead, messages: &[&str]) -> Vec<String> {
        let mut lines: Vec<String> = Vec::new();
        while !lines.last().is_some_and(|line| messages.iter().any(|message| line.contains(message))) {
            let mut line = String::new();
            assert_ne!(log.read_line(&mut line).unwrap(), 0, "the log ended without {messages:?}");
            lines.push(line);
        }
        lines
    }
}

/// Flags of a server whose bound has little in it but the models and their files.
pub(crate) const SMALL: [&str; 8] =
    ["--body-budget", "1MiB", "--max-body-bytes", "64KiB", "--max-rows", "100", "--max-connections", "16"];

impl Drop for Server {
    fn drop(&mut self) {
        // Already gone is as good.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
