//! The closed sets of label values.

/// Why a request was refused before it reached a model. The label `reason`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[expect(missing_docs, reason = "each variant is its label")]
pub enum Reason {
    Syntax,
    Schema,
    BodyTooLarge,
    TooManyRows,
    BodyTimeout,
    HeaderTooLarge,
    UriTooLong,
    MediaType,
    Unauthorized,
    Overloaded,
    NotReady,
    ComputeTimeout,
}

impl Reason {
    /// All of them with their label's value, in the order of declaration.
    pub const LABELS: [(Self, &'static str); 12] = [
        (Self::Syntax, "syntax"),
        (Self::Schema, "schema"),
        (Self::BodyTooLarge, "body_too_large"),
        (Self::TooManyRows, "too_many_rows"),
        (Self::BodyTimeout, "body_timeout"),
        (Self::HeaderTooLarge, "header_too_large"),
        (Self::UriTooLong, "uri_too_long"),
        (Self::MediaType, "media_type"),
        (Self::Unauthorized, "unauthorized"),
        (Self::Overloaded, "overloaded"),
        (Self::NotReady, "not_ready"),
        (Self::ComputeTimeout, "compute_timeout"),
    ];
}

/// How a reload went. The label `result`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[expect(missing_docs, reason = "each variant is its label")]
pub enum ReloadResult {
    Ok,
    Error,
}

impl ReloadResult {
    /// Both with their label's value, in the order of declaration.
    pub const LABELS: [(Self, &'static str); 2] = [(Self::Ok, "ok"), (Self::Error, "error")];
}
