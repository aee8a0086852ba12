//! From a file or directory to a verified model: a model of another library is read into an artifact first; the bytes are
//! checked and decoded, the golden rows answered. Runs at the start and at every reload, off the request path.

use std::borrow::Cow;
use std::path::Path;

use crate::import::{self, FileFormat, ImportOptions, Layout};
use crate::model::Model;
use crate::model::artifact::most_memory as most_of_artifact;

use super::contents::Contents;
use super::error::LoadError;
use super::timing::choose_layout;

/// Bytes of memory that judging a file of these bytes takes at most, with the file itself: an artifact by what its head
/// holds, a model of another library by its reader's promise.
pub fn most_memory(bytes: &[u8]) -> usize {
    match FileFormat::of(bytes) {
        Some(FileFormat::Artifact) | None => most_of_artifact(bytes),
        Some(kind) => bytes.len() + import::most_memory(kind, bytes),
    }
}

/// The bytes of an artifact: those of the file, or what `import` makes of a model of another library with `options`.
///
/// # Errors
/// [`LoadError::Invalid`] for a file that cannot be read, [`LoadError::Options`] for choices beside an artifact,
/// [`LoadError::Choice`] for one that means nothing for this model.
pub fn artifact<'a>(path: &Path, bytes: &'a [u8], options: &ImportOptions) -> Result<Cow<'a, [u8]>, LoadError> {
    artifact_in(path, &Layout::default(), bytes, options)
}

/// The same, of what a path holds.
///
/// # Errors
/// As [`artifact`].
pub fn artifact_of<'a>(
    path: &Path,
    contents: &'a Contents,
    options: &ImportOptions,
) -> Result<Cow<'a, [u8]>, LoadError> {
    artifact_in(path, &contents.layout, &contents.bytes, options)
}

fn artifact_in<'a>(
    path: &Path,
    layout: &Layout,
    bytes: &'a [u8],
    options: &ImportOptions,
) -> Result<Cow<'a, [u8]>, LoadError> {
    match FileFormat::of(bytes) {
        Some(FileFormat::Artifact) if options.are_given() => Err(LoadError::Options { path: path.to_owned() }),
        Some(FileFormat::Artifact) => Ok(Cow::Borrowed(bytes)),
        None if bytes.is_empty() => {
            Err(LoadError::Invalid { path: path.to_owned(), problem: "it is empty".to_owned() })
        }
        _ => {
            let invalid = |e: import::ImportError| {
                let (path, problem) = (path.to_owned(), e.to_string());
                if e.is_choice() { LoadError::Choice { path, problem } } else { LoadError::Invalid { path, problem } }
            };
            let imported = import::read_file(layout, bytes, options).map_err(invalid)?;
            import::artifact(imported, options).map(Cow::Owned).map_err(invalid)
        }
    }
}

/// Decodes a model in a file's bytes and checks its answers to its golden rows. `path` is for the error.
///
/// # Errors
/// [`LoadError`].
pub fn verify(path: &Path, bytes: &[u8], options: &ImportOptions) -> Result<Model, LoadError> {
    check(path, &artifact(path, bytes, options)?)
}

/// The same, of what a path holds.
///
/// # Errors
/// [`LoadError`].
pub fn verify_contents(path: &Path, contents: &Contents, options: &ImportOptions) -> Result<Model, LoadError> {
    check(path, &artifact_of(path, contents, options)?)
}

fn check(path: &Path, artifact: &[u8]) -> Result<Model, LoadError> {
    let invalid = |problem| LoadError::Invalid { path: path.to_owned(), problem };
    let (mut model, other) = Model::load_with_layout(artifact).map_err(invalid)?;
    if let Some(other) = other {
        choose_layout(&mut model, other);
    }
    match model.check_golden() {
        Ok(()) => Ok(model),
        Err(differences) => {
            let first = differences.first().map(ToString::to_string).unwrap_or_default();
            Err(invalid(format!("it does not answer its own golden rows as when it was written: {first}")))
        }
    }
}

/// Reads a file or directory and verifies the model in it.
///
/// # Errors
/// [`LoadError`].
pub fn load(path: &Path, options: &ImportOptions) -> Result<Model, LoadError> {
    verify_contents(path, &Contents::read(path)?, options)
}
