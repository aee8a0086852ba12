//! What a request is called, in its answer and in the log.

use http::HeaderValue;

/// A request's id. One made here is 16 bytes in place: cheaper to copy than a header value, which is allocated and shared.
#[derive(Debug, Clone)]
pub enum RequestId {
    /// Made here: 16 hexadecimal digits.
    Made([u8; 16]),
    /// Sent by the client: visible ASCII.
    Sent(HeaderValue),
}

impl RequestId {
    /// Its text.
    pub fn as_str(&self) -> &str {
        let text = match self {
            Self::Made(digits) => std::str::from_utf8(digits).ok(),
            Self::Sent(value) => value.to_str().ok(),
        };
        text.unwrap_or("unknown")
    }

    /// The value of the answer's header.
    pub fn to_header_value(&self) -> HeaderValue {
        match self {
            Self::Made(digits) => HeaderValue::from_bytes(digits).unwrap_or(HeaderValue::from_static("unknown")),
            Self::Sent(value) => value.clone(),
        }
    }
}
