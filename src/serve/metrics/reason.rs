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
    /// All of them, in the order of declaration.
    pub const ALL: [Self; 12] = [
        Self::Syntax,
        Self::Schema,
        Self::BodyTooLarge,
        Self::TooManyRows,
        Self::BodyTimeout,
        Self::HeaderTooLarge,
        Self::UriTooLong,
        Self::MediaType,
        Self::Unauthorized,
        Self::Overloaded,
        Self::NotReady,
        Self::ComputeTimeout,
    ];

    /// The label's value.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Syntax => "syntax",
            Self::Schema => "schema",
            Self::BodyTooLarge => "body_too_large",
            Self::TooManyRows => "too_many_rows",
            Self::BodyTimeout => "body_timeout",
            Self::HeaderTooLarge => "header_too_large",
            Self::UriTooLong => "uri_too_long",
            Self::MediaType => "media_type",
            Self::Unauthorized => "unauthorized",
            Self::Overloaded => "overloaded",
            Self::NotReady => "not_ready",
            Self::ComputeTimeout => "compute_timeout",
        }
    }
}

/// How a reload went. The label `result`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[expect(missing_docs, reason = "each variant is its label")]
pub enum ReloadResult {
    Ok,
    Error,
}

impl ReloadResult {
    /// Both, in the order of declaration.
    pub const ALL: [Self; 2] = [Self::Ok, Self::Error];

    /// The label's value.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Ok => "ok",
            Self::Error => "error",
        }
    }
}
