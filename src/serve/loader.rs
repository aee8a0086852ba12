//! From a path to a served model: read, verified, checked against its golden rows, timed.
//!
//! Stands apart from the registry because it runs off the request path, at start and at every reload.

use std::fs::File;
use std::io::{self, Read};
use std::path::{Path, PathBuf};

use sha2::{Digest, Sha256};

use crate::model::Model;

/// Largest artifact read, in bytes: 1 GiB.
pub const MAX_ARTIFACT: u64 = 1 << 30;

/// SHA-256 of a whole file: tells whether its content has changed.
pub type ContentHash = [u8; 32];

/// Why a file cannot be served. `Display` is one line: the file and what is wrong.
#[derive(Debug, thiserror::Error)]
pub enum LoadError {
    /// The file is not there, or cannot be read: exit 66.
    #[error("{}: {source}", path.display())]
    Missing {
        /// The file.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// The file is not a valid model: exit 65.
    #[error("{}: {problem}", path.display())]
    Invalid {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        problem: String,
    },
    /// Two models would have one name: exit 78.
    #[error("{} and {} are both called {name:?}; name one of them: --model OTHER={}", first.display(), second.display(), second.display())]
    SameName {
        /// The name.
        name: String,
        /// The file that has it.
        first: PathBuf,
        /// The file that would have it too.
        second: PathBuf,
    },
    /// A name that cannot stand in a URL, or a default that is not served: exit 78.
    #[error("{0}")]
    BadName(String),
}

impl LoadError {
    /// The exit code of its class, after sysexits.h.
    pub fn exit_code(&self) -> u8 {
        match self {
            Self::Missing { .. } => 66,
            Self::Invalid { .. } => 65,
            Self::SameName { .. } | Self::BadName(_) => 78,
        }
    }
}

/// A model with the hash of the file it came from.
#[derive(Debug)]
pub struct Loaded {
    /// The model, its golden rows answered as they should be.
    pub model: Model,
    /// Of the file's bytes.
    pub hash: ContentHash,
}

/// Reads a file, at most [`MAX_ARTIFACT`] bytes. Only a regular file (or a link to one): a pipe could block for ever.
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

/// The hash that tells contents apart.
pub fn hash(bytes: &[u8]) -> ContentHash {
    Sha256::digest(bytes).into()
}

/// Makes a model of a file's bytes and has it answer its golden rows. `path` is for the error.
///
/// # Errors
/// [`LoadError::Invalid`].
pub fn verify(path: &Path, bytes: &[u8]) -> Result<Model, LoadError> {
    let invalid = |problem| LoadError::Invalid { path: path.to_owned(), problem };
    let model = Model::load(bytes).map_err(|error| invalid(error.to_string()))?;
    match model.check_golden() {
        Ok(()) => Ok(model),
        Err(differences) => {
            let first = differences.first().map(ToString::to_string).unwrap_or_default();
            Err(invalid(format!("it does not answer its own golden rows as when it was written: {first}")))
        }
    }
}

/// Reads and verifies a file.
///
/// # Errors
/// [`LoadError`].
pub fn load(path: &Path) -> Result<Loaded, LoadError> {
    let bytes = read(path)?;
    let model = verify(path, &bytes)?;
    Ok(Loaded { model, hash: hash(&bytes) })
}
