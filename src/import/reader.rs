//! From a source to what a reader makes of it.

use super::error::ImportError;
use super::imported::Imported;
use super::kind::Kind;
use super::lightgbm;
use super::options::ImportOptions;
use super::sklearn;
use super::source::Source;
use super::xgboost;

/// Reads a source: a file that holds a model.
///
/// # Errors
/// [`ImportError`]: what cannot be read, with its place.
pub fn read(source: &dyn Source, options: &ImportOptions) -> Result<Imported, ImportError> {
    let names = source.names()?;
    let [name] = names.as_slice() else {
        return Err(ImportError::new(format_args!("{} files, expected one that holds a model", names.len())));
    };
    let bytes = source.open(name)?;
    file(&bytes, options).map_err(|error| error.in_file(name))
}

/// Reads one file's bytes.
fn file(bytes: &[u8], options: &ImportOptions) -> Result<Imported, ImportError> {
    match Kind::of(bytes) {
        Some(Kind::XgboostJson) => xgboost::json(bytes, options),
        Some(Kind::XgboostUbjson) => xgboost::ubjson(bytes, options),
        Some(Kind::XgboostBinary) => Err(ImportError::new(xgboost::BINARY)),
        Some(Kind::LightgbmText) => lightgbm::text(bytes, options),
        Some(Kind::Pickle) => sklearn::pickle(bytes, options),
        Some(Kind::Zip) => sklearn::skops(bytes, options),
        Some(Kind::Artifact) => Err(ImportError::new("it is an artifact of smartserve already")),
        None => Err(ImportError::new("it is neither a smartserve model nor a model of a library that is read")),
    }
}
