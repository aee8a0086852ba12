//! Lambda's Runtime API, as the documentation has it: `GET …/next` gives an invocation, `POST …/response` and
//! `POST …/error` take its end. One invocation at a time, as Lambda does it.

use std::io::{BufRead, BufReader, Read, Write as _};
use std::net::{TcpListener, TcpStream};
use std::process::{Child, Command, Stdio};
use std::sync::mpsc::{Receiver, Sender, channel};
use std::sync::{Arc, Mutex};
use std::time::{Duration, SystemTime};

use serde_json::Value;

use crate::support::process::BINARY;
use crate::support::server::PATIENCE;

/// An event on its way to the function.
struct Invocation {
    id: String,
    event: String,
    time: Duration,
}

/// How an invocation ended.
#[derive(Debug)]
pub(crate) struct Ended {
    /// False: a function error.
    pub(crate) is_answered: bool,
    pub(crate) text: String,
}

impl Ended {
    pub(crate) fn json(&self) -> Value {
        serde_json::from_str(&self.text).unwrap_or_else(|e| panic!("{e}: {}", self.text))
    }
}

/// The program as a function, killed when it goes out of scope.
pub(crate) struct Function {
    pub(crate) child: Child,
    /// Read all the time, as Lambda does: an invocation waits for its lines to be written.
    log: Receiver<String>,
    events: Sender<Invocation>,
    ends: Receiver<(String, Ended)>,
    n: u32,
}

impl Function {
    /// Starts it. Lambda's variables are set, none of ours.
    pub(crate) fn start(args: &[&str]) -> Self {
        Self::start_as(&[&["serve"], args].concat(), &[])
    }

    /// The same with these words, and variables besides Lambda's.
    pub(crate) fn start_as(words: &[&str], others: &[(&str, &str)]) -> Self {
        let mut command = Command::new(BINARY);
        command.args(words).envs(others.iter().copied()).stdout(Stdio::piped());
        Self::start_program(command, |child| child.stdout.take().unwrap())
    }

    /// Another program as the function; `log` takes its log's pipe.
    pub(crate) fn start_program<R: Read + Send + 'static>(mut command: Command, log: fn(&mut Child) -> R) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap().to_string();
        let (events, waiting) = channel();
        let (ended, ends) = channel();
        let waiting = Arc::new(Mutex::new(waiting));
        std::thread::spawn(move || {
            for stream in listener.incoming() {
                let (waiting, ended) = (Arc::clone(&waiting), ended.clone());
                std::thread::spawn(move || serve(stream.unwrap(), &waiting, &ended));
            }
        });
        let mut child = command.envs(variables(&address)).stdin(Stdio::null()).spawn().unwrap();
        let lines = BufReader::new(log(&mut child)).lines();
        let (line, log) = channel();
        std::thread::spawn(move || lines.map_while(Result::ok).all(|text| line.send(text).is_ok()));
        Self { child, log, events, ends, n: 0 }
    }

    /// Invokes it with an event that has a minute.
    pub(crate) fn invoke(&mut self, event: &Value) -> Ended {
        self.invoke_text(&event.to_string(), Duration::from_secs(60))
    }

    /// Invokes it with a text that is JSON, and this much time.
    pub(crate) fn invoke_text(&mut self, event: &str, time: Duration) -> Ended {
        self.begin(event, time);
        self.end()
    }

    /// Sends an event.
    pub(crate) fn begin(&mut self, event: &str, time: Duration) {
        self.n += 1;
        let invocation = Invocation { id: self.id(), event: event.to_owned(), time };
        self.events.send(invocation).unwrap();
    }

    /// Waits for the end of the last event.
    pub(crate) fn end(&mut self) -> Ended {
        let (id, ended) = self.ends.recv_timeout(PATIENCE).unwrap();
        assert_eq!(id, self.id());
        ended
    }

    /// The id of the last invocation.
    pub(crate) fn id(&self) -> String {
        format!("8476a536-e9f4-11e8-9739-{:012}", self.n)
    }

    /// Reads the log until the line of metrics of an invocation; gives all lines with it.
    pub(crate) fn log(&mut self) -> Vec<Value> {
        let mut lines: Vec<Value> = Vec::new();
        while !lines.last().is_some_and(|line| line["_aws"].is_object()) {
            let line = self.log.recv_timeout(PATIENCE).unwrap_or_else(|e| panic!("{e} after {lines:?}"));
            lines.push(serde_json::from_str(&line).unwrap_or_else(|e| panic!("{e}: {line}")));
        }
        lines
    }

    /// The line of metrics of the next invocation in the log.
    pub(crate) fn metrics(&mut self) -> Value {
        self.log().pop().unwrap()
    }

    pub(crate) fn signal(&self, name: &str) {
        let sent = Command::new("kill").args(["-s", name, &self.child.id().to_string()]).status().unwrap();
        assert!(sent.success());
    }
}

impl Drop for Function {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// What Lambda sets.
pub(crate) fn variables(address: &str) -> [(&str, &str); 4] {
    [
        ("AWS_LAMBDA_RUNTIME_API", address),
        ("AWS_LAMBDA_FUNCTION_NAME", "houses"),
        ("AWS_LAMBDA_FUNCTION_VERSION", "$LATEST"),
        ("AWS_LAMBDA_FUNCTION_MEMORY_SIZE", "256"),
    ]
}

/// Answers the requests of a connection.
fn serve(stream: TcpStream, waiting: &Mutex<Receiver<Invocation>>, ended: &Sender<(String, Ended)>) {
    let mut reader = BufReader::new(stream.try_clone().unwrap());
    let mut stream = stream;
    while let Some((line, body)) = request(&mut reader) {
        let mut words = line.split(' ');
        let (method, path) = (words.next().unwrap(), words.next().unwrap());
        let path = path.strip_prefix("/2018-06-01/runtime/invocation/").unwrap();
        let answer = if method == "GET" {
            assert_eq!(path, "next");
            let Ok(Invocation { id, event, time }) = waiting.lock().unwrap().recv() else { return };
            let deadline = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap() + time;
            format!(
                "HTTP/1.1 200 OK\r\nLambda-Runtime-Aws-Request-Id: {id}\r\nLambda-Runtime-Deadline-Ms: {}\r\n\
                 Lambda-Runtime-Invoked-Function-Arn: arn:aws:lambda:us-east-1:1:function:houses\r\n\
                 Content-Type: application/json\r\nContent-Length: {}\r\n\r\n{event}",
                deadline.as_millis(),
                event.len(),
            )
        } else {
            let (id, how) = path.split_once('/').unwrap();
            let is_answered = how == "response";
            assert!(is_answered || how == "error", "{how}");
            ended.send((id.to_owned(), Ended { is_answered, text: String::from_utf8(body).unwrap() })).unwrap();
            "HTTP/1.1 202 Accepted\r\nContent-Length: 0\r\n\r\n".to_owned()
        };
        if stream.write_all(answer.as_bytes()).is_err() {
            return;
        }
    }
}

/// A request's first line and its body.
pub(super) fn request(reader: &mut BufReader<TcpStream>) -> Option<(String, Vec<u8>)> {
    let mut first = String::new();
    if reader.read_line(&mut first).ok()? == 0 {
        return None;
    }
    let mut length = 0;
    loop {
        let mut line = String::new();
        reader.read_line(&mut line).ok()?;
        if line == "\r\n" {
            break;
        }
        if let Some(value) = line.to_ascii_lowercase().strip_prefix("content-length:") {
            length = value.trim().parse().unwrap();
        }
    }
    let mut body = vec![0; length];
    reader.read_exact(&mut body).ok()?;
    Some((first, body))
}
