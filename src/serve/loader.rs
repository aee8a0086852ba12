//! From a file to a verified model: its bytes are checked and decoded, its golden rows answered. Runs at the start and at
//! every reload, off the request path.

use std::fs::File;
use std::io::Read;
use std::path::Path;

use sha2::{Digest, Sha256};

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

/// The hash of a file's bytes, which tells whether its content has changed.
pub fn hash(bytes: &[u8]) -> ContentHash {
    Sha256::digest(bytes).into()
}

/// Decodes a model and checks its answers to its golden rows. `path` is for the error.
///
/// # Errors
/// [`LoadError::Invalid`].
pub fn verify(path: &Path, bytes: &[u8]) -> Result<Model, LoadError> {
    let invalid = |problem| LoadError::Invalid { path: path.to_owned(), problem };
    let (mut model, other) = Model::load_with_layout(bytes).map_err(invalid)?;
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
pub fn load(path: &Path) -> Result<Model, LoadError> {
    verify(path, &read(path)?)
}
