//! From a source to the model that a reader makes of it.

use super::directory::Layout;
use super::error::ImportError;
use super::file_format::{self, FileFormat, TAR, is_tar};
use super::imported::Imported;
use super::lightgbm;
use super::options::ImportOptions;
use super::room::Room;
use super::sklearn;
use super::source::Source;
use super::xgboost;
use crate::model::neutral::Predictor;

/// Reads a source: a file that holds a model, or a directory with one.
///
/// # Errors
/// [`ImportError`]: what cannot be read, with its place.
pub fn read(source: &dyn Source, options: &ImportOptions) -> Result<Imported, ImportError> {
    let layout = Layout::of(source)?;
    let bytes = source.open(layout.file(), usize::MAX)?;
    read_file(&layout, &bytes, options, &Room::uncounted())
}

/// The same, of the bytes of the file that `layout` says. What it takes beyond [`most_memory`](super::most_memory) is
/// asked of `room` first.
///
/// # Errors
/// As [`read`].
pub fn read_file(
    layout: &Layout,
    bytes: &[u8],
    options: &ImportOptions,
    room: &Room<'_>,
) -> Result<Imported, ImportError> {
    let mut imported = file(bytes, options, room).map_err(|error| error.in_file(layout.file()))?;
    if options.chooses_rounds() && matches!(imported.neutral.predictor, Predictor::Linear(_)) {
        return Err(ImportError::of_choice("a linear model has no rounds: leave --iterations out"));
    }
    layout.add_to(&mut imported, options)?;
    Ok(imported)
}

/// Reads one file's bytes.
fn file(bytes: &[u8], options: &ImportOptions, room: &Room<'_>) -> Result<Imported, ImportError> {
    if is_tar(bytes) {
        return Err(ImportError::new(TAR));
    }
    match FileFormat::of(bytes) {
        Some(FileFormat::XgboostJson) => xgboost::json(bytes, options, room),
        Some(FileFormat::XgboostUbjson) => xgboost::ubjson(bytes, options, room),
        Some(FileFormat::XgboostBinary) => Err(ImportError::new(xgboost::BINARY)),
        Some(FileFormat::LightgbmText) => lightgbm::text(bytes, options, room),
        Some(FileFormat::Pickle) => sklearn::pickle(bytes, options, room),
        Some(FileFormat::Zip) => sklearn::skops(bytes, options, room),
        Some(FileFormat::Artifact) => Err(ImportError::new("it is an artifact of smartserve already")),
        None if file_format::is_dump(bytes) => {
            Err(ImportError::new("it is what dump_model writes, for people and not to be read again: use save_model"))
        }
        None => Err(ImportError::new(
            "it is neither a model of smartserve nor one of XGBoost, LightGBM or scikit-learn in a format that is read \
             (docs/import.md lists them)",
        )),
    }
}
