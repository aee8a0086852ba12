//! Models of `XGBoost` 1.0 to 3.x: JSON and UBJSON.

mod assemble;
mod categories;
mod document;
mod features;
mod json;
mod objective;
mod parser;
mod shared;
mod tree;
mod ubjson;
mod version;

use super::error::ImportError;
use super::imported::Imported;
use super::options::ImportOptions;
use super::room::Room;
use document::Document;

pub(super) use objective::SEVERAL_LABELS;

/// What is said of a file in the format that was given up in 3.1.
pub(super) const BINARY: &str = "it is XGBoost's binary format, which XGBoost itself has given up: convert it with xgboost \
3.0 or older: python -c \"import xgboost as x; b = x.Booster(); b.load_model('MODEL'); b.save_model('MODEL.ubj')\"";

/// Reads JSON.
pub(super) fn json(bytes: &[u8], options: &ImportOptions, room: &Room<'_>) -> Result<Imported, ImportError> {
    assemble::assemble(Document::read(&mut json::Json::new(bytes))?, options, room, "json")
}

/// Reads UBJSON, also what a pickled booster holds.
pub(super) fn ubjson(bytes: &[u8], options: &ImportOptions, room: &Room<'_>) -> Result<Imported, ImportError> {
    assemble::assemble(Document::read(&mut ubjson::Ubjson::new(bytes))?, options, room, "ubjson")
}
