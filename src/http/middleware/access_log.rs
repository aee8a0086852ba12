//! The outermost layer: the in-flight gauge, the error envelope, the closing headers, the metrics and the log line.
//!
//! Every answer passes here once, so errors are written, counted and logged in this one place.

use std::sync::Arc;
use std::time::{Duration, Instant};

use axum::body::Body;
use axum::response::Response;
use http::header::{ACCEPT_ENCODING, CONNECTION, CONTENT_LENGTH, HeaderName};
use http::request::Parts;
use http::{HeaderValue, Method};

use crate::http::answer::{Handled, Timings};
use crate::http::app::App;
use crate::http::compress;
use crate::http::problem::Problem;
use crate::serve::lifecycle::Phase;
use crate::serve::listener::{RequestContext, RequestId};
use crate::serve::metrics::GaugeGuard;

use super::request_id::{REQUEST_ID, request_id, trace_id};

const SERVER_TIMING: HeaderName = HeaderName::from_static("server-timing");

/// What the log line says of a request.
struct RequestLabels {
    start: Instant,
    id: RequestId,
    trace_id: Option<String>,
    method: &'static str,
    route: &'static str,
}

/// A request that is being answered.
pub(in crate::http) struct InFlightRequest {
    labels: RequestLabels,
    encodings: Option<HeaderValue>,
    _in_flight: GaugeGuard,
}

impl InFlightRequest {
    /// Notes who asks what, and gives the request its id. `route` is none where there is no such route.
    pub(in crate::http) fn begin(app: &App, route: Option<&'static str>, head: &mut Parts) -> Self {
        let in_flight = app.serving.metrics.in_flight();
        let (id, trace_id) = (request_id(&head.headers), trace_id(&head.headers));
        let method = known_method(&head.method);
        let encodings = head.headers.get(ACCEPT_ENCODING).cloned();
        // A request that came by no socket, as tests send it, has no context yet.
        let detached = || RequestContext::detached(&app.serving);
        let context = head.extensions.get_or_insert_with(detached);
        context.id = Some(id.clone());
        let labels = RequestLabels { start: context.arrival, id, trace_id, method, route: route.unwrap_or("other") };
        Self { labels, encodings, _in_flight: in_flight }
    }

    /// When the request's head was complete.
    pub(in crate::http) fn arrival(&self) -> Instant {
        self.labels.start
    }

    /// Finishes the answer, counts it and logs it.
    pub(in crate::http) async fn end(self, app: &App, handled: Handled) -> Response {
        let Self { labels, encodings, _in_flight } = self;
        let Handled { mut response, timings } = handled;
        let problem = response.extensions_mut().remove::<Arc<Problem>>();
        if let Some(problem) = &problem {
            write_envelope(app, &labels, problem, &mut response);
        }
        let headers = response.headers_mut();
        headers.insert(REQUEST_ID, labels.id.to_header_value());
        if let Some(timing) = timings.and_then(Timings::server_timing) {
            headers.insert(SERVER_TIMING, timing);
        }
        if app.serving.lifecycle.phase() != Phase::Ready {
            headers.insert(CONNECTION, HeaderValue::from_static("close"));
        }
        if compress::is_wanted(app, encodings.as_ref(), &mut response) {
            // Boxed, because it is rare, so that the usual future is small.
            response = Box::pin(compress::compress(app, response)).await;
        }
        let (status, duration) = (response.status().as_u16(), labels.start.elapsed());
        app.serving.metrics.answered(labels.method, labels.route, status, duration);
        labels.log(status, duration, timings);
        response
    }
}

/// Writes the envelope of an error, counts its reason and logs its cause.
fn write_envelope(app: &App, labels: &RequestLabels, problem: &Problem, response: &mut Response) {
    let id = labels.id.as_str();
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
    fn log(&self, status: u16, duration: Duration, timings: Option<Timings>) {
        let (method, route, milliseconds) = (self.method, self.route, |d: Duration| d.as_secs_f64() * 1e3);
        tracing::info!(
            request_id = self.id.as_str(),
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

/// The method's label: a closed set.
fn known_method(method: &Method) -> &'static str {
    const KNOWN: [&str; 9] = ["POST", "GET", "HEAD", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE", "CONNECT"];
    KNOWN.into_iter().find(|known| *known == method.as_str()).unwrap_or("OTHER")
}
