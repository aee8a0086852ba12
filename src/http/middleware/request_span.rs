//! The span of a request, by OpenTelemetry's conventions for HTTP servers
//! (<https://opentelemetry.io/docs/specs/semconv/http/http-spans/>), where spans are exported.
//!
//! It is made when the request has ended, of what its log line has; a stream's ends with the stream. It holds no query,
//! no header but `Host`, no text of an error, nothing of a body.

use std::str::FromStr as _;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Instant, SystemTime};

use http::header::HOST;
use http::request::Parts;
use http::{HeaderMap, HeaderName};
use opentelemetry::trace::{
    Span as _, SpanBuilder, SpanContext, SpanId, SpanKind, Status, TraceContextExt as _, TraceFlags, TraceId,
    TraceState, Tracer as _,
};
use opentelemetry::{Context, KeyValue};
use opentelemetry_sdk::trace::Span;

use crate::http::handler_output::Timings;
use crate::serve::listener::RequestId;
use crate::serve::logging::milliseconds;
use crate::serve::registry::Snapshot;
use crate::serve::spans::Spans;
use crate::text::shorten::beginning;

use super::trace_parent::TraceParent;

const TRACESTATE: HeaderName = HeaderName::from_static("tracestate");

/// The most bytes of each text of a client that a span keeps; `serve::spans` counts them.
const LONGEST_PATH: usize = 256;
const LONGEST_HOST: usize = 253;
const LONGEST_TRACESTATE: usize = 512;
/// The most entries of a `tracestate` that a span keeps.
const MOST_ENTRIES: usize = 8;

/// What a span needs of a request's head.
#[derive(Debug)]
pub(super) struct RequestSpan {
    began: SystemTime,
    parent: Option<SpanContext>,
    path: Box<str>,
    host: Option<Box<str>>,
}

/// A request that has ended.
pub(super) struct Ended<'a> {
    /// Of a closed set; `OTHER` for any other.
    pub(super) method: &'static str,
    /// The template; `other` where there is none.
    pub(super) route: &'static str,
    pub(super) status: u16,
    pub(super) id: &'a RequestId,
    pub(super) timings: Option<Timings>,
    /// The model that answered.
    pub(super) model: Option<Snapshot>,
}

impl RequestSpan {
    /// Notes what is needed of the head of a request that came at `arrival`.
    pub(super) fn begin(head: &Parts, parent: Option<&TraceParent>, arrival: Instant) -> Self {
        let now = SystemTime::now();
        let host = head.headers.get(HOST).and_then(|host| host.to_str().ok());
        Self {
            began: now.checked_sub(arrival.elapsed()).unwrap_or(now),
            parent: parent.and_then(|parent| remote(parent, &head.headers)),
            path: beginning(head.uri.path(), LONGEST_PATH).into(),
            host: host.filter(|host| host.len() <= LONGEST_HOST).map(Into::into),
        }
    }

    /// Makes the span; none if it is not sampled. It ends when it is dropped.
    pub(super) fn end(self, spans: &Spans, request: Ended<'_>) -> Option<Box<Span>> {
        let Ended { method, route, status, id, timings, model } = request;
        let route = (route != "other").then_some(route);
        let shown = if method == "OTHER" { "HTTP" } else { method };
        let name = route.map_or_else(|| shown.into(), |route| format!("{shown} {route}").into());
        let context = Context::new();
        let context = self.parent.map_or(context.clone(), |parent| context.with_remote_span_context(parent));
        let builder = SpanBuilder {
            name,
            span_kind: Some(SpanKind::Server),
            start_time: Some(self.began),
            ..SpanBuilder::default()
        };
        let mut span = spans.tracer().build_with_context(builder, &context);
        if !span.is_recording() {
            return None;
        }
        let mut attributes = Vec::with_capacity(16);
        attributes.extend([
            KeyValue::new("http.request.method", if method == "OTHER" { "_OTHER" } else { method }),
            KeyValue::new("url.scheme", "http"),
            KeyValue::new("url.path", String::from(self.path)),
            KeyValue::new("http.response.status_code", i64::from(status)),
            KeyValue::new("smartserve.request_id", id.as_str().to_owned()),
        ]);
        attributes.extend(route.map(|route| KeyValue::new("http.route", route)));
        attributes.extend(self.host.as_deref().into_iter().flat_map(server));
        if let Some(model) = model {
            attributes.push(KeyValue::new("smartserve.model.name", beginning(&model.name, LONGEST_PATH).to_owned()));
            attributes.push(KeyValue::new("smartserve.model.version", model.model.version().to_owned()));
        }
        if let Some(Timings { rows, decode, predict, encode }) = timings {
            attributes.push(KeyValue::new("smartserve.rows", count(rows)));
            let steps =
                [("smartserve.parse_ms", decode), ("smartserve.predict_ms", predict), ("smartserve.encode_ms", encode)];
            attributes.extend(steps.map(|(name, took)| KeyValue::new(name, milliseconds(took))));
        }
        span.set_attributes(attributes);
        set_error(&mut span, status);
        Some(Box::new(span))
    }
}

