//! Tells whether a file may have changed, without reading it.

use std::fs;
use std::os::unix::fs::MetadataExt;
use std::path::Path;

/// The file system's marks of a file's content. Two writes within one tick of its clock look the same, so
/// [`ChangeDetector`] believes a fingerprint only when it has seen it twice.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Fingerprint {
    device: u64,
    inode: u64,
    length: u64,
    modified: (i64, i64),
    changed: (i64, i64),
}

impl Fingerprint {
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

/// Remembers a file's last fingerprint.
#[derive(Debug, Default)]
pub(super) struct ChangeDetector {
    last: Option<Fingerprint>,
    seen_twice: bool,
}

impl ChangeDetector {
    /// False when the file has the same fingerprint as at the last two polls: then it need not be read.
    pub(super) fn may_have_changed(&mut self, path: &Path) -> bool {
        let now = Fingerprint::of(path);
        let same = now.is_some() && now == self.last;
        let unchanged = same && self.seen_twice;
        self.seen_twice = same;
        self.last = now;
        !unchanged
    }
}
