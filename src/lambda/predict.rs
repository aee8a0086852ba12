//! One request of an invocation through the service, within the invocation's time.

use std::sync::Arc;
use std::time::{Duration, Instant, SystemTime};

use bytes::Bytes;
use http::header::{ACCEPT, CONTENT_LENGTH, CONTENT_TYPE, HOST, HeaderName};
use http::{HeaderValue, Method, Request, Uri};
use http_body_util::Full;

use crate::http::service::Service;
use crate::http::whole::{WholeAnswer, WholeRequest, name_request};
use crate::serve::ServerState;
use crate::serve::listener::RequestContext;

/// The answer must be sent before the invocation's deadline: this long before it, or a fifth of the time where that is
/// shorter.
const TO_SEND: Duration = Duration::from_millis(200);

/// A deadline that is this long past is not of our clock.
const OTHER_CLOCK: Duration = Duration::from_mins(1);

/// What asks the service.
#[derive(Debug, Clone)]
pub(super) struct Asking {
    pub(super) server: Arc<ServerState>,
    pub(super) service: Service,
}

/// The time that an invocation has.
#[derive(Debug, Clone, Copy)]
pub(super) struct TimeLeft {
    /// When its answers must be there.
    pub(super) answer_by: Option<Instant>,
}

impl TimeLeft {
    /// Of an invocation that must be answered by `deadline`, milliseconds since 1970. One that is over a minute past is
    /// of another clock, as an emulator may have, and bounds nothing.
    pub(super) fn until(deadline: u64) -> Self {
        let now = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
        let deadline = Duration::from_millis(deadline);
        if deadline + OTHER_CLOCK < now {
            return Self { answer_by: None };
        }
        let left = deadline.saturating_sub(now);
        Self { answer_by: Instant::now().checked_add(left.saturating_sub(TO_SEND.min(left / 5))) }
    }

    /// True when there is none.
    pub(super) fn is_over(self) -> bool {
        self.answer_by.is_some_and(|at| at <= Instant::now())
    }

    /// What is left, at most this.
    pub(super) fn at_most(self, most: Duration) -> Duration {
        self.answer_by.map_or(most, |at| at.saturating_duration_since(Instant::now()).min(most))
    }

    /// The part of it in which answers may be made that are sent afterwards: all but a fifth, or a second.
    pub(super) fn before_sending(self) -> Self {
        let to_send = |at: Instant| Duration::from_secs(1).min(at.saturating_duration_since(Instant::now()) / 5);
        Self { answer_by: self.answer_by.map(|at| at.checked_sub(to_send(at)).unwrap_or(at)) }
    }

    /// Half of what is left, if it is bounded.
    pub(super) fn half(self) -> Option<Duration> {
        self.answer_by.map(|at| at.saturating_duration_since(Instant::now()) / 2)
    }
}

impl Asking {
    /// Answers a request of HTTP that came in an invocation. `id` is the request's, unless its client gave one that can be.
    pub(super) async fn http(&self, mut request: WholeRequest, id: &str, time: TimeLeft, most: usize) -> WholeAnswer {
        name_request(&mut request, id);
        let length = http_body::Body::size_hint(request.body()).exact().unwrap_or_default();
        request.headers_mut().insert(CONTENT_LENGTH, length.into());
        self.send(request, false, time, most).await
    }

    /// Answers a body of `/predict` of this media type, for a caller that IAM let in: no token is asked for.
    pub(super) async fn predict(&self, body: Bytes, media: &str, id: &str, time: TimeLeft, most: usize) -> WholeAnswer {
        let length = body.len();
        let mut request = Request::new(Full::new(body));
        *request.method_mut() = Method::POST;
        *request.uri_mut() = Uri::from_static("/predict");
        set(&mut request, CONTENT_TYPE, media);
        // One JSON text whatever the body is: its status covers all rows.
        set(&mut request, ACCEPT, "application/json");
        name_request(&mut request, id);
        request.headers_mut().insert(HOST, HeaderValue::from_static("localhost"));
        request.headers_mut().insert(CONTENT_LENGTH, length.into());
        self.send(request, true, time, most).await
    }

    async fn send(&self, mut request: WholeRequest, is_trusted: bool, time: TimeLeft, most: usize) -> WholeAnswer {
        let mut context = RequestContext::detached(&self.server);
        context.is_trusted = is_trusted;
        context.answer_by = time.answer_by;
        request.extensions_mut().insert(context);
        self.service.answer_whole(request, most).await
    }
}

/// Sets a field, if its value can be one.
fn set(request: &mut WholeRequest, name: HeaderName, value: &str) {
    if let Ok(value) = HeaderValue::from_str(value) {
        request.headers_mut().insert(name, value);
    }
}
