//! Errors as answers: one envelope (RFC 9457).
//!
//! A handler only names what went wrong. The outermost layer (`middleware::in_flight_request`), or a stream whose
//! status is sent already, counts and logs it with `Problem::record` and writes it with [`Problem::render`].

mod kind;

use std::borrow::Cow;
use std::io;
use std::sync::Arc;

use axum::response::{IntoResponse, Response};
use http::HeaderValue;
use http::header::{ALLOW, CONNECTION, CONTENT_TYPE, RETRY_AFTER, WWW_AUTHENTICATE};
use serde::Serialize;

use crate::http::length::length;
use crate::model::prediction::{OverflowingCell, PredictError};
use crate::serve::error::{ComputeError, Overloaded, ReloadError};
use crate::serve::metrics::Metrics;
use crate::text::shorten::within;

pub use kind::ProblemKind;

/// What the client sees of a fault of ours.
const INTERNAL_TEXT: &str = "The server failed to answer. The cause is in its log, under this request id.";

/// Seconds after which a refused request may be sent again.
const RETRY_AFTER_SECONDS: HeaderValue = HeaderValue::from_static("1");

/// An envelope takes at most this many bytes: each text in it is cut, and errors that would make it longer are left
/// out.
pub const MAX_ENVELOPE: usize = 16 << 10;

/// The most bytes of an error's detail in JSON: twenty of them fit an envelope.
const MAX_FIELD_DETAIL: usize = 512;

/// The most bytes of the detail in JSON, which an envelope holds twice.
const MAX_DETAIL: usize = 1 << 10;

/// One thing in the body that does not fit, and where.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct FieldError {
    /// JSON pointer (RFC 6901) to it; the empty pointer is the body.
    pub pointer: String,
    /// One sentence: what is wrong, and what to do.
    pub detail: String,
}

impl FieldError {
    /// The error at `pointer`, its detail cut where it is long.
    pub fn new(pointer: String, detail: String) -> Self {
        Self { pointer, detail: within(detail.into(), MAX_FIELD_DETAIL).into_owned() }
    }
}

/// An error on its way to the client. As a response it has no body yet: [`Problem::render`] gives it one.
#[derive(Debug, Clone)]
pub struct Problem {
    kind: ProblemKind,
    detail: Cow<'static, str>,
    errors: Vec<FieldError>,
    cause: Option<String>,
    allow: Option<&'static str>,
    ends_connection: bool,
}

impl Problem {
    /// A problem with one sentence of detail.
    pub fn new(kind: ProblemKind, detail: impl Into<Cow<'static, str>>) -> Self {
        Self {
            kind,
            detail: within(detail.into(), MAX_DETAIL),
            errors: Vec::new(),
            cause: None,
            allow: None,
            ends_connection: false,
        }
    }

    /// What is wrong in a body: the errors that are listed (at least one), and whether there may be more.
    pub fn schema(errors: Vec<FieldError>, has_more: bool) -> Self {
        let first = errors.first().map_or("The body does not fit the model", |e| e.detail.as_str());
        let detail = match (errors.len().saturating_sub(1), has_more) {
            (0, _) => first.to_owned(),
            (1, _) => format!("{first} (and 1 more error)"),
            (others, false) => format!("{first} (and {others} more errors)"),
            (others, true) => format!("{first} (and at least {others} more errors)"),
        };
        Self { errors, ..Self::new(ProblemKind::Schema, detail) }
    }

    /// Our fault: the client gets a fixed text, the log gets `cause`.
    pub fn internal(cause: impl Into<String>) -> Self {
        Self { cause: Some(cause.into()), ..Self::new(ProblemKind::Internal, INTERNAL_TEXT) }
    }

    /// The route has no such method; `allow` lists those it has.
    pub fn method_not_allowed(allow: &'static str) -> Self {
        let detail = format!("This route answers {allow}");
        Self { allow: Some(allow), ..Self::new(ProblemKind::MethodNotAllowed, detail) }
    }

    /// No model yet, or no longer.
    pub fn not_ready() -> Self {
        Self::new(ProblemKind::NotReady, "The server is not ready")
    }

    /// The same, and the connection ends with it: a proxy in front may read the request otherwise.
    #[must_use]
    pub fn ending_connection(self) -> Self {
        Self { ends_connection: true, ..self }
    }

    /// The body is longer than the `most` bytes that are allowed.
    pub fn body_too_large(most: usize) -> Self {
        Self::new(ProblemKind::BodyTooLarge, format!("The body is longer than {most} bytes"))
    }

    /// The answer is longer than the `most` bytes that may be sent.
    pub fn answer_too_long(most: usize) -> Self {
        let detail =
            format!("The answer is longer than the {most} bytes that can be sent here; ask for fewer rows at once");
        Self::new(ProblemKind::Unsupported, detail)
    }

    /// The answer was not there when it had to be.
    pub fn out_of_time() -> Self {
        Self::new(ProblemKind::ComputeTimeout, "There is no time left to answer; ask for fewer rows at once")
    }

    /// A media type or an encoding that is not read here.
    pub fn unsupported_media(detail: impl Into<Cow<'static, str>>) -> Self {
        Self::new(ProblemKind::MediaType, detail)
    }

    /// A body that holds no row.
    pub fn no_rows() -> Self {
        Self::schema(vec![FieldError { pointer: String::new(), detail: "no rows".to_owned() }], false)
    }

    /// What went wrong.
    pub fn kind(&self) -> ProblemKind {
        self.kind
    }

    /// What only the log may see.
    pub fn cause(&self) -> Option<&str> {
        self.cause.as_deref()
    }

