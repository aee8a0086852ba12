//! From a file to a verified model: a model of another library is read into an artifact first; the bytes are checked and
//! decoded, the golden rows answered. Runs at the start and at every reload, off the request path.

use std::borrow::Cow;
use std::fs::File;
use std::io::Read;
use std::path::Path;

use sha2::{Digest, Sha256};

use crate::import::{self, ImportOptions, Kind, OneFile};
use crate::model::Model;

use super::error::LoadError;
use super::timing::choose_layout;

/// Largest artifact read, in bytes: 1 GiB.
pub const MAX_ARTIFACT: u64 = 1 << 30;

/// SHA-256 of a file's bytes.
pub type ContentHash = [u8; 32];

/// Reads a regular file (or a link to one) of at most [`MAX_ARTIFACT`] bytes. A pipe could block forever.
///
/// # Errors
/// [`LoadError::Missing`], or [`LoadError::Invalid`] when it is too large or not a file.
pub fn read(path: &Path) -> Result<Vec<u8>, LoadError> {
    let missing = |source| LoadError::Missing { path: path.to_owned(), source };
    let invalid = |problem: &str| LoadError::Invalid { path: path.to_owned(), problem: problem.to_owned() };
    let about = std::fs::metadata(path).map_err(missing)?;
    if !about.is_file() {
        return Err(invalid("not a file"));
    }
    if about.len() > MAX_ARTIFACT {
        return Err(invalid("larger than 1 GiB"));
    }
    let mut bytes = Vec::with_capacity(usize::try_from(about.len()).unwrap_or(0) + 1);
    File::open(path).and_then(|file| file.take(MAX_ARTIFACT + 1).read_to_end(&mut bytes)).map_err(missing)?;
    if bytes.len() as u64 > MAX_ARTIFACT {
        return Err(invalid("larger than 1 GiB"));
    }
    Ok(bytes)
}

/// True for a file that begins as a model does, ours or another library's.
pub fn looks_like_a_model(path: &Path) -> bool {
    let mut head = Vec::new();
    let is_file = std::fs::metadata(path).is_ok_and(|about| about.is_file());
    let mut read = || File::open(path).and_then(|file| file.take(Kind::HEAD as u64).read_to_end(&mut head));
    is_file && read().is_ok() && Kind::of(&head).is_some()
}

/// The hash of a file's bytes, which tells whether its content has changed.
pub fn hash(bytes: &[u8]) -> ContentHash {
    Sha256::digest(bytes).into()
}

/// The bytes of an artifact: those of the file, or what `import` makes of a model of another library with `options`.
///
/// # Errors
/// [`LoadError::Invalid`] for a file that cannot be read, [`LoadError::Options`] for choices beside an artifact.
pub fn artifact<'a>(path: &Path, bytes: &'a [u8], options: &ImportOptions) -> Result<Cow<'a, [u8]>, LoadError> {
    match Kind::of(bytes) {
        Some(Kind::Artifact) if options.are_given() => Err(LoadError::Options { path: path.to_owned() }),
        // What nothing is known of is told by the artifact's reader.
        Some(Kind::Artifact) | None => Ok(Cow::Borrowed(bytes)),
        Some(_) => {
            let invalid = |e: import::ImportError| LoadError::Invalid { path: path.to_owned(), problem: e.to_string() };
            let imported = import::read(&OneFile { bytes }, options).map_err(invalid)?;
            import::artifact(imported, options).map(Cow::Owned).map_err(invalid)
        }
    }
}

/// Decodes a model and checks its answers to its golden rows. `path` is for the error.
///
/// # Errors
/// [`LoadError`].
pub fn verify(path: &Path, bytes: &[u8], options: &ImportOptions) -> Result<Model, LoadError> {
    let invalid = |problem| LoadError::Invalid { path: path.to_owned(), problem };
    let bytes = artifact(path, bytes, options)?;
    let (mut model, other) = Model::load_with_layout(&bytes).map_err(invalid)?;
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

/// Reads a file and verifies the model in it.
///
/// # Errors
/// [`LoadError`].
pub fn load(path: &Path, options: &ImportOptions) -> Result<Model, LoadError> {
    verify(path, &read(path)?, options)
}
