//! An imported model as an artifact.

use super::error::ImportError;
use super::golden;
use super::imported::Imported;
use super::options::ImportOptions;
use crate::model::algorithm::Estimator;
use crate::model::artifact::{FORMAT_NEUTRAL, Header, Payload, seal};
use crate::model::schema::Schema;

/// The name of a model whose source has none.
const NAME: &str = "model";

/// Checks a model, makes golden rows for it, and gives the artifact's bytes: the same for the same source and options.
///
/// # Errors
/// [`ImportError`]: the model contradicts itself, or exceeds what an artifact holds.
pub fn artifact(imported: Imported, options: &ImportOptions) -> Result<Vec<u8>, ImportError> {
    let Imported { algorithm, origin, hyperparameters, features, target, task, neutral, name } = imported;
    let schema = Schema::new(features, target, task)?;
    let n_categories: Vec<usize> = schema.features().iter().map(|feature| feature.categories.len()).collect();
    // Checks it, so that the plain walk cannot leave a tree; what is made is dropped before the bytes are.
    drop(neutral.to_form(&n_categories)?);
    let golden = golden::rows(&neutral, &schema)?;
    let header = Header {
        format: FORMAT_NEUTRAL.to_owned(),
        name: options.name.clone().or(name).unwrap_or_else(|| NAME.to_owned()),
        description: None,
        created: None,
        smartcore: None,
        source: Some(origin),
        task,
        algorithm: Estimator::Other(algorithm),
        hyperparameters,
        target: schema.target().clone(),
        features: schema.features().to_vec(),
        preprocessing: None,
        evaluation: None,
        calibration: None,
        golden,
        prediction_stats: None,
        payload: Payload::default(),
    };
    let section = neutral.to_section()?;
    drop(neutral);
    Ok(seal(header, &[("neutral", section, true)])?)
}
