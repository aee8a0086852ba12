//! The bound of the queue in front of the SDK's own, which counts what it drops where it cannot be read.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};
use std::time::Duration;

use opentelemetry::Context;
use opentelemetry_sdk::Resource;
use opentelemetry_sdk::error::OTelSdkResult;
use opentelemetry_sdk::trace::{BatchSpanProcessor, Span, SpanData, SpanProcessor};
use prometheus::IntCounter;

/// How many spans wait, and how many are being sent.
#[derive(Debug, Default)]
pub(super) struct Waiting {
    queued: AtomicUsize,
    sending: AtomicUsize,
}

impl Waiting {
    /// Takes `spans` from the queue; they are being sent until [`Waiting::sent`].
    pub(super) fn send(&self, spans: usize) {
        self.sending.fetch_add(spans, Relaxed);
        self.queued.fetch_sub(spans, Relaxed);
    }

    /// Notes that these were sent, or given up.
    pub(super) fn sent(&self, spans: usize) {
        self.sending.fetch_sub(spans, Relaxed);
    }

    /// Those that wait and those being sent.
    pub(super) fn all(&self) -> usize {
        self.queued.load(Relaxed) + self.sending.load(Relaxed)
    }
}

/// Passes at most as many spans to the SDK's queue as fit into it.
#[derive(Debug)]
pub(super) struct BoundedQueue {
    inner: BatchSpanProcessor,
    waiting: Arc<Waiting>,
    most: usize,
    dropped: IntCounter,
}

impl BoundedQueue {
    /// `inner` has room for `most` spans.
    pub(super) fn new(inner: BatchSpanProcessor, waiting: Arc<Waiting>, most: usize, dropped: IntCounter) -> Self {
        Self { inner, waiting, most, dropped }
    }
}

impl SpanProcessor for BoundedQueue {
    fn on_start(&self, span: &mut Span, context: &Context) {
        self.inner.on_start(span, context);
    }

    fn on_end(&self, span: SpanData) {
        // Counted before it is queued: what is queued is never more than what is counted, nor than there is room for.
        if self.waiting.queued.fetch_add(1, Relaxed) >= self.most {
            self.waiting.queued.fetch_sub(1, Relaxed);
            self.dropped.inc();
            return;
        }
        self.inner.on_end(span);
    }

    fn force_flush(&self) -> OTelSdkResult {
        self.inner.force_flush()
    }

    fn shutdown_with_timeout(&self, timeout: Duration) -> OTelSdkResult {
        self.inner.shutdown_with_timeout(timeout)
    }

    fn set_resource(&mut self, resource: &Resource) {
        self.inner.set_resource(resource);
    }
}
