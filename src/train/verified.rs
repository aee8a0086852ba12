//! The artifact's bytes, loaded as a server would.

use super::contribution_sizes;
use super::error::TrainError;
use super::fit::plan::Section;
use crate::model::Model;
use crate::model::artifact::{Header, Importance, to_bytes};
use crate::model::batch::Batch;

/// An artifact that loads.
pub(super) struct Verified {
    pub(super) artifact: Vec<u8>,
    pub(super) version: String,
    /// With the mean sizes of contributions, where there are some.
    pub(super) importance: Option<Importance>,
}

/// Writes an artifact and checks that it loads and answers its golden rows. `rows` are those that importance was
/// measured on; the sizes of contributions are written down beside it.
pub(super) fn write(mut header: Header, sections: &[Section], rows: &Batch) -> Result<Verified, TrainError> {
    let artifact = to_bytes(header.clone(), sections).map_err(TrainError::Data)?;
    let model = load(&artifact)?;
    let Some(importance) = &mut header.importance else {
        return Ok(Verified { artifact, version: model.version().to_owned(), importance: None });
    };
    contribution_sizes::measure(&model, rows, importance);
    let importance = header.importance.clone();
    let artifact = to_bytes(header, sections).map_err(TrainError::Data)?;
    let version = load(&artifact)?.version().to_owned();
    Ok(Verified { artifact, version, importance })
}

fn load(artifact: &[u8]) -> Result<Model, TrainError> {
    let model = Model::load(artifact).map_err(TrainError::Broken)?;
    match model.check_golden() {
        Ok(()) => Ok(model),
        Err(differences) => Err(TrainError::Broken(differences.first().map_or_else(String::new, ToString::to_string))),
    }
}
