//! `MLServer`'s `model-settings.json`.

use serde::Deserialize;

use super::path;
use crate::import::error::ImportError;

/// Its name.
pub(super) const FILE: &str = "model-settings.json";

/// The largest number of its bytes that are read.
pub(super) const MAX_BYTES: usize = 1 << 20;

/// The runtimes whose models are read.
const RUNTIMES: [&str; 4] = [
    "mlserver_sklearn.SKLearnModel",
    "mlserver_xgboost.XGBoostModel",
    "mlserver_lightgbm.LightGBMModel",
    "mlserver_mlflow.MLflowRuntime",
];

/// What it says of a model.
#[derive(Debug)]
pub(super) struct Settings {
    /// The model's name, which may be none that a model can have; empty where none is given.
    pub(super) name: String,
    /// The file or folder that holds it; none where `MLServer` would look for one. Empty for the settings' own folder.
    pub(super) uri: Option<String>,
}

#[derive(Deserialize)]
struct Written {
    name: Option<String>,
    implementation: Option<String>,
    parameters: Option<Parameters>,
}

#[derive(Deserialize)]
struct Parameters {
    uri: Option<String>,
}

impl Settings {
    /// Reads the file.
    ///
    /// # Errors
    /// [`ImportError`]: it is not as `MLServer` writes it, or of a runtime whose models are not read.
    pub(super) fn read(bytes: &[u8]) -> Result<Self, ImportError> {
        let written: Written = serde_json::from_slice(bytes).map_err(ImportError::new)?;
        if let Some(runtime) = written.implementation.as_deref().filter(|runtime| !RUNTIMES.contains(runtime)) {
            let known = RUNTIMES.join(", ");
            let what = format_args!("the runtime {runtime:?} is not one whose models are read: {known}");
            return Err(ImportError::new(what).within("implementation"));
        }
        let uri = written.parameters.and_then(|parameters| parameters.uri);
        let uri = uri.map(|uri| path::inside(&uri)).transpose().map_err(|error| error.within("parameters.uri"))?;
        Ok(Self { name: written.name.unwrap_or_default(), uri })
    }
}
