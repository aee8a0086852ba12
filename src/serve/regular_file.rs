//! Opens what is a regular file when it is opened, and reads no more of it than its length.

use std::fs::File;
use std::io::{self, Read as _};
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::Path;

use rustix::fs::OFlags;

/// A regular file and its length in bytes, both as of its opening.
pub(super) struct RegularFile {
    file: File,
    pub(super) length: u64,
}

impl RegularFile {
    /// Opens it, or what a link leads to. What has taken its name meanwhile is refused: a pipe is opened at once and
    /// not waited for.
    ///
    /// # Errors
    /// It cannot be opened, or is no regular file.
    pub(super) fn open(path: &Path) -> io::Result<Self> {
        let file = File::options().read(true).custom_flags(OFlags::NONBLOCK.bits().cast_signed()).open(path)?;
        let about = file.metadata()?;
        if !about.is_file() {
            return Err(io::Error::other("it is not a file"));
        }
        Ok(Self { file, length: about.len() })
    }

    /// The first `most` bytes.
    ///
    /// # Errors
    /// Those of reading.
    pub(super) fn head(self, most: u64) -> io::Result<Vec<u8>> {
        let mut bytes = Vec::new();
        self.file.take(most).read_to_end(&mut bytes)?;
        Ok(bytes)
    }

    /// All bytes.
    ///
    /// # Errors
    /// It has more bytes than its length, as files of `/proc` have that are 0 bytes long; or those of reading.
    pub(super) fn whole(self) -> io::Result<Vec<u8>> {
        let mut bytes = Vec::with_capacity(usize::try_from(self.length).unwrap_or(0).saturating_add(1));
        self.file.take(self.length.saturating_add(1)).read_to_end(&mut bytes)?;
        if bytes.len() as u64 > self.length {
            let n = self.length;
            return Err(io::Error::other(format!("it has more than the {n} bytes that it had when it was opened")));
        }
        Ok(bytes)
    }
}
