//! A directory as a source: its files by name, none of them outside it.

use std::borrow::Cow;
use std::cell::RefCell;
use std::io;
use std::path::{Path, PathBuf};

use sha2::{Digest, Sha256};

use crate::import::{Entry, FileFormat, ImportError, Source};

use super::regular_file::RegularFile;

/// The largest number of files that are read.
pub(super) const MAX_FILES: usize = 64;

/// A directory. Links are followed, as a `ConfigMap`'s files are, while they lead to what lies in it.
pub(super) struct Directory {
    /// Without links.
    root: PathBuf,
    /// The largest number of bytes of a file that are read: by the operator, and by what they were before.
    limit: u64,
    most: u64,
    opened: RefCell<Opened>,
}

/// What was read whole: names, and the hash of names, lengths and bytes.
#[derive(Default)]
pub(super) struct Opened {
    pub(super) files: Vec<String>,
    pub(super) hash: Sha256,
}

impl Directory {
    /// The directory at `path`, whose files are of at most `limit` bytes, and were of `most` together.
    ///
    /// # Errors
    /// It is not there, cannot be read, or holds no file.
    pub(super) fn open(path: &Path, limit: usize, most: usize) -> io::Result<Self> {
        let root = std::fs::canonicalize(path)?;
        let mut is_empty = true;
        for entry in std::fs::read_dir(&root)? {
            is_empty &= is_hidden(&entry?.file_name().to_string_lossy());
        }
        if is_empty {
            return Err(io::Error::new(io::ErrorKind::NotFound, "the directory is empty"));
        }
        Ok(Self { root, limit: limit as u64, most: most as u64, opened: RefCell::default() })
    }

    /// The files that were read whole, in that order.
    pub(super) fn into_opened(self) -> Opened {
        self.opened.into_inner()
    }

    /// The target of a name; none if there is nothing.
    fn path(&self, name: &str) -> Result<Option<PathBuf>, ImportError> {
        match std::fs::canonicalize(self.root.join(name)) {
            Ok(path) if path.starts_with(&self.root) => Ok(Some(path)),
            Ok(_) => Err(ImportError::new("it is a link that leads out of the directory").in_file(name)),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
            Err(error) => Err(ImportError::new(error).in_file(name)),
        }
    }

    fn file(&self, name: &str) -> Result<RegularFile, ImportError> {
        let path = self.path(name)?.ok_or_else(|| ImportError::new("there is no such file").in_file(name))?;
        RegularFile::open(&path).map_err(|error| ImportError::new(error).in_file(name))
    }
}

impl Source for Directory {
    fn names(&self, folder: &str) -> Result<Vec<String>, ImportError> {
        let wrong = |error: io::Error| ImportError::new(error).in_file(folder);
        let mut names = Vec::new();
        for entry in std::fs::read_dir(self.root.join(folder)).map_err(wrong)? {
            let entry = entry.map_err(wrong)?;
            let name = entry.file_name();
            let Some(name) = name.to_str().filter(|name| !is_hidden(name)) else { continue };
            if std::fs::metadata(entry.path()).is_ok_and(|about| about.is_file()) {
                names.push(name.to_owned());
            }
            if names.len() > MAX_FILES {
                let what = format_args!("more than {MAX_FILES} files: give the path of the one that is the model");
                return Err(ImportError::new(what).in_file(folder));
            }
        }
        names.sort_unstable();
        Ok(names)
    }

    fn find(&self, name: &str) -> Result<Option<Entry>, ImportError> {
        let Some(path) = self.path(name)? else { return Ok(None) };
        let about = std::fs::metadata(path).map_err(|error| ImportError::new(error).in_file(name))?;
        Ok(Some(if about.is_dir() { Entry::Folder } else { Entry::File }))
    }

    fn head(&self, name: &str) -> Result<Vec<u8>, ImportError> {
        self.file(name)?.head(FileFormat::HEAD as u64).map_err(|error| ImportError::new(error).in_file(name))
    }

    fn open(&self, name: &str, most: usize) -> Result<Cow<'_, [u8]>, ImportError> {
        let file = self.file(name)?;
        let (length, limit) = (file.length, self.limit);
        if length > limit {
            return Err(ImportError::new(over_limit(length, limit)).in_file(name));
        }
        let most = self.most.min(most as u64);
        if length > most {
            return Err(ImportError::new(format_args!("it has more than {most} bytes")).in_file(name));
        }
        let bytes = file.whole().map_err(|error| ImportError::new(error).in_file(name))?;
        let mut opened = self.opened.borrow_mut();
        opened.files.push(name.to_owned());
        for part in [name.as_bytes(), &bytes] {
            opened.hash.update((part.len() as u64).to_le_bytes());
            opened.hash.update(part);
        }
        Ok(Cow::Owned(bytes))
    }
}

/// Why a file of this length is not read.
pub(super) fn over_limit(length: u64, limit: u64) -> String {
    format!("its {length} bytes are more than {limit}, the most that is read of a model")
}

fn is_hidden(name: &str) -> bool {
    name.starts_with('.')
}