    /// Counts the reason of the refusal and logs the cause, which the client does not see. `route` is the template of
    /// the request's route; a stream's status line is logged with it already.
    pub(super) fn record(&self, metrics: &Metrics, request_id: &str, route: Option<&'static str>) {
        if let Some(reason) = self.kind.reason() {
            metrics.rejected(reason);
        }
        if let Some(cause) = self.cause() {
            tracing::error!(request_id, route, cause, "a request failed");
        }
    }

    /// The envelope's bytes, with as many of its errors as leave it at most about `most` long.
    pub fn render_shortened(&self, request_id: &str, most: usize) -> Vec<u8> {
        let (shown, length) = self.fitting(request_id, most);
        let mut bytes = Vec::with_capacity(length);
        // Writing to memory does not fail.
        let _ = self.write(request_id, shown, &mut bytes);
        bytes
    }

    /// The envelope's bytes, with a line end; at most [`MAX_ENVELOPE`].
    pub fn render(&self, request_id: &str) -> Vec<u8> {
        self.render_shortened(request_id, MAX_ENVELOPE)
    }

    /// How many bytes [`Problem::render`] gives.
    pub fn rendered_length(&self, request_id: &str) -> usize {
        self.fitting(request_id, MAX_ENVELOPE).1
    }

    /// How many errors leave the envelope at most `most` long, or none; and its length then.
    fn fitting(&self, request_id: &str, most: usize) -> (usize, usize) {
        let length = |shown| length(|out| self.write(request_id, shown, out)).unwrap_or(0);
        let lengths = (0..=self.errors.len()).rev().map(|shown| (shown, length(shown)));
        let fits = lengths.clone().find(|(_, length)| *length <= most);
        fits.unwrap_or_else(|| (0, length(0)))
    }

    fn write(&self, request_id: &str, shown: usize, out: &mut dyn io::Write) -> io::Result<()> {
        let status = self.kind.status();
        let envelope = Envelope {
            r#type: "about:blank",
            title: self.kind.title(),
            status: status.as_u16(),
            detail: &self.detail,
            request_id,
            errors: &self.errors[..shown],
            error: &self.detail,
        };
        serde_json::to_writer(&mut *out, &envelope)?;
        out.write_all(b"\n")
    }
}

/// RFC 9457's members, then ours; `error` repeats `detail` for Open Inference Protocol clients.
#[derive(Serialize)]
struct Envelope<'a> {
    r#type: &'static str,
    title: &'static str,
    status: u16,
    detail: &'a str,
    request_id: &'a str,
    errors: &'a [FieldError],
    error: &'a str,
}

impl IntoResponse for Problem {
    fn into_response(self) -> Response {
        let mut response = self.kind.status().into_response();
        let headers = response.headers_mut();
        headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/problem+json"));
        match self.kind {
            ProblemKind::NotReady | ProblemKind::Overloaded | ProblemKind::LoadsBusy => {
                headers.insert(RETRY_AFTER, RETRY_AFTER_SECONDS);
            }
            ProblemKind::Unauthorized => {
                headers.insert(WWW_AUTHENTICATE, HeaderValue::from_static("Bearer"));
            }
            _ => {}
        }
        if self.ends_connection {
            headers.insert(CONNECTION, HeaderValue::from_static("close"));
        }
        if let Some(allow) = self.allow {
            headers.insert(ALLOW, HeaderValue::from_static(allow));
        }
        response.extensions_mut().insert(Arc::new(self));
        response
    }
}

impl From<Overloaded> for Problem {
    fn from(error: Overloaded) -> Self {
        Self::new(ProblemKind::Overloaded, sentence(&error))
    }
}

impl From<ReloadError> for Problem {
    fn from(error: ReloadError) -> Self {
        // Names and paths, which some of these begin with, stay as they are.
        let text = error.to_string();
        match error {
            ReloadError::UnknownModel(_) => Self::new(ProblemKind::NotFound, sentence(&text)),
            ReloadError::UnknownVersion { .. } => Self::new(ProblemKind::NotFound, text),
            ReloadError::SchemaDiffers { .. } | ReloadError::Overtaken(_) => Self::new(ProblemKind::Conflict, text),
            ReloadError::Busy(_) => Self::new(ProblemKind::LoadsBusy, text),
            ReloadError::Failed(_) => Self::internal(text),
            ReloadError::Load(_) | ReloadError::IsDefault(_) => Self::new(ProblemKind::Unloadable, text),
        }
    }
}

impl Problem {
    /// Of a batch that was not answered. `pointer` leads to the cell of a row and a feature, by their positions.
    pub(in crate::http) fn of_batch(error: ComputeError, pointer: impl Fn(usize, usize) -> String) -> Self {
        match error {
            ComputeError::Overloaded => Self::new(ProblemKind::Overloaded, sentence(&error)),
            ComputeError::Deadline => Self::new(ProblemKind::ComputeTimeout, sentence(&error)),
            ComputeError::NotFinite(PredictError { row, cells }) if !cells.is_empty() => {
                let field_error = |cell: OverflowingCell| {
                    FieldError::new(pointer(row, cell.feature), format!("row {row}: {}", cell.detail))
                };
                Self::schema(cells.into_iter().map(field_error).collect(), false)
            }
            ComputeError::NotFinite(_) | ComputeError::Panicked => Self::internal(error.to_string()),
        }
    }
}

impl From<ComputeError> for Problem {
    fn from(error: ComputeError) -> Self {
        Self::of_batch(error, |_, _| String::new())
    }
}

/// An error's text as the beginning of a sentence.
fn sentence(error: &impl ToString) -> String {
    let text = error.to_string();
    let mut chars = text.chars();
    chars.next().map_or_else(String::new, |first| first.to_uppercase().chain(chars).collect())
}
