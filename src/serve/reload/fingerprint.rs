//! Whether a file has been touched, without reading it.

use std::fs;
use std::os::unix::fs::MetadataExt;
use std::path::Path;

/// What the file system says of a file's content. Two writes within one tick of its clock look the same, which is why
/// [`Touched`] believes a fingerprint only when it has seen it twice.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Stamp {
    device: u64,
    inode: u64,
    length: u64,
    modified: (i64, i64),
    changed: (i64, i64),
}

impl Stamp {
    fn of(path: &Path) -> Option<Self> {
        let about = fs::metadata(path).ok()?;
        Some(Self {
            device: about.dev(),
            inode: about.ino(),
            length: about.len(),
            modified: (about.mtime(), about.mtime_nsec()),
            changed: (about.ctime(), about.ctime_nsec()),
        })
    }
}

/// Remembers a file's stamps from look to look.
#[derive(Debug, Default)]
pub(super) struct Touched {
    last: Option<Stamp>,
    settled: bool,
}

impl Touched {
    /// False when the file looks as it did at the last two looks: then it need not be read.
    pub(super) fn look(&mut self, path: &Path) -> bool {
        let now = Stamp::of(path);
        let same = now.is_some() && now == self.last;
        let untouched = same && self.settled;
        self.settled = same;
        self.last = now;
        !untouched
    }
}
