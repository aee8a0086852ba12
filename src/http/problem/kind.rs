//! The one list of errors: which status each gives, and which reason it is counted under.

use http::StatusCode;

use crate::serve::metrics::Reason;

/// What went wrong.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ProblemKind {
    /// 400: not JSON or CSV, or a number that `f64` cannot hold.
    Syntax,
    /// 400: the request's head is not what HTTP asks for, or its query is not known.
    BadRequest,
    /// 401: no token, or not one of ours.
    Unauthorized,
    /// 403: this route is not for this listener.
    Forbidden,
    /// 404: no such route or model.
    NotFound,
    /// 405: the route has no such method.
    MethodNotAllowed,
    /// 408: the body did not come in time.
    BodyTimeout,
    /// 409: the new schema differs from the one served, or the model was changed by another request meanwhile.
    Conflict,
    /// 413: more bytes than the limit.
    BodyTooLarge,
    /// 413: more rows than the limit.
    TooManyRows,
    /// 414: the request target is longer than the limit.
    UriTooLong,
    /// 415: a media type or encoding that the route does not read.
    MediaType,
    /// 421: the request's host is not one of ours.
    Misdirected,
    /// 422: valid, but not what the model asks for.
    Schema,
    /// 422: valid, but not something this model or this build can give.
    Unsupported,
    /// 422: a model's file that cannot be served, or a model that cannot go.
    Unloadable,
    /// 431: more bytes or fields in the head than the limit.
    HeaderTooLarge,
    /// 500: our fault.
    Internal,
    /// 501: a transfer coding that is not chunked.
    TransferCoding,
    /// 503: no model, or draining.
    NotReady,
    /// 503: no memory for the body, or no compute permit, within the admission wait.
    Overloaded,
    /// 503: a model's file could not be loaded in time, because others were.
    LoadsBusy,
    /// 504: the prediction took longer than the limit.
    ComputeTimeout,
}

impl ProblemKind {
    /// The status it is answered with.
    pub fn status(self) -> StatusCode {
        self.status_and_reason().0
    }

    /// The status in RFC 9110's words; the library's are older ones for two of them.
    pub fn title(self) -> &'static str {
        match self.status() {
            StatusCode::PAYLOAD_TOO_LARGE => "Content Too Large",
            StatusCode::UNPROCESSABLE_ENTITY => "Unprocessable Content",
            status => status.canonical_reason().unwrap_or("Error"),
        }
    }

    /// The reason it is counted under; none if no prediction was refused.
    pub fn reason(self) -> Option<Reason> {
        self.status_and_reason().1
    }

    fn status_and_reason(self) -> (StatusCode, Option<Reason>) {
        match self {
            Self::Syntax | Self::BadRequest => (StatusCode::BAD_REQUEST, Some(Reason::Syntax)),
            Self::Unauthorized => (StatusCode::UNAUTHORIZED, Some(Reason::Unauthorized)),
            Self::Forbidden => (StatusCode::FORBIDDEN, None),
            Self::NotFound => (StatusCode::NOT_FOUND, None),
            Self::MethodNotAllowed => (StatusCode::METHOD_NOT_ALLOWED, None),
            Self::BodyTimeout => (StatusCode::REQUEST_TIMEOUT, Some(Reason::BodyTimeout)),
            Self::Conflict => (StatusCode::CONFLICT, None),
            Self::BodyTooLarge => (StatusCode::PAYLOAD_TOO_LARGE, Some(Reason::BodyTooLarge)),
            Self::TooManyRows => (StatusCode::PAYLOAD_TOO_LARGE, Some(Reason::TooManyRows)),
            Self::UriTooLong => (StatusCode::URI_TOO_LONG, Some(Reason::UriTooLong)),
            Self::MediaType => (StatusCode::UNSUPPORTED_MEDIA_TYPE, Some(Reason::MediaType)),
            Self::Misdirected => (StatusCode::MISDIRECTED_REQUEST, None),
            Self::Schema | Self::Unsupported => (StatusCode::UNPROCESSABLE_ENTITY, Some(Reason::Schema)),
            Self::Unloadable => (StatusCode::UNPROCESSABLE_ENTITY, None),
            Self::HeaderTooLarge => (StatusCode::REQUEST_HEADER_FIELDS_TOO_LARGE, Some(Reason::HeaderTooLarge)),
            Self::Internal => (StatusCode::INTERNAL_SERVER_ERROR, None),
            Self::TransferCoding => (StatusCode::NOT_IMPLEMENTED, Some(Reason::Syntax)),
            Self::NotReady => (StatusCode::SERVICE_UNAVAILABLE, Some(Reason::NotReady)),
            Self::Overloaded => (StatusCode::SERVICE_UNAVAILABLE, Some(Reason::Overloaded)),
            Self::LoadsBusy => (StatusCode::SERVICE_UNAVAILABLE, None),
            Self::ComputeTimeout => (StatusCode::GATEWAY_TIMEOUT, Some(Reason::ComputeTimeout)),
        }
    }
}
