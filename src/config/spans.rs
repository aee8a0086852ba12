//! Where the spans of requests go, by environment variables. The names are OpenTelemetry's; they have no flag. As its
//! specification says, one that is empty counts as not set.

use std::time::Duration;

use http::Uri;
use percent_encoding::percent_decode_str;

use super::span_values::{header_entries, milliseconds, named, number, pairs, ratio, url};
use super::values::told;

const ENDPOINT: &str = "OTEL_EXPORTER_OTLP_ENDPOINT";
const TRACES_ENDPOINT: &str = "OTEL_EXPORTER_OTLP_TRACES_ENDPOINT";
/// OpenTelemetry's own where none is given.
const DEFAULT_ENDPOINT: &str = "http://localhost:4318";
const DEFAULT_TIMEOUT: Duration = Duration::from_secs(10);
const DEFAULT_DELAY: Duration = Duration::from_secs(5);
const DEFAULT_QUEUE: usize = 2_048;
const DEFAULT_BATCH: usize = 512;
/// The longest queue: what it may hold is part of the printed bound of memory.
const LONGEST_QUEUE: usize = 1 << 16;

/// Settings of the export of spans.
#[derive(Debug, Clone, PartialEq)]
pub struct SpanExport {
    /// Where they are posted to: an `http` URL with its path.
    pub endpoint: Uri,
    /// The longest that one attempt takes, and after which none begins any more.
    pub timeout: Duration,
    /// Bodies are compressed by gzip.
    pub gzip: bool,
    /// Which requests have a span.
    pub sampling: Sampling,
    /// What the process is: names and texts, a name once, `service.name` and `service.version` among them.
    pub resource: Vec<(String, String)>,
    /// The most spans that wait.
    pub queue: usize,
    /// The most spans of one post; at most [`SpanExport::queue`].
    pub batch: usize,
    /// The longest that a span waits for others.
    pub delay: Duration,
}

/// Which requests have a span.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Sampling {
    /// The share of traces, by their id: 0 for none, 1 for all.
    pub ratio: f64,
    /// A caller's own decision (the sampled flag of its `traceparent`) goes first.
    pub parent_based: bool,
}

impl SpanExport {
    /// The settings in an environment; none where spans go nowhere: without an endpoint, with
    /// `OTEL_SDK_DISABLED=true` or with `OTEL_TRACES_EXPORTER=none`.
    ///
    /// # Errors
    /// All that is wrong, a sentence each.
    pub fn from_env(variable: impl Fn(&str) -> Option<String>) -> Result<Option<Self>, Vec<String>> {
        let env = Environment { variable, wrong: Vec::new() };
        env.read()
    }
}

/// The variables, and what is wrong with them so far.
struct Environment<V> {
    variable: V,
    wrong: Vec<String>,
}

impl<V: Fn(&str) -> Option<String>> Environment<V> {
    fn read(mut self) -> Result<Option<SpanExport>, Vec<String>> {
        let exporter = self.set("OTEL_TRACES_EXPORTER");
        let is_given = self.set(ENDPOINT).is_some() || self.set(TRACES_ENDPOINT).is_some();
        match exporter.as_deref() {
            Some("none") => return Ok(None),
            None if !is_given => return Ok(None),
            None | Some("otlp") => {}
            Some(other) => self.wrong.push(format!("OTEL_TRACES_EXPORTER is {other:?}, expected otlp or none")),
        }
        match self.set("OTEL_SDK_DISABLED").map(|text| text.to_ascii_lowercase()).as_deref() {
            Some("true") => return Ok(None),
            None | Some("false") => {}
            Some(other) => self.wrong.push(format!("OTEL_SDK_DISABLED is {other:?}, expected true or false")),
        }
        self.check_wire();
        let endpoint = self.endpoint();
        let timeout = self.of_traces("TIMEOUT", milliseconds).unwrap_or(DEFAULT_TIMEOUT);
        let gzip = self.of_traces("COMPRESSION", |text| named(text, &[("gzip", true), ("none", false)]));
        let sampling = self.sampling();
        let resource = self.resource();
        let queue = self.value("OTEL_BSP_MAX_QUEUE_SIZE", |text| number(text, LONGEST_QUEUE)).unwrap_or(DEFAULT_QUEUE);
        let batch = self.value("OTEL_BSP_MAX_EXPORT_BATCH_SIZE", |text| number(text, queue));
        let delay = self.value("OTEL_BSP_SCHEDULE_DELAY", milliseconds).unwrap_or(DEFAULT_DELAY);
        match endpoint {
            Some(endpoint) if self.wrong.is_empty() => Ok(Some(SpanExport {
                endpoint,
                timeout,
                gzip: gzip.unwrap_or_default(),
                sampling,
                resource,
                queue,
                batch: batch.unwrap_or(DEFAULT_BATCH.min(queue)),
                delay,
            })),
            _ => Err(self.wrong),
        }
    }

