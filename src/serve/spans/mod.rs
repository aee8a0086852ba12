//! Spans of requests, sent to an OpenTelemetry collector by OTLP/HTTP. `http` makes them; here they are sampled, queued
//! and posted, by OpenTelemetry's SDK and its exporter.
//!
//! A span that has ended goes into a bounded queue (`queue`); the SDK's thread takes some at a time and posts them
//! (`exporter`, `client`). A span that does not fit is dropped and counted, so that no request ever waits for a
//! collector.

mod client;
mod exporter;
mod failures;
mod queue;

use std::sync::Arc;
use std::time::Duration;

use opentelemetry::trace::TracerProvider as _;
use opentelemetry::{InstrumentationScope, KeyValue};
use opentelemetry_otlp::{Compression, Protocol, SpanExporter, WithExportConfig as _, WithHttpConfig as _};
use opentelemetry_sdk::Resource;
use opentelemetry_sdk::resource::TelemetryResourceDetector;
use opentelemetry_sdk::trace::{BatchConfigBuilder, BatchSpanProcessor, Sampler, SdkTracer, SdkTracerProvider};
use prometheus::IntCounter;
use tokio::runtime::Handle;

use crate::config::{Sampling, SpanExport};

use client::Client;
use exporter::CountingExporter;
use failures::Failures;
use queue::{BoundedQueue, Waiting};

/// The most bytes of a span: its record (0.4 KiB), 16 attributes (1.2 KiB), their texts (0.9 KiB: `http` cuts them) and
/// 8 entries of a `tracestate` (1.2 KiB).
const SPAN_BYTES: usize = 4 << 10;

/// Times the bytes of a span that one being sent takes: as the SDK has it, as a message, as bytes to send twice.
const SENT_TIMES: usize = 4;

/// The spans of this process. Dropping it sends what waits, for 5 seconds at most; [`Spans::flush`] does it for less.
#[derive(Debug)]
pub struct Spans {
    tracer: SdkTracer,
    provider: SdkTracerProvider,
    waiting: Arc<Waiting>,
    bytes: usize,
}

impl Spans {
    /// Starts the thread that sends; its sockets are of `runtime`. `dropped` counts spans that no collector has taken
    /// (`Metrics::spans_dropped`).
    ///
    /// # Errors
    /// One sentence: the exporter does not take the settings.
    pub fn start(settings: &SpanExport, runtime: Handle, dropped: IntCounter) -> Result<Self, String> {
        let failures = Arc::new(Failures::new(settings.endpoint.to_string(), dropped.clone()));
        let client = Client::new(runtime, settings.timeout, Arc::clone(&failures));
        let mut exporter = SpanExporter::builder()
            .with_http()
            .with_http_client(client)
            .with_endpoint(settings.endpoint.to_string())
            .with_protocol(Protocol::HttpBinary)
            .with_timeout(settings.timeout);
        if settings.gzip {
            exporter = exporter.with_compression(Compression::Gzip);
        }
        let exporter = exporter.build().map_err(|error| format!("spans cannot be exported: {error}"))?;
        let waiting = Arc::new(Waiting::default());
        let exporter = CountingExporter::new(exporter, Arc::clone(&waiting), failures);
        let batches = BatchConfigBuilder::default()
            .with_max_queue_size(settings.queue)
            .with_max_export_batch_size(settings.batch)
            .with_scheduled_delay(settings.delay)
            .build();
        let processor = BatchSpanProcessor::builder(exporter).with_batch_config(batches).build();
        let provider = SdkTracerProvider::builder()
            .with_sampler(sampler(settings.sampling))
            .with_resource(resource(&settings.resource))
            .with_span_processor(BoundedQueue::new(processor, Arc::clone(&waiting), settings.queue, dropped))
            .build();
        let scope = InstrumentationScope::builder("smartserve").with_version(env!("CARGO_PKG_VERSION")).build();
        let bytes = (settings.queue + SENT_TIMES * settings.batch) * SPAN_BYTES;
        Ok(Self { tracer: provider.tracer_with_scope(scope), provider, waiting, bytes })
    }

    /// What makes spans.
    pub fn tracer(&self) -> &SdkTracer {
        &self.tracer
    }

    /// The most bytes that spans take: those that wait, those being sent, and those of this many requests in flight.
    pub fn max_bytes(&self, in_flight: usize) -> usize {
        self.bytes + in_flight * SPAN_BYTES
    }

    /// Sends what waits, for at most `wait`, and ends. Later spans go nowhere. What is left is told in the log.
    pub fn flush(&self, wait: Duration) {
        let ended = self.provider.shutdown_with_timeout(wait);
        let left = self.waiting.all();
        if ended.is_err() && left > 0 {
            tracing::warn!(spans = left, "{left} spans were not sent before the end");
        }
    }
}

fn sampler(sampling: Sampling) -> Sampler {
    let Sampling { ratio, parent_based } = sampling;
    let own = match ratio {
        1.0.. => Sampler::AlwaysOn,
        0.0.. if ratio > 0.0 => Sampler::TraceIdRatioBased(ratio),
        _ => Sampler::AlwaysOff,
    };
    if parent_based { Sampler::ParentBased(Box::new(own)) } else { own }
}

/// What the process is, and which SDK speaks.
fn resource(attributes: &[(String, String)]) -> Resource {
    let attributes = attributes.iter().map(|(name, value)| KeyValue::new(name.clone(), value.clone()));
    Resource::builder_empty().with_detector(Box::new(TelemetryResourceDetector)).with_attributes(attributes).build()
}
