//! The words of the Open Inference Protocol that requests, answers and metadata share: datatypes, output names.

mod datatype;
mod output;

pub use datatype::Datatype;
pub use output::{Output, RequestedOutput};

/// The header with the number of a body's bytes that are JSON; the rest is binary tensors.
pub(super) const JSON_LENGTH: http::HeaderName = http::HeaderName::from_static("inference-header-content-length");
