//! OpenTelemetry's exporter, with every span accounted for: taken from the queue, then sent or dropped.

use std::sync::Arc;
use std::time::Duration;

use opentelemetry_otlp::SpanExporter as OtlpExporter;
use opentelemetry_sdk::Resource;
use opentelemetry_sdk::error::OTelSdkResult;
use opentelemetry_sdk::trace::{SpanData, SpanExporter};

use super::failures::Failures;
use super::queue::Waiting;

/// Counts what it gives to the exporter, and what fails there.
#[derive(Debug)]
pub(super) struct CountingExporter {
    inner: OtlpExporter,
    waiting: Arc<Waiting>,
    failures: Arc<Failures>,
}

impl CountingExporter {
    pub(super) fn new(inner: OtlpExporter, waiting: Arc<Waiting>, failures: Arc<Failures>) -> Self {
        Self { inner, waiting, failures }
    }
}

impl SpanExporter for CountingExporter {
    async fn export(&self, batch: Vec<SpanData>) -> OTelSdkResult {
        let spans = batch.len();
        self.waiting.send(spans);
        let outcome = self.inner.export(batch).await;
        self.waiting.sent(spans);
        match &outcome {
            Ok(()) => self.failures.sent(),
            Err(error) => self.failures.failed(spans, error),
        }
        outcome
    }

    fn shutdown_with_timeout(&self, timeout: Duration) -> OTelSdkResult {
        self.inner.shutdown_with_timeout(timeout)
    }

    fn set_resource(&mut self, resource: &Resource) {
        self.inner.set_resource(resource);
    }
}
