//! Where a model's bytes come from: files by name. The caller opens them; nothing here knows a path.

use std::borrow::Cow;

use super::error::ImportError;

/// The meaning of a name in a source.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Entry {
    /// A file.
    File,
    /// A folder.
    Folder,
}

/// Files of a source, opened when they are asked for. Names are relative, with `/` between folders.
pub trait Source {
    /// The names of the files that lie directly in a folder, in order, hidden ones left out; the source's own folder is
    /// called "". A file given by itself is one file without a name.
    ///
    /// # Errors
    /// They cannot be listed, or are too many.
    fn names(&self, folder: &str) -> Result<Vec<String>, ImportError>;

    /// What is there under a name.
    ///
    /// # Errors
    /// It leads out of the source, or cannot be looked at.
    fn find(&self, name: &str) -> Result<Option<Entry>, ImportError>;

    /// The first bytes of a file: [`FileFormat::HEAD`](super::FileFormat::HEAD), or all where it has fewer.
    ///
    /// # Errors
    /// As [`open`](Self::open).
    fn head(&self, name: &str) -> Result<Vec<u8>, ImportError>;

    /// The bytes of a file of at most `most` bytes, or as many as the caller allows.
    ///
    /// # Errors
    /// There is no such file, it cannot be read, or is too large.
    fn open(&self, name: &str, most: usize) -> Result<Cow<'_, [u8]>, ImportError>;
}

/// A source of one file, its bytes in memory. It has no name: the caller knows where it was.
#[derive(Debug, Clone, Copy)]
pub struct OneFile<'a> {
    /// Its content.
    pub bytes: &'a [u8],
}

impl Source for OneFile<'_> {
    fn names(&self, _: &str) -> Result<Vec<String>, ImportError> {
        Ok(vec![String::new()])
    }

    fn find(&self, name: &str) -> Result<Option<Entry>, ImportError> {
        Ok(name.is_empty().then_some(Entry::File))
    }

    fn head(&self, name: &str) -> Result<Vec<u8>, ImportError> {
        let bytes = self.open(name, usize::MAX)?;
        Ok(bytes[..bytes.len().min(super::file_format::FileFormat::HEAD)].to_vec())
    }

    fn open(&self, name: &str, _: usize) -> Result<Cow<'_, [u8]>, ImportError> {
        if name.is_empty() {
            return Ok(Cow::Borrowed(self.bytes));
        }
        Err(ImportError::new("there is no such file").in_file(name))
    }
}