/// By the conventions a server's span has failed with 5xx alone: 4xx is the client's mistake.
fn set_error(span: &mut Span, status: u16) {
    if status >= 500 {
        span.set_attribute(KeyValue::new("error.type", status.to_string()));
        span.set_status(Status::error(""));
    }
}

fn count(rows: usize) -> i64 {
    i64::try_from(rows).unwrap_or(i64::MAX)
}

/// The caller's span, with what its `tracestate` says if that is valid and short.
fn remote(parent: &TraceParent, headers: &HeaderMap) -> Option<SpanContext> {
    let (trace, span) = (TraceId::from_hex(parent.trace()).ok()?, SpanId::from_hex(parent.span()).ok()?);
    let flags = TraceFlags::default().with_sampled(parent.is_sampled);
    let fields: Option<Vec<&str>> = headers.get_all(TRACESTATE).iter().map(|value| value.to_str().ok()).collect();
    let is_short = |state: &String| state.len() <= LONGEST_TRACESTATE && state.split(',').count() <= MOST_ENTRIES;
    let state = fields.map(|fields| fields.join(",")).filter(is_short);
    let state = state.and_then(|state| TraceState::from_str(&state).ok()).unwrap_or_default();
    Some(SpanContext::new(trace, span, flags, true, state))
}

/// `server.address`, and `server.port` where the host names one.
fn server(host: &str) -> impl Iterator<Item = KeyValue> + use<> {
    let end = host.rfind(']').map_or(0, |bracket| bracket + 1);
    let (name, port) = host[end..]
        .split_once(':')
        .map_or((host, None), |(rest, port)| (&host[..end + rest.len()], port.parse::<u16>().ok()));
    let name = name.trim_start_matches('[').trim_end_matches(']').to_owned();
    let name = (!name.is_empty()).then(|| KeyValue::new("server.address", name));
    name.into_iter().chain(port.map(|port| KeyValue::new("server.port", i64::from(port))))
}

/// The model that answered, as an extension of the answer; only where spans are exported.
#[derive(Clone)]
pub(in crate::http) struct AnsweredBy(pub(in crate::http) Snapshot);

/// The place of a stream's span, shared by its answer's head and its rows.
#[derive(Debug, Clone, Default)]
pub(in crate::http) struct StreamSpan(Arc<Mutex<Option<Box<Span>>>>);

impl StreamSpan {
    /// Keeps the span until the stream ends.
    pub(super) fn keep(&self, span: Box<Span>) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = Some(span);
    }

    /// Ends the span: `rows` were read, and `end` is the status that the stream ended with, none if its client left.
    pub(in crate::http) fn end(&self, rows: usize, end: Option<u16>) {
        let span = self.0.lock().unwrap_or_else(PoisonError::into_inner).take();
        let Some(mut span) = span else { return };
        span.set_attribute(KeyValue::new("smartserve.rows", count(rows)));
        if let Some(status) = end {
            span.set_attribute(KeyValue::new("smartserve.stream.status", i64::from(status)));
            set_error(&mut span, status);
        }
    }
}
