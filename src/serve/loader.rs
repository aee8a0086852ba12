//! From a file or directory to a verified model: a model of another library is read into an artifact first; the bytes
//! are checked and decoded, the golden rows answered. Runs at the start and at every reload, off the request path.

use std::borrow::Cow;
use std::path::Path;
use std::thread;

use crate::import::{self, FileFormat, ImportOptions, Room};
use crate::model::Model;
use crate::model::artifact::{HASH_BYTES, check_hash, hash_of, most_memory as most_of_artifact};
use crate::model::compiled::TreeLayout;

use super::contents::Contents;
use super::error::LoadError;
use super::timing::choose_layout;

/// Bytes of an artifact from which its hash is computed while it is decoded, on a thread of its own: 4 ms of hashing.
const HASHED_BESIDE: usize = 4 << 20;

/// Bytes of memory that loading a file of these bytes takes at most, with the file itself: for an artifact by what its
/// head holds, for another library's model the bound of its reader ([`import::most_memory`]).
pub fn most_memory(bytes: &[u8]) -> usize {
    match FileFormat::of(bytes) {
        Some(FileFormat::Artifact) | None => most_of_artifact(bytes),
        Some(format) => bytes.len() + import::most_memory(format, bytes),
    }
}

/// The bytes of an artifact: those of the file, or what `import` makes of a model of another library with `options`.
/// `path` is for the error. What that takes beyond [`most_memory`] is told to `reserve` before it is used.
///
/// # Errors
/// [`LoadError::Invalid`] for a file that cannot be read, [`LoadError::Options`] for choices beside an artifact,
/// [`LoadError::Choice`] for one that means nothing for this model.
pub fn artifact_bytes<'a>(
    path: &Path,
    contents: &'a Contents,
    options: &ImportOptions,
    reserve: &dyn Fn(usize),
) -> Result<Cow<'a, [u8]>, LoadError> {
    let bytes = contents.bytes.as_slice();
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
            let room = Room::new(most_memory(bytes), reserve);
            let imported = import::read_file(&contents.layout, bytes, options, &room).map_err(invalid)?;
            reserve(bytes.len() + imported.most_memory());
            import::artifact(imported, options).map(Cow::Owned).map_err(invalid)
        }
    }
}

/// Reads the model in a file or directory and checks its answers to its golden rows. `path` is for the error. What that
/// takes beyond [`most_memory`] is told to `reserve` before it is used.
///
/// # Errors
/// [`LoadError`].
pub fn load_contents(
    path: &Path,
    contents: &Contents,
    options: &ImportOptions,
    reserve: &dyn Fn(usize),
) -> Result<Model, LoadError> {
    let artifact = artifact_bytes(path, contents, options, reserve)?;
    if let Cow::Owned(artifact) = &artifact {
        reserve(contents.bytes.len() + most_of_artifact(artifact));
    }
    let invalid = |problem| LoadError::Invalid { path: path.to_owned(), problem };
    let hash = || match &artifact {
        Cow::Borrowed(_) => contents.covered_hash(),
        Cow::Owned(artifact) => hash_of(artifact),
    };
    let (mut model, other) = load_artifact(&artifact, hash).map_err(invalid)?;
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

/// The model in an artifact, of which `hash` gives the hash. A damaged file is told as such: nothing in a short one is
/// looked at before, and what is in a long one is dropped.
fn load_artifact(
    artifact: &[u8],
    hash: impl Fn() -> [u8; HASH_BYTES] + Sync,
) -> Result<(Model, Option<TreeLayout>), String> {
    if artifact.len() < HASHED_BESIDE {
        check_hash(artifact, hash)?;
        return Model::load_unhashed(artifact);
    }
    thread::scope(|scope| {
        let hashing = thread::Builder::new().name("hash".to_owned()).spawn_scoped(scope, &hash);
        let loaded = Model::load_unhashed(artifact);
        // Without a thread for it, now.
        let hash = hashing.map_or_else(|_| hash(), |hashing| hashing.join().expect("hashing bytes does not panic"));
        check_hash(artifact, || hash)?;
        loaded
    })
}

/// Reads a file or directory and the model in it.
///
/// # Errors
/// [`LoadError`].
pub fn load(path: &Path, options: &ImportOptions) -> Result<Model, LoadError> {
    load_contents(path, &Contents::read(path)?, options, &|_| {})
}
