//! The outermost layer: who asked what, how it went, how long it took.
//!
//! Stands apart because every answer passes here once: it is the one place that writes an error's envelope, counts an
//! answer and logs a request.

use std::hash::{BuildHasher as _, RandomState};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, LazyLock};
use std::time::{Duration, Instant};

use axum::body::{Body, Bytes};
use axum::response::{IntoResponse, Response};
use http::header::{ACCEPT_ENCODING, CONNECTION, CONTENT_LENGTH, HeaderName};
use http::{HeaderMap, HeaderValue, Method, Request};

use crate::http::app::App;
use crate::http::compress;
use crate::http::problem::Problem;
use crate::serve::lifecycle::Phase;
use crate::serve::listener::RequestContext;
use crate::serve::metrics::InFlight;

const REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");
const TRACEPARENT: HeaderName = HeaderName::from_static("traceparent");
const SERVER_TIMING: HeaderName = HeaderName::from_static("server-timing");

/// What a handler did for a request, for the log line and `Server-Timing`.
#[derive(Debug, Clone, Copy)]
pub(in crate::http) struct Work {
    /// Rows answered.
    pub(in crate::http) rows: usize,
    /// From the body's bytes to the batch.
    pub(in crate::http) parse: Duration,
    /// The computation, without the wait for it.
    pub(in crate::http) predict: Duration,
    /// From the prediction to bytes.
    pub(in crate::http) encode: Duration,
}

/// A handler's answer, and what it did for it; none where that is told later, or is nothing.
#[derive(Debug)]
pub(in crate::http) struct Answered {
    /// The answer.
    pub(in crate::http) response: Response,
    /// What was done.
    pub(in crate::http) work: Option<Work>,
}

/// By axum's way an answer can only be a response: what was done becomes an extension of it.
impl IntoResponse for Answered {
    fn into_response(mut self) -> Response {
        if let Some(work) = self.work {
            self.response.extensions_mut().insert(work);
        }
        self.response
    }
}

impl From<Response> for Answered {
    fn from(mut response: Response) -> Self {
        let work = response.extensions_mut().remove();
        Self { response, work }
    }
}

/// What the log line says of a request.
struct Asked {
    start: Instant,
    id: HeaderValue,
    trace_id: Option<String>,
    method: &'static str,
    route: &'static str,
}

/// A request on its way.
pub(super) struct Seen {
    asked: Asked,
    encodings: Option<HeaderValue>,
    _in_flight: InFlight,
}

impl Seen {
    /// Notes who asks what (`route`: none where there is no such route), and gives the request its id.
    pub(super) fn begin<B>(
        app: &App,
        route: Option<&'static str>,
        request: &Request<B>,
        context: &mut RequestContext,
    ) -> Self {
        let in_flight = app.serving.metrics.in_flight();
        let asked = Asked::of(route, request, context.arrival);
        context.id = Some(asked.id.clone());
        let encodings = request.headers().get(ACCEPT_ENCODING).cloned();
        Self { asked, encodings, _in_flight: in_flight }
    }

    /// Finishes the answer and tells how it went.
    pub(super) async fn end(self, app: &App, answered: Answered) -> Response {
        let Self { asked, encodings, _in_flight } = self;
        let Answered { mut response, work } = answered;
        let problem = response.extensions_mut().remove::<Arc<Problem>>();
        if let Some(problem) = &problem {
            explain(app, &asked, problem, &mut response);
        }
        let headers = response.headers_mut();
        headers.insert(REQUEST_ID, asked.id.clone());
        if let Some(timing) = work.and_then(Work::server_timing) {
            headers.insert(SERVER_TIMING, timing);
        }
        if app.serving.life.phase() != Phase::Ready {
            headers.insert(CONNECTION, HeaderValue::from_static("close"));
        }
        let response = compress::answer(app, encodings.as_ref(), response).await;
        let (status, duration) = (response.status().as_u16(), asked.start.elapsed());
        app.serving.metrics.answered(asked.method, asked.route, status, duration);
        asked.log(status, duration, work);
        response
    }
}

/// Writes the envelope of an error, counts its reason, logs its cause.
fn explain(app: &App, asked: &Asked, problem: &Problem, response: &mut Response) {
    let id = asked.id.to_str().unwrap_or_default();
    if let Some(reason) = problem.kind().reason() {
        app.serving.metrics.rejected(reason);
    }
    if let Some(cause) = problem.cause() {
        tracing::error!(request_id = id, route = asked.route, cause, "a request failed: {cause}");
    }
    let envelope = problem.render(id);
    response.headers_mut().insert(CONTENT_LENGTH, envelope.len().into());
    *response.body_mut() = Body::from(envelope);
}

