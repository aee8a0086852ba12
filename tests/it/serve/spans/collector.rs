//! An OTLP/HTTP receiver that keeps what it gets.

use std::collections::BTreeMap;
use std::io::{BufRead, BufReader, Read as _, Write as _};
use std::net::{TcpListener, TcpStream};
use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender, channel};
use std::time::Duration;

use opentelemetry_proto::tonic::collector::trace::v1::{
    ExportTracePartialSuccess, ExportTraceServiceRequest, ExportTraceServiceResponse,
};
use opentelemetry_proto::tonic::common::v1::KeyValue;
use opentelemetry_proto::tonic::common::v1::any_value::Value;
use opentelemetry_proto::tonic::trace::v1::Span;
use prost::Message as _;

use crate::support::server::PATIENCE;

/// How a receiver answers.
#[derive(Debug, Clone, Copy)]
pub(super) enum Answers {
    /// It takes all spans.
    Taken,
    /// It takes all but this many.
    AllBut(i64),
    /// Status and reason.
    Status(&'static str),
    /// Not at all, with the connection open.
    Never,
}

/// One post.
#[derive(Debug)]
pub(super) struct Post {
    /// The request's first line.
    pub(super) line: String,
    /// By names in lower case.
    pub(super) headers: BTreeMap<String, String>,
    pub(super) resource: BTreeMap<String, String>,
    pub(super) spans: Vec<Span>,
}

/// A running receiver.
pub(super) struct Collector {
    pub(super) endpoint: String,
    posts: Receiver<Post>,
    /// Those that were received and not asked for.
    spans: Vec<Span>,
}

impl Collector {
    pub(super) fn start(answers: Answers) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let endpoint = format!("http://{}", listener.local_addr().unwrap());
        let (sender, posts) = channel();
        std::thread::spawn(move || {
            for stream in listener.incoming() {
                let sender = sender.clone();
                std::thread::spawn(move || serve(stream.unwrap(), answers, &sender));
            }
        });
        Self { endpoint, posts, spans: Vec::new() }
    }

    /// The shell's words that send spans here, at once, with these variables besides.
    pub(super) fn variables(&self, others: &str) -> String {
        format!("export OTEL_EXPORTER_OTLP_ENDPOINT={} OTEL_BSP_SCHEDULE_DELAY=10 {others};", self.endpoint)
    }

    /// The next post.
    pub(super) fn post(&self) -> Post {
        self.posts.recv_timeout(PATIENCE).unwrap()
    }

    /// The next span.
    pub(super) fn span(&mut self) -> Span {
        while self.spans.is_empty() {
            let Post { spans, .. } = self.post();
            self.spans.extend(spans);
        }
        self.spans.remove(0)
    }

    /// True when nothing has come within this time.
    pub(super) fn is_silent(&self, wait: Duration) -> bool {
        self.spans.is_empty() && matches!(self.posts.recv_timeout(wait), Err(RecvTimeoutError::Timeout))
    }
}

/// Attributes as text, by name.
pub(super) fn texts(attributes: &[KeyValue]) -> BTreeMap<String, String> {
    let text = |value: &Value| match value {
        Value::StringValue(text) => text.clone(),
        Value::IntValue(n) => n.to_string(),
        Value::DoubleValue(x) => x.to_string(),
        other => format!("{other:?}"),
    };
    let value = |pair: &KeyValue| text(pair.value.as_ref().unwrap().value.as_ref().unwrap());
    attributes.iter().map(|pair| (pair.key.clone(), value(pair))).collect()
}

/// An id as hexadecimal digits.
pub(super) fn hex(id: &[u8]) -> String {
    id.iter().map(|byte| format!("{byte:02x}")).collect()
}

fn serve(mut stream: TcpStream, answers: Answers, posts: &Sender<Post>) {
    let mut reader = BufReader::new(stream.try_clone().unwrap());
    let mut line = String::new();
    while reader.read_line(&mut line).is_ok_and(|n| n > 0) {
        let (headers, body) = rest(&mut reader);
        let mut request = ExportTraceServiceRequest::decode(&body[..]).unwrap();
        let resource = request.resource_spans.first().and_then(|first| first.resource.clone()).unwrap_or_default();
        let scopes = request.resource_spans.iter_mut().flat_map(|of| &mut of.scope_spans);
        let spans = scopes.flat_map(|scope| std::mem::take(&mut scope.spans)).collect();
        let line = std::mem::take(&mut line).trim_end().to_owned();
        // Whoever looked at the posts may have gone.
        let _ = posts.send(Post { line, headers, resource: texts(&resource.attributes), spans });
        let rejected = match answers {
            Answers::Taken => 0,
            Answers::AllBut(spans) => spans,
            Answers::Status(status) => {
                write!(stream, "HTTP/1.1 {status}\r\nContent-Length: 0\r\n\r\n").unwrap();
                continue;
            }
            Answers::Never => loop {
                std::thread::park();
            },
        };
        let told = ExportTracePartialSuccess { rejected_spans: rejected, error_message: "too old".to_owned() };
        let partial_success = (rejected > 0).then_some(told);
        let body = ExportTraceServiceResponse { partial_success }.encode_to_vec();
        write!(stream, "HTTP/1.1 200 OK\r\nContent-Length: {}\r\n\r\n", body.len()).unwrap();
        stream.write_all(&body).unwrap();
    }
}

/// Headers and the body, unpacked.
fn rest(reader: &mut BufReader<TcpStream>) -> (BTreeMap<String, String>, Vec<u8>) {
    let mut headers = BTreeMap::new();
    loop {
        let mut line = String::new();
        reader.read_line(&mut line).unwrap();
        let Some((name, value)) = line.trim_end().split_once(':') else { break };
        headers.insert(name.to_ascii_lowercase(), value.trim().to_owned());
    }
    let mut body = vec![0; headers["content-length"].parse().unwrap()];
    reader.read_exact(&mut body).unwrap();
    if headers.get("content-encoding").is_some_and(|encoding| encoding == "gzip") {
        let packed = std::mem::take(&mut body);
        flate2::read::GzDecoder::new(&packed[..]).read_to_end(&mut body).unwrap();
    }
    (headers, body)
}
