//! SQS as its wire protocol has it (AWS JSON 1.0), with the answers that a test gives it.

use std::io::{BufReader, Write as _};
use std::net::TcpListener;
use std::sync::{Arc, Mutex};

use serde_json::{Value, json};

use super::runtime_api::request;

/// A queue's server, for as long as the test runs.
pub(super) struct FakeSqs {
    address: String,
    requests: Arc<Mutex<Vec<Value>>>,
}

/// A status, and the body in JSON.
pub(super) type Answer = (u16, Value);

impl FakeSqs {
    /// `answer` is asked for each request, with its number and its body.
    pub(super) fn start(answer: impl Fn(usize, &Value) -> Answer + Send + Sync + 'static) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap().to_string();
        let requests = Arc::new(Mutex::new(Vec::new()));
        let (kept, answer) = (Arc::clone(&requests), Arc::new(answer));
        std::thread::spawn(move || {
            for stream in listener.incoming() {
                let (kept, answer, mut stream) = (Arc::clone(&kept), Arc::clone(&answer), stream.unwrap());
                let mut reader = BufReader::new(stream.try_clone().unwrap());
                std::thread::spawn(move || {
                    while let Some((line, body)) = request(&mut reader) {
                        assert_eq!(line, "POST / HTTP/1.1\r\n");
                        let body: Value = serde_json::from_slice(&body).unwrap();
                        let n = {
                            let mut kept = kept.lock().unwrap();
                            kept.push(body.clone());
                            kept.len() - 1
                        };
                        let (status, body) = answer(n, &body);
                        let body = body.to_string();
                        let head = format!(
                            "HTTP/1.1 {status} X\r\nContent-Type: application/x-amz-json-1.0\r\nContent-Length: {}\r\n\r\n",
                            body.len()
                        );
                        if stream.write_all(format!("{head}{body}").as_bytes()).is_err() {
                            return;
                        }
                    }
                });
            }
        });
        Self { address, requests }
    }

    /// The URL of a queue here.
    pub(super) fn url(&self, name: &str) -> String {
        format!("http://{}/123456789012/{name}", self.address)
    }

    /// What was asked so far.
    pub(super) fn requests(&self) -> Vec<Value> {
        self.requests.lock().unwrap().clone()
    }
}

/// The ids of a request's entries.
pub(super) fn ids(request: &Value) -> Vec<&str> {
    request["Entries"].as_array().unwrap().iter().map(|entry| entry["Id"].as_str().unwrap()).collect()
}

/// The source's messages of a request's entries.
pub(super) fn sources(request: &Value) -> Vec<&str> {
    let entries = request["Entries"].as_array().unwrap().iter();
    entries.map(|entry| entry["MessageAttributes"]["SourceMessageId"]["StringValue"].as_str().unwrap()).collect()
}

/// Takes all entries but these, which fail with that code, by the sender's fault or not.
pub(super) fn taken_but(request: &Value, failed: &[(&str, &str, bool)]) -> Answer {
    let is_failed = |id: &&str| failed.iter().any(|(failed, ..)| failed == id);
    let taken = ids(request).into_iter().filter(|id| !is_failed(id));
    let taken: Vec<Value> =
        taken.map(|id| json!({"Id": id, "MessageId": format!("reply-{id}"), "MD5OfMessageBody": "x"})).collect();
    let failed = failed.iter().map(|(id, code, fault)| json!({"Id": id, "Code": code, "SenderFault": fault}));
    (200, json!({"Successful": taken, "Failed": failed.collect::<Vec<_>>()}))
}

/// Takes all.
pub(super) fn taken(request: &Value) -> Answer {
    taken_but(request, &[])
}

/// Refuses the request.
pub(super) fn refused(status: u16, code: &str) -> Answer {
    (status, json!({"__type": format!("com.amazonaws.sqs#{code}"), "message": "no"}))
}
