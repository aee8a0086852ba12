//! What a handler gives back: the answer, and how long each step of it took.

use std::time::Duration;

use axum::body::Bytes;
use axum::response::{IntoResponse, Response};
use http::HeaderValue;

/// What a handler did for a request, for the log line and `Server-Timing`.
#[derive(Debug, Clone, Copy)]
pub(in crate::http) struct Timings {
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
pub(in crate::http) struct Handled {
    /// The answer.
    pub(in crate::http) response: Response,
    /// What was done.
    pub(in crate::http) timings: Option<Timings>,
}

/// By axum's way an answer can only be a response: what was done becomes an extension of it.
impl IntoResponse for Handled {
    fn into_response(mut self) -> Response {
        if let Some(timings) = self.timings {
            self.response.extensions_mut().insert(timings);
        }
        self.response
    }
}

impl From<Response> for Handled {
    fn from(mut response: Response) -> Self {
        let timings = response.extensions_mut().remove();
        Self { response, timings }
    }
}

impl Timings {
    /// The `Server-Timing` value, in milliseconds as it is defined.
    pub(super) fn server_timing(self) -> Option<HeaderValue> {
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
