//! Posts bytes to a collector: one HTTP/1.1 connection a post, every few seconds.
//!
//! OpenTelemetry's own clients are reqwest, with TLS, and hyper's with a pool and HTTP/2: some 0.2 MB more.

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use bytes::Bytes;
use http::header::HOST;
use http::uri::{PathAndQuery, Uri};
use http::{HeaderValue, Request, Response};
use http_body_util::{BodyExt as _, Full, Limited};
use hyper::client::conn::http1;
use hyper_util::rt::TokioIo;
use opentelemetry_http::{HttpClient, HttpError};
use opentelemetry_proto::tonic::collector::trace::v1::ExportTraceServiceResponse;
use prost::Message as _;
use tokio::net::TcpStream;
use tokio::runtime::Handle;
use tokio::task::JoinSet;

use super::failures::Failures;

/// The most bytes that are read of a collector's answer: a count and a sentence.
const LONGEST_ANSWER: usize = 64 << 10;

/// The client. What it fails by is noted in `failures`, because the exporter says no more than that it did.
#[derive(Debug)]
pub(super) struct Client {
    runtime: Handle,
    timeout: Duration,
    failures: Arc<Failures>,
}

impl Client {
    /// A client whose sockets are of `runtime` and whose posts take at most `timeout` each.
    pub(super) fn new(runtime: Handle, timeout: Duration, failures: Arc<Failures>) -> Self {
        Self { runtime, timeout, failures }
    }
}

#[async_trait]
impl HttpClient for Client {
    async fn send_bytes(&self, request: Request<Bytes>) -> Result<Response<Bytes>, HttpError> {
        let timeout = self.timeout;
        // A task of the runtime, because the SDK's thread has no sockets.
        let posted = self.runtime.spawn(async move {
            let posted = tokio::time::timeout(timeout, post(request)).await;
            posted.unwrap_or_else(|_| Err(format!("no answer within {timeout:?}").into()))
        });
        let posted = posted.await.unwrap_or_else(|error| Err(error.into()));
        match &posted {
            Ok(response) if response.status().is_success() => self.note_rejected(response.body()),
            Ok(response) => self.failures.note(format!("it answered {}", response.status())),
            Err(error) => self.failures.note(error.to_string()),
        }
        posted
    }
}

impl Client {
    /// A collector may take a part of the spans alone.
    fn note_rejected(&self, answer: &Bytes) {
        let partial = ExportTraceServiceResponse::decode(answer.clone()).ok().and_then(|answer| answer.partial_success);
        let Some(partial) = partial else { return };
        if let Some(spans) = u64::try_from(partial.rejected_spans).ok().filter(|spans| *spans > 0) {
            self.failures.rejected(spans, &partial.error_message);
        }
    }
}

/// Connects, posts, reads the answer.
async fn post(request: Request<Bytes>) -> Result<Response<Bytes>, HttpError> {
    let (mut head, body) = request.into_parts();
    let authority = head.uri.authority().ok_or("the endpoint has no host")?;
    let host = authority.host().trim_start_matches('[').trim_end_matches(']');
    let stream = TcpStream::connect((host, authority.port_u16().unwrap_or(80))).await?;
    head.headers.insert(HOST, HeaderValue::from_str(authority.as_str())?);
    let path = head.uri.path_and_query().cloned().unwrap_or_else(|| PathAndQuery::from_static("/"));
    head.uri = Uri::from(path);
    let (mut sender, connection) = http1::handshake(TokioIo::new(stream)).await?;
    // Ends with this function, whatever becomes of the post.
    let mut connections = JoinSet::new();
    connections.spawn(connection);
    let (head, body) = sender.send_request(Request::from_parts(head, Full::new(body))).await?.into_parts();
    let body = Limited::new(body, LONGEST_ANSWER).collect().await?.to_bytes();
    Ok(Response::from_parts(head, body))
}
