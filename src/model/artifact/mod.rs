//! The file a model lives in: laid out like safetensors, so that ten lines of any language read its head.
//!
//! 8 bytes little-endian header length N (≤ 16 MiB) · N bytes of UTF-8 JSON ([`Header`]) · the payload ·
//! the 32-byte SHA-256 of all that precedes it.

mod header;

pub use header::{
    CalibrationInfo, Evaluation, FORMAT, Figures, Golden, GoldenCell, GoldenPrediction, Header, KFoldFigures, Payload,
    SMARTCORE, Section,
};

/// Why a file is not a model that can be served. `Display` is one line: what is wrong.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct ArtifactError(pub String);

/// Writes an artifact's bytes; `sections` are (name, bytes, required) in order, and fill `header.payload`.
///
/// # Errors
/// One sentence when the header would exceed its limit.
pub fn seal(_header: Header, _sections: &[(&str, Vec<u8>, bool)]) -> Result<Vec<u8>, ArtifactError> {
    Err(ArtifactError("not yet".to_owned()))
}
