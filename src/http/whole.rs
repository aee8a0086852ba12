//! Requests that come by no socket, with their body there already, and their answers as whole bytes: events of AWS
//! Lambda. They pass the same service as a socket's requests.

use std::any::Any;
use std::sync::Arc;

use axum::body::Bytes;
use axum::response::IntoResponse as _;
use http::header::CONTENT_TYPE;
use http::{HeaderMap, HeaderValue, Request, Response};
use http_body_util::{BodyExt as _, Full, LengthLimitError, Limited};
use tower::Service as _;

use crate::serve::listener::RequestContext;

use super::middleware::{REQUEST_ID, is_request_id, request_id, speaks_json};
use super::problem::{Problem, ProblemKind};
use super::service::{Service, panic_problem};
use super::within::within;

/// A request, its body there already.
pub type WholeRequest = Request<Full<Bytes>>;

/// An answer, its body there to the last byte.
pub type WholeAnswer = Response<Bytes>;

/// Among the extensions of an answer that stands in place of one that was longer than allowed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct WasTooLong;

/// Names a request, unless its client gave it a name that can be one.
pub fn name_request(request: &mut WholeRequest, id: &str) {
    let is_named = request.headers().get(REQUEST_ID).is_some_and(is_request_id);
    if let Some(id) = HeaderValue::from_str(id).ok().filter(|_| !is_named) {
        request.headers_mut().insert(REQUEST_ID, id);
    }
}

impl Service {
    /// Answers a request. An answer of more than `most` bytes becomes a 422 that says so, one that is not whole at its
    /// context's deadline a 504.
    pub async fn answer_whole(&self, request: WholeRequest, most: usize) -> WholeAnswer {
        let answer_by = request.extensions().get::<RequestContext>().and_then(|context| context.answer_by);
        let is_json = speaks_json(request.uri().path());
        let Ok(response) = self.clone().call(request).await;
        let (head, body) = response.into_parts();
        let refused = |problem: &Problem| refused(problem, &head.headers, is_json);
        match within(Limited::new(body, most).collect(), answer_by).await {
            Some(Ok(collected)) => Response::from_parts(head, collected.to_bytes()),
            Some(Err(error)) if error.is::<LengthLimitError>() => {
                let mut answer = refused(&Problem::answer_too_long(most));
                answer.extensions_mut().insert(WasTooLong);
                answer
            }
            Some(Err(error)) => refused(&Problem::internal(format!("an answer broke off: {error}"))),
            None => refused(&Problem::out_of_time()),
        }
    }
}

/// The answer in place of one that could not be sent, whose head had these headers. `is_json`: the route's protocol
/// knows errors as `application/json`. Logged here: the log line of the request tells the answer's own status.
pub fn refused(problem: &Problem, headers: &HeaderMap, is_json: bool) -> WholeAnswer {
    let id = request_id(headers);
    let status = problem.kind().status().as_u16();
    if let Some(cause) = problem.cause() {
        tracing::error!(request_id = id.as_str(), status, cause, "answered {status} instead");
    } else {
        tracing::warn!(request_id = id.as_str(), status, "answered {status} instead");
    }
    let (mut head, _) = problem.clone().into_response().into_parts();
    head.extensions.remove::<Arc<Problem>>();
    head.headers.insert(REQUEST_ID, id.to_header_value());
    if is_json {
        head.headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
    }
    Response::from_parts(head, problem.render(id.as_str()).into())
}

/// The refusal of a request that is none of HTTP, and has this id; `detail` is one sentence.
pub fn malformed(detail: String, id: &str) -> WholeAnswer {
    refused(&Problem::new(ProblemKind::BadRequest, detail), &named(id), false)
}

/// The refusal of an answer with these headers, to a request for this path, that is longer than `most` bytes on its way.
pub fn too_long(most: usize, headers: &HeaderMap, path: &str) -> WholeAnswer {
    refused(&Problem::answer_too_long(most), headers, speaks_json(path))
}

/// The refusal of an answer of `len` bytes to a request of this id, which whoever takes answers does not take.
pub fn unsendable(len: usize, id: &str) -> WholeAnswer {
    let detail = format!("The answer has {len} bytes, more than can be sent here; ask for fewer rows at once");
    refused(&Problem::new(ProblemKind::Unsupported, detail), &named(id), false)
}

/// The answer in place of a panic to a request of this id.
pub fn panicked(panic: &(dyn Any + Send), id: &str) -> WholeAnswer {
    refused(&panic_problem(panic), &named(id), false)
}

/// The headers of a request of this id.
fn named(id: &str) -> HeaderMap {
    HeaderValue::from_str(id).map(|id| HeaderMap::from_iter([(REQUEST_ID, id)])).unwrap_or_default()
}
