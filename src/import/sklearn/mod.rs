//! scikit-learn's models, from pickles (joblib's too) and skops archives. Nothing that they name is called: a file
//! becomes nodes, and the attributes of the estimators that are known become steps and a predictor.

mod arena;
mod array;
mod assemble;
mod columns;
mod inflate;
mod library;
mod model;
mod pickle;
mod skops;

use self::arena::Arena;
use super::error::ImportError;
use super::file_format::{FileFormat, TAR, is_tar};
use super::imported::Imported;
use super::options::ImportOptions;
use super::room::Room;

/// Reads a pickle: protocols 0 to 5, plain or compressed by zlib or gzip.
///
/// # Errors
/// It is cut off, takes more than its size allows, or holds what is not read: named, with its place.
pub(super) fn pickle(bytes: &[u8], options: &ImportOptions, room: &Room<'_>) -> Result<Imported, ImportError> {
    let inflated = inflate::inflate(bytes)?;
    if is_tar(&inflated) {
        return Err(ImportError::new(TAR));
    }
    if let Some(what) = FileFormat::of(&inflated).and_then(compressed) {
        return Err(ImportError::new(format_args!("it is {what}, compressed: unpack it first, as gunzip does")));
    }
    let mut arena = Arena::new(&inflated, room)?;
    let whole = pickle::decode(&mut arena)?;
    assemble::imported(&arena, whole, "pickle", options)
}

/// What is read only as it is, if that is what was compressed.
fn compressed(kind: FileFormat) -> Option<&'static str> {
    match kind {
        FileFormat::Artifact => Some("an artifact of smartserve"),
        FileFormat::XgboostJson | FileFormat::XgboostUbjson | FileFormat::XgboostBinary => Some("a model of XGBoost"),
        FileFormat::LightgbmText => Some("a model of LightGBM"),
        FileFormat::Zip => Some("a zip archive"),
        FileFormat::Pickle => None,
    }
}

/// Inflated bytes of a pickle, at most as many as it may have.
pub(super) fn inflated_length(bytes: &[u8]) -> usize {
    inflate::length(bytes)
}

/// Inflated bytes of a skops archive's members, at most as many as it may have.
pub(super) fn archive_length(bytes: &[u8]) -> usize {
    skops::length(bytes)
}

/// Reads a skops archive.
///
/// # Errors
/// As [`pickle`].
pub(super) fn skops(bytes: &[u8], options: &ImportOptions, room: &Room<'_>) -> Result<Imported, ImportError> {
    let archive = skops::inflate(bytes)?;
    let mut arena = Arena::new(&archive.bytes, room)?;
    let whole = skops::decode(&mut arena, &archive)?;
    assemble::imported(&arena, whole, "skops", options)
}
