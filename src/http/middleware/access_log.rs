//! The outermost layer: who asked what, how it went, how long it took.
//!
//! Stands apart because every answer passes here once: it is the one place that writes an error's envelope, counts an
//! answer and logs a request.

use std::hash::{BuildHasher as _, RandomState};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, LazyLock};
use std::time::{Duration, Instant};

use axum::body::Body;
use axum::response::Response;
use http::header::{ACCEPT_ENCODING, CONNECTION, CONTENT_LENGTH, HeaderName};
use http::{HeaderMap, HeaderValue, Method, Request};

use crate::http::answer::{Handled, Timings};
use crate::http::app::App;
use crate::http::compress;
use crate::http::problem::Problem;
use crate::serve::lifecycle::Phase;
use crate::serve::listener::RequestContext;
use crate::serve::metrics::InFlight;

const REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");
const TRACEPARENT: HeaderName = HeaderName::from_static("traceparent");
const SERVER_TIMING: HeaderName = HeaderName::from_static("server-timing");

/// What the log line says of a request.
struct RequestLabels {
    start: Instant,
    id: HeaderValue,
    trace_id: Option<String>,
    method: &'static str,
    route: &'static str,
}

/// A request on its way.
pub(in crate::http) struct InFlightRequest {
    labels: RequestLabels,
    encodings: Option<HeaderValue>,
    _in_flight: InFlight,
}

impl InFlightRequest {
    /// Notes who asks what (`route`: none where there is no such route), and gives the request its id.
    pub(in crate::http) fn begin<B>(
        app: &App,
        route: Option<&'static str>,
        request: &Request<B>,
        context: &mut RequestContext,
    ) -> Self {
        let in_flight = app.serving.metrics.in_flight();
        let labels = RequestLabels::of(route, request, context.arrival);
        context.id = Some(labels.id.clone());
        let encodings = request.headers().get(ACCEPT_ENCODING).cloned();
        Self { labels, encodings, _in_flight: in_flight }
    }

    /// Finishes the answer and tells how it went.
    pub(in crate::http) async fn end(self, app: &App, answered: Handled) -> Response {
        let Self { labels, encodings, _in_flight } = self;
        let Handled { mut response, timings } = answered;
        let problem = response.extensions_mut().remove::<Arc<Problem>>();
        if let Some(problem) = &problem {
            explain(app, &labels, problem, &mut response);
        }
        let headers = response.headers_mut();
        headers.insert(REQUEST_ID, labels.id.clone());
        if let Some(timing) = timings.and_then(Timings::server_timing) {
            headers.insert(SERVER_TIMING, timing);
        }
        if app.serving.lifecycle.phase() != Phase::Ready {
            headers.insert(CONNECTION, HeaderValue::from_static("close"));
        }
        let response = compress::answer(app, encodings.as_ref(), response).await;
        let (status, duration) = (response.status().as_u16(), labels.start.elapsed());
        app.serving.metrics.answered(labels.method, labels.route, status, duration);
        labels.log(status, duration, timings);
        response
    }
}

/// Writes the envelope of an error, counts its reason, logs its cause.
fn explain(app: &App, labels: &RequestLabels, problem: &Problem, response: &mut Response) {
    let id = labels.id.to_str().unwrap_or_default();
    if let Some(reason) = problem.kind().reason() {
        app.serving.metrics.rejected(reason);
    }
    if let Some(cause) = problem.cause() {
        tracing::error!(request_id = id, route = labels.route, cause, "a request failed: {cause}");
    }
    let envelope = problem.render(id);
    response.headers_mut().insert(CONTENT_LENGTH, envelope.len().into());
    *response.body_mut() = Body::from(envelope);
}

impl RequestLabels {
    fn of<B>(route: Option<&'static str>, request: &Request<B>, start: Instant) -> Self {
        Self {
            start,
            id: request_id(request.headers()),
            trace_id: trace_id(request.headers()),
            method: known_method(request.method()),
            route: route.unwrap_or("other"),
        }
    }

    fn log(&self, status: u16, duration: Duration, timings: Option<Timings>) {
        let (method, route, milliseconds) = (self.method, self.route, |d: Duration| d.as_secs_f64() * 1e3);
        tracing::info!(
            request_id = self.id.to_str().unwrap_or_default(),
            trace_id = self.trace_id.as_deref(),
            method,
            route,
            status,
            rows = timings.map(|w| w.rows),
            duration_ms = milliseconds(duration),
            parse_ms = timings.map(|w| milliseconds(w.parse)),
            predict_ms = timings.map(|w| milliseconds(w.predict)),
            encode_ms = timings.map(|w| milliseconds(w.encode)),
            "{method} {route} {status}"
        );
    }
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
