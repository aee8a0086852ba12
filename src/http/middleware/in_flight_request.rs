//! The outermost layer: a request from its route look-up to its finished answer. Counts the request as in flight, then
//! writes the error envelope, headers, compression, metrics and log line. Only an error inside a stream is written
//! elsewhere (`routes::stream`).

use std::sync::Arc;
use std::time::{Duration, Instant};

use axum::body::Body;
use axum::response::Response;
use http::HeaderValue;
use http::header::{ACCEPT_ENCODING, CONTENT_LENGTH, CONTENT_TYPE, HeaderName};
use http::request::Parts;

use crate::http::app::App;
use crate::http::compress;
use crate::http::handler_output::{HandlerOutput, Timings};
use crate::http::leased;
use crate::http::probe_routes::is_probe_or_metrics;
use crate::http::problem::{MAX_ENVELOPE, Problem};
use crate::serve::admission::MemoryLease;
use crate::serve::listener::{RequestContext, RequestId};
use crate::serve::logging::milliseconds;
use crate::serve::metrics::{GaugeGuard, Metrics};

use super::request_id::{REQUEST_ID, request_id, trace_id};

const SERVER_TIMING: HeaderName = HeaderName::from_static("server-timing");

/// The target of the log line. It does not follow this file's name: operators filter by it.
const ACCESS_LOG: &str = "smartserve::http::middleware::access_log";

/// A request that is being answered.
pub(in crate::http) struct InFlightRequest {
    /// When the request's head was complete.
    pub(in crate::http) arrival: Instant,
    /// When its answer must be there, if not as late as the limits allow.
    pub(in crate::http) answer_by: Option<Instant>,
    id: RequestId,
    trace_id: Option<String>,
    method: &'static str,
    route: &'static str,
    encodings: Option<HeaderValue>,
    /// Errors of the route's protocol are `application/json`.
    speaks_json: bool,
    memory: MemoryLease,
    _in_flight: GaugeGuard,
}

impl InFlightRequest {
    /// Gives the request its id and notes what the log line needs. `route` is none if there is no such route.
    pub(in crate::http) fn begin(app: &App, route: Option<&'static str>, head: &mut Parts) -> Self {
        let in_flight = app.server.metrics.in_flight();
        let (id, trace_id) = (request_id(&head.headers), trace_id(&head.headers));
        let encodings = head.headers.get(ACCEPT_ENCODING).cloned();
        // A request that came by no socket, as tests send it, has no context yet.
        let detached = || RequestContext::detached(&app.server);
        let context = head.extensions.get_or_insert_with(detached);
        context.id = Some(id.clone());
        Self {
            arrival: context.arrival,
            answer_by: context.answer_by,
            memory: context.memory.clone(),
            id,
            trace_id,
            method: Metrics::method_label(head.method.as_str()),
            route: route.unwrap_or("other"),
            encodings,
            speaks_json: speaks_json(head.uri.path()),
            _in_flight: in_flight,
        }
    }

    /// Finishes the answer, counts it and logs it.
    pub(in crate::http) async fn end(self, app: &App, output: HandlerOutput) -> Response {
        let HandlerOutput { mut response, timings } = output;
        let problem = response.extensions_mut().remove::<Arc<Problem>>();
        if let Some(problem) = &problem {
            // Boxed, because it is rare, so that the usual future is small.
            Box::pin(self.write_envelope(app, problem, &mut response)).await;
        }
        let headers = response.headers_mut();
        headers.insert(REQUEST_ID, self.id.to_header_value());
        if let Some(timing) = timings.and_then(Timings::server_timing) {
            headers.insert(SERVER_TIMING, timing);
        }
        if compress::negotiate(app, self.encodings.as_ref(), &mut response) {
            // Boxed, because it is rare, so that the usual future is small.
            response = Box::pin(compress::compress(app, response)).await;
        }
        let (status, duration) = (response.status().as_u16(), self.arrival.elapsed());
        app.server.metrics.answered(self.method, self.route, status, duration);
        self.log(app, status, duration, timings);
        response
    }

    /// Writes the envelope of an error, counts its reason and logs its cause.
    async fn write_envelope(&self, app: &App, problem: &Problem, response: &mut Response) {
        let id = self.id.as_str();
        problem.record(&app.server.metrics, id, Some(self.route));
        let is_leased = leased::lease(&self.memory, problem.rendered_length(id)).await.is_ok();
        let most = if is_leased { MAX_ENVELOPE } else { leased::UNLEASED };
        let envelope = problem.render_shortened(id, most);
        let headers = response.headers_mut();
        headers.insert(CONTENT_LENGTH, envelope.len().into());
        if self.speaks_json {
            headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
        }
        *response.body_mut() = Body::from(envelope);
    }

    /// Probes and scrapes are logged as debug: they come every second or two.
    fn log(&self, app: &App, status: u16, duration: Duration, timings: Option<Timings>) {
        let (method, route) = (self.method, self.route);
        macro_rules! line {
            ($level:ident) => {
                tracing::$level!(
                    target: ACCESS_LOG,
                    request_id = self.id.as_str(),
                    trace_id = self.trace_id.as_deref(),
                    method,
                    route,
                    status,
                    rows = timings.map(|w| w.rows),
                    duration_ms = milliseconds(duration),
                    parse_ms = timings.map(|w| milliseconds(w.decode)),
                    predict_ms = timings.map(|w| milliseconds(w.predict)),
                    encode_ms = timings.map(|w| milliseconds(w.encode)),
                    "{method} {route} {status}"
                )
            };
        }
        if is_probe_or_metrics(route) || app.options.vertex.health.as_deref() == Some(route) {
            line!(debug);
        } else {
            line!(info);
        }
    }
}

/// True on the Open Inference Protocol's routes, whose document knows errors as `application/json` alone (`KServe`'s
/// SDK shows no others), and on `KServe` v1's.
pub(in crate::http) fn speaks_json(path: &str) -> bool {
    let rest = path.trim_start_matches('/').strip_prefix('v').and_then(|rest| rest.strip_prefix(['1', '2']));
    rest.is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
}
