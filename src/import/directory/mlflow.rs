//! `MLmodel`, which describes a model that MLflow saved: which file holds it by which library, and its signature.

use super::path;
use super::signature::Signature;
use super::yaml::Yaml;
use crate::import::error::ImportError;
use crate::model::check_name;

/// Its name.
pub(super) const FILE: &str = "MLmodel";

/// The largest number of its bytes that are read.
pub(super) const MAX_BYTES: usize = 1 << 20;

/// The flavors that are read.
const FLAVORS: [&str; 3] = ["xgboost", "lightgbm", "sklearn"];

/// The keys of a flavor that name its file.
const FILES: [&str; 3] = ["data", "pickled_model", "model_path"];

/// What an `MLmodel` says of a model.
#[derive(Debug)]
pub(super) struct Described {
    /// The file that holds it, in the folder of the `MLmodel`.
    pub(super) file: String,
    /// The name that it was logged under, where it can be a model's.
    pub(super) artifact_path: Option<String>,
    pub(super) signature: Option<Signature>,
    /// Sentences on what was decided.
    pub(super) notes: Vec<String>,
}

/// Reads an `MLmodel`.
///
/// # Errors
/// [`ImportError`] with the key: it is no YAML that is read, of another library, or contradicts itself.
pub(super) fn describe(bytes: &[u8]) -> Result<Described, ImportError> {
    let text = std::str::from_utf8(bytes).map_err(|_| ImportError::new("it is not UTF-8"))?;
    let model = Yaml::read(text)?;
    let Some(flavors @ Yaml::Map(written)) = model.get("flavors") else {
        return Err(ImportError::new("there is no map of them").within("flavors"));
    };
    let flavor = flavor(flavors, written).map_err(|error| error.within("flavors"))?;
    let said = [flavors.get(flavor), flavors.get("python_function")];
    let named = said.iter().flatten().find_map(|said| FILES.iter().find_map(|key| said.text(key)));
    let named = named.ok_or_else(|| ImportError::new("it names no file").within(flavor).within("flavors"))?;
    let file = path::inside(named).map_err(|error| error.within(flavor).within("flavors"))?;
    let by = model.text("mlflow_version").map(|version| format!(" {version}")).unwrap_or_default();
    let mut notes = vec![format!("MLflow{by} saved it by its flavor {flavor}, as {file}")];
    if flavors.get("python_function").and_then(|python| python.text("predict_fn")) == Some("predict_proba") {
        notes.push("MLflow's predict_fn is predict_proba: probabilities stand in `probability` here".to_owned());
    }
    let artifact_path = model.text("artifact_path").filter(|name| check_name(name).is_ok()).map(str::to_owned);
    let signature = model.get("signature").map(Signature::read).transpose();
    let signature = signature.map_err(|error| error.within("signature"))?.flatten();
    Ok(Described { file, artifact_path, signature, notes })
}

/// The flavor to read.
fn flavor(flavors: &Yaml, written: &[(String, Yaml)]) -> Result<&'static str, ImportError> {
    let python = flavors.get("python_function");
    let loader = python.and_then(|python| python.text("loader_module"));
    let mut known = FLAVORS.into_iter().filter(|flavor| flavors.get(flavor).is_some());
    match (known.next(), known.next()) {
        (Some(flavor), None) => Ok(flavor),
        (Some(first), Some(second)) => {
            let of_python = FLAVORS.into_iter().find(|flavor| loader == Some(&format!("mlflow.{flavor}")));
            of_python.ok_or_else(|| ImportError::new(format_args!("both {first} and {second} are there, expected one")))
        }
        (None, _) => {
            let names = written.iter().map(|(name, _)| name.as_str()).filter(|name| *name != "python_function");
            let names: Vec<&str> = names.collect();
            let what = match (names.as_slice(), loader) {
                ([], Some(loader)) => format!("python_function is of {loader}: code that cannot be read"),
                ([], None) => "there is none".to_owned(),
                (names, _) => names.join(" and ") + " is not read",
            };
            Err(ImportError::new(format_args!("{what}; {} are", FLAVORS.join(", "))))
        }
    }
}
