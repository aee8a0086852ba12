//! Where a model's bytes come from: files by name. The caller opens them; nothing here knows a path.

use std::borrow::Cow;

use super::error::ImportError;

/// Files of a source, opened when they are asked for.
pub trait Source {
    /// The files' names: relative, with `/` between folders; an empty name for a file given by itself.
    ///
    /// # Errors
    /// They cannot be listed, or are too many.
    fn names(&self) -> Result<Vec<String>, ImportError>;

    /// The bytes of a file, at most as many as the caller allows.
    ///
    /// # Errors
    /// There is no such file, it cannot be read, or is too large.
    fn open(&self, name: &str) -> Result<Cow<'_, [u8]>, ImportError>;
}

/// A source of one file, its bytes in memory. It has no name: the caller knows where it was.
#[derive(Debug, Clone, Copy)]
pub struct OneFile<'a> {
    /// Its content.
    pub bytes: &'a [u8],
}

impl Source for OneFile<'_> {
    fn names(&self) -> Result<Vec<String>, ImportError> {
        Ok(vec![String::new()])
    }

    fn open(&self, name: &str) -> Result<Cow<'_, [u8]>, ImportError> {
        if name.is_empty() {
            return Ok(Cow::Borrowed(self.bytes));
        }
        Err(ImportError::new("there is no such file").in_file(name))
    }
}
