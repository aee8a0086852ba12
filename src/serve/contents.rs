//! What a path holds: the bytes of a file, or of a directory those of the file that holds its model.

use std::path::{Path, PathBuf};
use std::sync::OnceLock;

use sha2::{Digest as _, Sha256};

use crate::import::{FileFormat, Layout, Source};
use crate::model::artifact::HASH_BYTES;

use super::directory::{Directory, MAX_FILES, over_limit};
use super::error::LoadError;
use super::regular_file::RegularFile;

/// Bytes of the largest file that is read, unless `serve --max-model-bytes` says otherwise: 1 GiB.
pub const MAX_MODEL_BYTES: usize = 1 << 30;

/// Depth of the folders whose files may belong to a model.
const FOLDERS: usize = 3;

/// How often a directory that changes while it is read is read again.
const TRIES: usize = 5;

/// SHA-256 of a file's bytes, or of all that were read of a directory.
pub type ContentHash = [u8; 32];

/// The bytes of a model, and what a directory says of them.
#[derive(Debug)]
pub struct Contents {
    pub(super) layout: Layout,
    /// Of the file that holds the model.
    pub bytes: Vec<u8>,
    /// The names of the files of a directory that were read.
    pub(super) files: Vec<String>,
    /// Of all that was read of a directory.
    of_directory: Option<ContentHash>,
    of_file: OnceLock<FileHashes>,
}

/// SHA-256 of the file that holds the model.
#[derive(Debug)]
struct FileHashes {
    whole: ContentHash,
    /// Without the last 32 bytes: what an artifact ends with.
    covered: ContentHash,
}

impl Contents {
    /// Reads a regular file (or a link to one) of at most [`MAX_MODEL_BYTES`], or a directory's files that make a
    /// model.
    ///
    /// # Errors
    /// [`LoadError::Missing`], also for a directory without files; or [`LoadError::Invalid`] when it is too large,
    /// neither file nor directory, or a directory that holds no model or several.
    pub fn read(path: &Path) -> Result<Self, LoadError> {
        Self::read_within(path, MAX_MODEL_BYTES, usize::MAX)
    }

    /// [`read`](Self::read) of files of at most `limit` bytes, at a path whose [`length`](Self::length) was `most`.
    ///
    /// # Errors
    /// As [`read`](Self::read), and [`LoadError::Invalid`] when a file has become longer.
    pub fn read_within(path: &Path, limit: usize, most: usize) -> Result<Self, LoadError> {
        let missing = |source| LoadError::Missing { path: path.to_owned(), source };
        let about = std::fs::metadata(path).map_err(missing)?;
        if about.is_dir() {
            return directory(path, limit, most);
        }
        let invalid = |problem: String| LoadError::Invalid { path: path.to_owned(), problem };
        if !about.is_file() {
            return Err(invalid("neither a file nor a directory".to_owned()));
        }
        let file = RegularFile::open(path).map_err(missing)?;
        if file.length > limit as u64 {
            return Err(invalid(over_limit(file.length, limit as u64)));
        }
        if file.length > most as u64 {
            return Err(invalid("it became longer while it was read".to_owned()));
        }
        file.whole().map(Self::of_file).map_err(missing)
    }

    /// The bytes of a file.
    pub fn of_file(bytes: Vec<u8>) -> Self {
        let (layout, of_file) = (Layout::default(), OnceLock::new());
        Self { layout, bytes, files: Vec::new(), of_directory: None, of_file }
    }

    /// Bytes that reading a path takes at most: of a file its length, of a directory that of all files in it and its
    /// folders. Links that lead out of the directory count nothing, and neither do files over `limit`: they are not
    /// read.
    pub fn length(path: &Path, limit: usize) -> usize {
        std::fs::canonicalize(path).map_or(0, |root| bytes_below(&root, &root, limit, FOLDERS))
    }

    /// The files that were read of `path`.
    pub fn paths(&self, path: &Path) -> Vec<PathBuf> {
        match self.files.as_slice() {
            [] => vec![path.to_owned()],
            files => files.iter().map(|name| path.join(name)).collect(),
        }
    }

    /// The hash of the content, by which a change is found. Of a file it is computed when it is first asked for.
    pub fn hash(&self) -> ContentHash {
        self.of_directory.unwrap_or_else(|| self.file_hashes().whole)
    }

    /// [`hash_of`](crate::model::artifact::hash_of) the file that holds the model, computed as that is.
    pub(super) fn covered_hash(&self) -> ContentHash {
        self.file_hashes().covered
    }

    fn file_hashes(&self) -> &FileHashes {
        self.of_file.get_or_init(|| {
            let (covered, rest) = self.bytes.split_at(self.bytes.len().saturating_sub(HASH_BYTES));
            let hash = Sha256::new_with_prefix(covered);
            let covered = hash.clone().finalize().into();
            FileHashes { whole: hash.chain_update(rest).finalize().into(), covered }
        })
    }
}

fn bytes_below(root: &Path, path: &Path, limit: usize, folders: usize) -> usize {
    if !std::fs::canonicalize(path).is_ok_and(|path| path.starts_with(root)) {
        return 0;
    }
    let Ok(about) = std::fs::metadata(path) else { return 0 };
    if !about.is_dir() {
        return usize::try_from(about.len()).ok().filter(|length| *length <= limit).unwrap_or(0);
    }
    let Some(folders) = folders.checked_sub(1) else { return 0 };
    let entries = std::fs::read_dir(path).into_iter().flatten().take(2 * MAX_FILES).flatten();
    entries.map(|entry| bytes_below(root, &entry.path(), limit, folders)).fold(0, usize::saturating_add)
}

/// Reads a directory until two readings agree: one that is being replaced could give one file of before and one of
/// after.
fn directory(path: &Path, limit: usize, most: usize) -> Result<Contents, LoadError> {
    let mut before = None;
    for _ in 0..TRIES {
        let contents = once(path, limit, most)?;
        let hash = Some(contents.hash());
        if before == hash {
            return Ok(contents);
        }
        before = hash;
    }
    Err(LoadError::Invalid { path: path.to_owned(), problem: "it changes while it is read".to_owned() })
}

fn once(path: &Path, limit: usize, most: usize) -> Result<Contents, LoadError> {
    let missing = |source| LoadError::Missing { path: path.to_owned(), source };
    let source = Directory::open(path, limit, most).map_err(missing)?;
    let read = || {
        let layout = Layout::of(&source)?;
        let bytes = source.open(layout.file(), usize::MAX)?.into_owned();
        Ok((layout, bytes))
    };
    let invalid = |e: crate::import::ImportError| LoadError::Invalid { path: path.to_owned(), problem: e.to_string() };
    let (layout, bytes) = read().map_err(invalid)?;
    let opened = source.into_opened();
    let of_directory = Some(opened.hash.finalize().into());
    Ok(Contents { layout, bytes, files: opened.files, of_directory, of_file: OnceLock::new() })
}

/// True for what is meant to be a model, ours or another library's: a file that begins as one does, a directory that
/// holds one.
pub fn looks_like_a_model(path: &Path) -> bool {
    let Ok(about) = std::fs::metadata(path) else { return false };
    if about.is_dir() {
        return Directory::open(path, MAX_MODEL_BYTES, MAX_MODEL_BYTES)
            .is_ok_and(|directory| Layout::is_there(&directory));
    }
    if !about.is_file() {
        return false;
    }
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    let head = RegularFile::open(path).and_then(|file| file.head(FileFormat::HEAD as u64));
    head.is_ok_and(|head| FileFormat::is_surely_a_model(&head, &name))
}
