//! A handler's output: the answer, and how long each step took.

use std::time::Duration;

use axum::response::{IntoResponse, Response};
use http::HeaderValue;

/// The times of a handler's steps, for the log line and `Server-Timing`.
#[derive(Debug, Clone, Copy)]
pub(in crate::http) struct Timings {
    /// Rows answered.
    pub(in crate::http) rows: usize,
    /// From the body's bytes to the batch; `parse` in `Server-Timing` and in the log line.
    pub(in crate::http) decode: Duration,
    /// The computation, without the wait for it.
    pub(in crate::http) predict: Duration,
    /// From the prediction to bytes.
    pub(in crate::http) encode: Duration,
}

/// A handler's answer and the times of its steps; none where no rows were predicted, or a stream logs them at its end.
#[derive(Debug)]
pub(in crate::http) struct HandlerOutput {
    /// The answer.
    pub(in crate::http) response: Response,
    /// The times of the steps.
    pub(in crate::http) timings: Option<Timings>,
}

/// An axum handler returns a response: the timings become an extension of it.
impl IntoResponse for HandlerOutput {
    fn into_response(mut self) -> Response {
        if let Some(timings) = self.timings {
            self.response.extensions_mut().insert(timings);
        }
        self.response
    }
}

impl From<Response> for HandlerOutput {
    fn from(mut response: Response) -> Self {
        let timings = response.extensions_mut().remove();
        Self { response, timings }
    }
}

impl Timings {
    /// The `Server-Timing` value, in milliseconds as it is defined.
    pub(super) fn server_timing(self) -> Option<HeaderValue> {
        // Three names, and each time with at most 17 digits and a point.
        let mut value = ArrayText { bytes: [0; 128], len: 0 };
        let stages = [("parse;dur=", self.decode), (", predict;dur=", self.predict), (", encode;dur=", self.encode)];
        for (stage, took) in stages {
            value.push(stage.as_bytes());
            value.push_milliseconds(took);
        }
        HeaderValue::from_bytes(value.bytes.get(..value.len)?).ok()
    }
}

/// Text on the stack.
struct ArrayText {
    bytes: [u8; 128],
    len: usize,
}

impl ArrayText {
    fn push(&mut self, text: &[u8]) {
        if let Some(free) = self.bytes.get_mut(self.len..self.len + text.len()) {
            free.copy_from_slice(text);
            self.len += text.len();
        }
    }

    /// Milliseconds, rounded to three digits after the point.
    fn push_milliseconds(&mut self, took: Duration) {
        let micros = took.as_nanos().saturating_add(500) / 1_000;
        let micros = u64::try_from(micros).unwrap_or(u64::MAX);
        self.push(itoa::Buffer::new().format(micros / 1_000).as_bytes());
        let digit = |unit| b'0' + u8::try_from(micros / unit % 10).unwrap_or_default();
        self.push(&[b'.', digit(100), digit(10), digit(1)]);
    }
}
