//! The outermost layer: a request from its route look-up to its finished answer. Counts the request as in flight, then
//! writes the error envelope, headers, compression, metrics, span and log line. Only an error inside a stream is
//! written elsewhere (`routes::stream`).

use std::sync::Arc;
use std::time::{Duration, Instant};

use axum::body::Body;
use axum::response::Response;
use http::HeaderValue;
use http::header::{ACCEPT_ENCODING, CONTENT_LENGTH, CONTENT_TYPE, HeaderName};
use http::request::Parts;
use opentelemetry::trace::Span as _;

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
use crate::serve::registry::Snapshot;

use super::request_id::{REQUEST_ID, request_id};
use super::request_span::{AnsweredBy, Ended, RequestSpan, StreamSpan};
use super::trace_parent::TraceParent;

const SERVER_TIMING: HeaderName = HeaderName::from_static("server-timing");

/// The target of the log line. It does not follow this file's name: operators filter by it.
const ACCESS_LOG: &str = "smartserve::http::middleware::access_log";

/// Two blanks and a status.
const STATUS_LENGTH: usize = 5;

/// A request that is being answered.
pub(in crate::http) struct InFlightRequest {
    /// When the request's head was complete.
    pub(in crate::http) arrival: Instant,
    /// When its answer must be there, if not as late as the limits allow.
    pub(in crate::http) answer_by: Option<Instant>,
    id: RequestId,
    /// The caller's span. Boxed, because it is rare, so that the usual future is small.
    parent: Option<Box<TraceParent>>,
    /// Where spans are exported, what the request's needs; probes and scrapes have none.
    span: Option<Box<RequestSpan>>,
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
        let (id, parent) = (request_id(&head.headers), TraceParent::of(&head.headers).map(Box::new));
        let encodings = head.headers.get(ACCEPT_ENCODING).cloned();
        // A request that came by no socket, as tests send it, has no context yet.
        let detached = || RequestContext::detached(&app.server);
        let context = head.extensions.get_or_insert_with(detached);
        context.id = Some(id.clone());
        let mut request = Self {
            arrival: context.arrival,
            answer_by: context.answer_by,
            memory: context.memory.clone(),
            id,
            parent,
            span: None,
            method: Metrics::method_label(head.method.as_str()),
            route: route.unwrap_or("other"),
            encodings,
            speaks_json: speaks_json(head.uri.path()),
            _in_flight: in_flight,
        };
        if app.server.spans.is_some() && !request.is_routine(app) {
            let span = RequestSpan::begin(head, request.parent.as_deref(), request.arrival);
            request.span = Some(Box::new(span));
        }
        request
    }

    /// Finishes the answer, counts it and logs it.
    pub(in crate::http) async fn end(mut self, app: &App, output: HandlerOutput) -> Response {
        let HandlerOutput { mut response, timings } = output;
        // Before compression, which makes another response.
        let span = self.span.take().map(|span| (span, Extras::take(&mut response)));
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
        let ids = span.and_then(|(span, extras)| self.end_span(app, *span, extras, status, timings));
        self.log(app, status, duration, timings, ids.as_deref());
        response
    }

    /// Ends the request's span, or leaves it to the stream of its rows: its ids, if it will be exported.
    fn end_span(
        &self,
        app: &App,
        span: RequestSpan,
        extras: Extras,
        status: u16,
        timings: Option<Timings>,
    ) -> Option<Box<SpanIds>> {
        let (method, route, model) = (self.method, self.route, extras.model);
        let ended = Ended { method, route, status, id: &self.id, timings, model };
        let span = span.end(app.server.spans.as_ref()?, ended)?;
        let context = span.span_context();
        let ids = SpanIds { trace: context.trace_id().to_string(), span: context.span_id().to_string() };
        if let Some(stream) = extras.stream {
            stream.keep(span);
        }
        Some(Box::new(ids))
    }

    /// True for probes and scrapes: they come every second or two.
    fn is_routine(&self, app: &App) -> bool {
        is_probe_or_metrics(self.route) || app.options.vertex.health.as_deref() == Some(self.route)
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

    /// Probes and scrapes are logged as debug. `ids` are those of the exported span.
    fn log(&self, app: &App, status: u16, duration: Duration, timings: Option<Timings>, ids: Option<&SpanIds>) {
        let (method, route) = (self.method, self.route);
        let trace_id = ids.map(|ids| ids.trace.as_str()).or_else(|| self.parent.as_ref().map(|parent| parent.trace()));
        // Made by hand: `tracing` would format it for as long as it takes to record all other fields.
        let mut message = String::with_capacity(method.len() + route.len() + STATUS_LENGTH);
        for word in [method, " ", route, " ", itoa::Buffer::new().format(status)] {
            message.push_str(word);
        }
        let message = message.as_str();
        macro_rules! line {
            ($level:ident) => {
                tracing::$level!(
                    target: ACCESS_LOG,
                    message,
                    request_id = self.id.as_str(),
                    trace_id,
                    span_id = ids.map(|ids| ids.span.as_str()),
                    method,
                    route,
                    status,
                    rows = timings.map(|w| w.rows),
                    duration_ms = milliseconds(duration),
                    parse_ms = timings.map(|w| milliseconds(w.decode)),
                    predict_ms = timings.map(|w| milliseconds(w.predict)),
                    encode_ms = timings.map(|w| milliseconds(w.encode)),
                )
            };
        }
        if self.is_routine(app) {
            line!(debug);
        } else {
            line!(info);
        }
    }
}

/// What handlers tell of a span, as extensions of the answer.
struct Extras {
    model: Option<Snapshot>,
    stream: Option<StreamSpan>,
}

impl Extras {
    fn take(response: &mut Response) -> Self {
        let extensions = response.extensions_mut();
        Self { model: extensions.remove::<AnsweredBy>().map(|AnsweredBy(model)| model), stream: extensions.remove() }
    }
}

/// Of an exported span: 32 and 16 hexadecimal digits.
struct SpanIds {
    trace: String,
    span: String,
}

/// True on the Open Inference Protocol's routes, whose document knows errors as `application/json` alone (`KServe`'s
/// SDK shows no others), and on `KServe` v1's.
pub(in crate::http) fn speaks_json(path: &str) -> bool {
    let rest = path.trim_start_matches('/').strip_prefix('v').and_then(|rest| rest.strip_prefix(['1', '2']));
    rest.is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
}
