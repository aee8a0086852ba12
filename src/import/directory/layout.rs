//! Which file of a source holds the model, and what other files say about it.

use super::{mlflow, path, settings};
use crate::import::error::ImportError;
use crate::import::file_format::FileFormat;
use crate::import::imported::Imported;
use crate::import::options::ImportOptions;
use crate::import::source::{Entry, Source};
use crate::model::check_name;

use super::signature::Signature;

/// The largest number of names in an error.
const TOLD: usize = 5;

/// How the files of a source make a model.
#[derive(Debug, Clone, Default)]
pub struct Layout {
    /// The file that holds the model; without a name where that is all there is.
    pub(super) file: String,
    /// The name that MLServer's settings give it, perhaps one that a model cannot have.
    pub(super) name: Option<String>,
    /// The name that MLflow knows it by, which is mostly `model`.
    pub(super) artifact_path: Option<String>,
    pub(super) signature: Option<Signature>,
    /// The `MLmodel` that says so.
    described: String,
    pub(super) notes: Vec<String>,
}

impl Layout {
    /// Looks at a source: `model-settings.json` may name its file or folder, an `MLmodel` there names its file, else
    /// the one file that is a model is taken.
    ///
    /// # Errors
    /// [`ImportError`]: nothing in it is a model, two files are, or what describes them is wrong.
    pub fn of(source: &dyn Source) -> Result<Self, ImportError> {
        if source.names("").is_ok_and(|names| names == [""]) {
            return Ok(Self::default());
        }
        let mut layout = Self::default();
        let mut folder = String::new();
        if is_file(source, settings::FILE)? {
            let bytes = source.open(settings::FILE, settings::MAX_BYTES)?;
            let said = settings::Settings::read(&bytes).map_err(|error| error.in_file(settings::FILE))?;
            layout.name = Some(said.name).filter(|name| !name.is_empty());
            if let Some(uri) = said.uri {
                match source.find(&uri)? {
                    Some(Entry::File) => return Ok(Self { file: uri, ..layout }),
                    Some(Entry::Folder) => folder = uri,
                    None => {
                        let what = format_args!("parameters.uri names {uri:?}, which is not there");
                        return Err(ImportError::new(what).in_file(settings::FILE));
                    }
                }
            }
        }
        let described = path::join(&folder, mlflow::FILE);
        if is_file(source, &described)? {
            let bytes = source.open(&described, mlflow::MAX_BYTES)?;
            let said = mlflow::describe(&bytes).map_err(|error| error.in_file(&described))?;
            layout.file = path::join(&folder, &said.file);
            (layout.artifact_path, layout.signature, layout.notes) = (said.artifact_path, said.signature, said.notes);
            if source.find(&layout.file)? != Some(Entry::File) {
                let what = format_args!("it names {:?}, which is not there", layout.file);
                return Err(ImportError::new(what).in_file(&described));
            }
            layout.described = described;
            return Ok(layout);
        }
        layout.file = only_model(source, &folder)?;
        Ok(layout)
    }

    /// True for a source that is meant to be a model: it is described as one, or has a file that is one.
    pub fn is_there(source: &dyn Source) -> bool {
        let is_described = [settings::FILE, mlflow::FILE].iter().any(|name| is_file(source, name).unwrap_or(false));
        is_described || candidates(source, "").is_ok_and(|found| !found.models.is_empty())
    }

    /// The file that holds the model: its name in the source, empty for a file given by itself.
    pub fn file(&self) -> &str {
        &self.file
    }

    /// Adds what other files say about the model: names of columns, a name.
    pub(in crate::import) fn add_to(
        &self,
        imported: &mut Imported,
        options: &ImportOptions,
    ) -> Result<(), ImportError> {
        if let Some(signature) = &self.signature {
            signature.add_to(imported).map_err(|e| e.within("signature").in_file(&self.described))?;
        }
        if let (Some(name), None) = (&self.name, &options.name) {
            let wrong = |error| ImportError::new(error).within("name").in_file(settings::FILE);
            check_name(name).map_err(wrong)?;
        }
        imported.origin.notes.extend(self.notes.iter().cloned());
        imported.name = self
            .name
            .clone()
            .or_else(|| options.entry.clone())
            .or_else(|| self.artifact_path.clone())
            .or_else(|| imported.name.take());
        Ok(())
    }
}

fn is_file(source: &dyn Source, name: &str) -> Result<bool, ImportError> {
    Ok(source.find(name)? == Some(Entry::File))
}

struct Candidates {
    models: Vec<String>,
    others: Vec<String>,
}

/// The files of a folder by whether their content is a model.
fn candidates(source: &dyn Source, folder: &str) -> Result<Candidates, ImportError> {
    let mut found = Candidates { models: Vec::new(), others: Vec::new() };
    for name in source.names(folder)? {
        let head = source.head(&path::join(folder, &name))?;
        if FileFormat::is_surely_a_model(&head, &name) { found.models.push(name) } else { found.others.push(name) }
    }
    Ok(found)
}

/// The one file of a folder that is a model.
fn only_model(source: &dyn Source, folder: &str) -> Result<String, ImportError> {
    let Candidates { models, others } = candidates(source, folder)?;
    match models.as_slice() {
        [name] => Ok(path::join(folder, name)),
        [] if others.is_empty() => Err(ImportError::new("there is no file in it")),
        [] => {
            let told = others[..others.len().min(TOLD)].join(", ");
            let more = others.len().saturating_sub(TOLD);
            let more = if more > 0 { format!(" and {more} more") } else { String::new() };
            Err(ImportError::new(format_args!("none of its files is a model that is read: {told}{more}")))
        }
        [first, second, rest @ ..] => {
            let more = if rest.is_empty() { String::new() } else { format!(", and {} more", rest.len()) };
            let what = format_args!(
                "two of its files are models, {first} and {second}{more}: leave one, or give the path of the one to take"
            );
            Err(ImportError::new(what))
        }
    }
}