impl Asked {
    fn of<B>(route: Option<&'static str>, request: &Request<B>, start: Instant) -> Self {
        Self {
            start,
            id: request_id(request.headers()),
            trace_id: trace_id(request.headers()),
            method: known_method(request.method()),
            route: route.unwrap_or("other"),
        }
    }

    fn log(&self, status: u16, duration: Duration, work: Option<Work>) {
        let (method, route, milliseconds) = (self.method, self.route, |d: Duration| d.as_secs_f64() * 1e3);
        tracing::info!(
            request_id = self.id.to_str().unwrap_or_default(),
            trace_id = self.trace_id.as_deref(),
            method,
            route,
            status,
            rows = work.map(|w| w.rows),
            duration_ms = milliseconds(duration),
            parse_ms = work.map(|w| milliseconds(w.parse)),
            predict_ms = work.map(|w| milliseconds(w.predict)),
            encode_ms = work.map(|w| milliseconds(w.encode)),
            "{method} {route} {status}"
        );
    }
}

impl Work {
    /// The `Server-Timing` value, in milliseconds as it is defined.
    fn server_timing(self) -> Option<HeaderValue> {
        let mut value = Vec::with_capacity(64);
        let stages = [("parse;dur=", self.parse), (", predict;dur=", self.predict), (", encode;dur=", self.encode)];
        for (stage, took) in stages {
            value.extend_from_slice(stage.as_bytes());
            add_milliseconds(&mut value, took);
        }
        HeaderValue::from_maybe_shared(Bytes::from(value)).ok()
    }
}

/// Milliseconds with three digits behind the point, rounded.
fn add_milliseconds(text: &mut Vec<u8>, took: Duration) {
    let micros = (took.as_nanos() + 500) / 1_000;
    text.extend_from_slice(itoa::Buffer::new().format(micros / 1_000).as_bytes());
    text.push(b'.');
    let digits = [100, 10, 1].map(|unit| b'0' + u8::try_from(micros / unit % 10).unwrap_or_default());
    text.extend_from_slice(&digits);
}

/// The client's `X-Request-Id` when it is fit to be repeated, else a new one.
fn request_id(headers: &HeaderMap) -> HeaderValue {
    const LONGEST: usize = 64;
    let is_fit = |id: &&HeaderValue| {
        let allowed = |b: &u8| b.is_ascii_alphanumeric() || b"._-".contains(b);
        (1..=LONGEST).contains(&id.len()) && id.as_bytes().iter().all(allowed)
    };
    headers.get(REQUEST_ID).filter(is_fit).cloned().unwrap_or_else(new_request_id)
}

/// 16 hex digits that no other request of this process has, and hardly one of another.
fn new_request_id() -> HeaderValue {
    static SEED: LazyLock<u64> = LazyLock::new(|| RandomState::new().hash_one("request id"));
    static NEXT: AtomicU64 = AtomicU64::new(0);
    // splitmix64: a bijection, so that a count gives no number twice.
    let mut z = SEED.wrapping_add(NEXT.fetch_add(1, Ordering::Relaxed).wrapping_mul(0x9E37_79B9_7F4A_7C15));
    z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
    z ^= z >> 31;
    let digits: [u8; 16] = std::array::from_fn(|i| b"0123456789abcdef"[(z >> (60 - 4 * i) & 15) as usize]);
    HeaderValue::from_bytes(&digits).unwrap_or(HeaderValue::from_static("unknown"))
}

/// The trace id of a W3C `traceparent`: `00-TRACE-SPAN-FLAGS`, lower-case hexadecimal, not all zeros.
fn trace_id(headers: &HeaderMap) -> Option<String> {
    let mut parts = headers.get(TRACEPARENT)?.to_str().ok()?.split('-');
    let (version, trace, span) = (parts.next()?, parts.next()?, parts.next()?);
    let is_hex = |text: &str, n: usize| text.len() == n && text.bytes().all(|b| matches!(b, b'0'..=b'9' | b'a'..=b'f'));
    let is_valid = is_hex(version, 2) && version != "ff" && is_hex(trace, 32) && is_hex(span, 16);
    (is_valid && trace.bytes().any(|b| b != b'0')).then(|| trace.to_owned())
}

/// The method's label: a closed set.
fn known_method(method: &Method) -> &'static str {
    match method.as_str() {
        "GET" => "GET",
        "HEAD" => "HEAD",
        "POST" => "POST",
        "PUT" => "PUT",
        "PATCH" => "PATCH",
        "DELETE" => "DELETE",
        "OPTIONS" => "OPTIONS",
        "TRACE" => "TRACE",
        "CONNECT" => "CONNECT",
        _ => "OTHER",
    }
}