    /// What a variable is set to; none where it is empty.
    fn set(&self, name: &str) -> Option<String> {
        (self.variable)(name).map(|text| text.trim().to_owned()).filter(|text| !text.is_empty())
    }

    /// A variable's value; none where it is not set, or wrong.
    fn value<T>(&mut self, name: &str, read: impl FnOnce(&str) -> Result<T, String>) -> Option<T> {
        let text = self.set(name)?;
        read(&text).map_err(|expected| self.wrong.push(format!("{name} {}, {expected}", told(&text)))).ok()
    }

    /// The value of `OTEL_EXPORTER_OTLP_TRACES_…`, else of `OTEL_EXPORTER_OTLP_…`.
    fn of_traces<T>(&mut self, what: &str, read: impl FnOnce(&str) -> Result<T, String>) -> Option<T> {
        let own = format!("OTEL_EXPORTER_OTLP_TRACES_{what}");
        if self.set(&own).is_some() {
            return self.value(&own, read);
        }
        self.value(&format!("OTEL_EXPORTER_OTLP_{what}"), read)
    }

    /// What is spoken with the collector and with callers: there is one way of each. The exporter reads the headers; it
    /// would leave out what is wrong with them.
    fn check_wire(&mut self) {
        self.of_traces("PROTOCOL", |text| {
            let only = "but spans are sent as http/protobuf: set it to that, with the endpoint of the collector's HTTP \
                        port, usually 4318";
            if text == "http/protobuf" { Ok(()) } else { Err(only.to_owned()) }
        });
        self.value("OTEL_PROPAGATORS", |text| {
            let is_known = text.split(',').any(|name| name.trim() == "tracecontext");
            is_known
                .then_some(())
                .ok_or_else(|| "but callers' traces are read from W3C's traceparent: add tracecontext".to_owned())
        });
        let own = "OTEL_EXPORTER_OTLP_TRACES_HEADERS";
        let name = if (self.variable)(own).is_some() { own } else { "OTEL_EXPORTER_OTLP_HEADERS" };
        // What is wrong is told without the values: they are secrets.
        if let Some(Err(what)) = self.set(name).map(|text| header_entries(&text)) {
            self.wrong.push(format!("{name}: {what}"));
        }
    }

    fn endpoint(&mut self) -> Option<Uri> {
        if self.set(TRACES_ENDPOINT).is_some() {
            return self.value(TRACES_ENDPOINT, url);
        }
        let of_traces = |text: &str| url(&format!("{}/v1/traces", text.trim_end_matches('/')));
        if self.set(ENDPOINT).is_some() {
            return self.value(ENDPOINT, |text| url(text).and_then(|_| of_traces(text)));
        }
        of_traces(DEFAULT_ENDPOINT).ok()
    }

    fn sampling(&mut self) -> Sampling {
        let all = Sampling { ratio: 1.0, parent_based: true };
        let argument = self.value("OTEL_TRACES_SAMPLER_ARG", ratio).unwrap_or(1.0);
        let of = |ratio, parent_based| Sampling { ratio, parent_based };
        let samplers = [
            ("always_on", of(1.0, false)),
            ("always_off", of(0.0, false)),
            ("traceidratio", of(argument, false)),
            ("parentbased_always_on", all),
            ("parentbased_always_off", of(0.0, true)),
            ("parentbased_traceidratio", of(argument, true)),
        ];
        self.value("OTEL_TRACES_SAMPLER", |text| named(text, &samplers)).unwrap_or(all)
    }

    /// `OTEL_SERVICE_NAME` goes before the name among the attributes.
    fn resource(&mut self) -> Vec<(String, String)> {
        let decoded = |text: &str| percent_decode_str(text).decode_utf8_lossy().into_owned();
        let given = self.value("OTEL_RESOURCE_ATTRIBUTES", pairs).unwrap_or_default();
        let mut resource: Vec<(String, String)> = Vec::new();
        let own = self.set("OTEL_SERVICE_NAME").map(|name| ("service.name".to_owned(), name));
        let given = given.into_iter().map(|(name, value)| (decoded(&name), decoded(&value)));
        let built_in = [("service.name", "smartserve"), ("service.version", env!("CARGO_PKG_VERSION"))];
        let built_in = built_in.map(|(name, value)| (name.to_owned(), value.to_owned()));
        for (name, value) in own.into_iter().chain(given).chain(built_in) {
            if resource.iter().all(|(known, _)| *known != name) {
                resource.push((name, value));
            }
        }
        resource
    }
}
