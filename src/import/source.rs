//! Where a model's bytes come from: files by name. The caller opens them; nothing here knows a path.

use super::error::ImportError;

/// Files of a source, opened when they are asked for.
pub trait Source {
    /// The files' names: relative, with `/` between folders.
    ///
    /// # Errors
    /// They cannot be listed, or are too many.
    fn names(&self) -> Result<Vec<String>, ImportError>;

    /// The bytes of a file, at most as many as the caller allows.
    ///
    /// # Errors
    /// There is no such file, it cannot be read, or is too large.
    fn open(&self, name: &str) -> Result<Vec<u8>, ImportError>;
}

/// A source of one file, its bytes in memory.
#[derive(Debug, Clone)]
pub struct OneFile<'a> {
    /// Its name, for errors and as a model's name.
    pub name: &'a str,
    /// Its content.
    pub bytes: &'a [u8],
}

impl Source for OneFile<'_> {
    fn names(&self) -> Result<Vec<String>, ImportError> {
        Ok(vec![self.name.to_owned()])
    }

    fn open(&self, name: &str) -> Result<Vec<u8>, ImportError> {
        if name == self.name {
            Ok(self.bytes.to_vec())
        } else {
            Err(ImportError::new("there is no such file").in_file(name))
        }
    }
}
