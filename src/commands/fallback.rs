//! Where a model lies that no flag and no variable names: the first of some places that exists.

use std::io;
use std::path::{Path, PathBuf};

use crate::import::ImportChoices;
use crate::model::check_name;
use crate::serve::reload::ModelFile;

/// The variable that names the model, as platforms' own servers have it. It has no flag: `--model NAME=PATH` says it.
const NAME: &str = "MODEL_NAME";

/// The model to serve if none is named.
pub(super) struct Fallback {
    pub(super) file: ModelFile,
    /// Said where only the last of several places was left.
    pub(super) warning: Option<String>,
}

/// The first place that is there, of paths with colons between them; else the last, which is the demo's where there are
/// several: it keeps its own name. A place that is there but cannot be looked at counts: its model is not to be
/// replaced by another one.
///
/// # Errors
/// One sentence when `MODEL_NAME` is no name of a model, or there is no place.
pub(super) fn find(
    places: &str,
    variable: impl Fn(&str) -> Option<String>,
    choices: &ImportChoices,
) -> Result<Fallback, String> {
    let places: Vec<&Path> = places.split(':').filter(|place| !place.is_empty()).map(Path::new).collect();
    let Some((demo, mounted)) = places.split_last() else {
        return Err("--model-fallback names no place".to_owned());
    };
    let name = variable(NAME).map(|name| check_name(&name).map(|()| name)).transpose();
    let name = name.map_err(|error| format!("{NAME}: {error}"))?;
    let (path, name, warning) = match mounted.iter().find(|place| is_there(place)) {
        Some(place) => (*place, name, None),
        None if mounted.is_empty() => (*demo, name, None),
        None => {
            let tried: Vec<String> = mounted.iter().map(|place| place.display().to_string()).collect();
            let (tried, demo_path) = (tried.join(" and "), demo.display());
            let warning = format!("no model is named, and there is no {tried}: the demo {demo_path} is served");
            (*demo, None, Some(warning))
        }
    };
    let mut options = choices.of(name.as_deref());
    // Chosen before it is known what lies there.
    options.is_for_all = true;
    Ok(Fallback { file: ModelFile { name, path: PathBuf::from(path), options }, warning })
}

fn is_there(place: &Path) -> bool {
    !matches!(std::fs::metadata(place), Err(error) if error.kind() == io::ErrorKind::NotFound)
}
