//! The words of the Open Inference Protocol that requests, answers and metadata share: datatypes, output names.

mod datatype;
mod output;

pub use datatype::Datatype;
pub use output::{Output, RequestedOutput};

/// The header that tells how many of a body's bytes are JSON; binary tensors are the rest.
pub(super) const JSON_LENGTH: http::HeaderName = http::HeaderName::from_static("inference-header-content-length");
