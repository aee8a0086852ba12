//! Tells whether a file, or one of a directory, may have changed, without reading it.

use std::ffi::OsString;
use std::fs;
use std::os::unix::fs::MetadataExt;
use std::path::Path;

use crate::serve::directory::MAX_FILES;

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

/// The marks of a file; of a directory those of its entries, as many as are looked at, and of the files in its folders
/// that were read. Links are followed.
fn fingerprints(path: &Path, files: &[String]) -> Option<Vec<(OsString, Option<Fingerprint>)>> {
    let mut marks = vec![(OsString::new(), Some(Fingerprint::of(path)?))];
    if let Ok(entries) = fs::read_dir(path) {
        let names = entries.take(2 * MAX_FILES).filter_map(|entry| Some(entry.ok()?.file_name()));
        let mut names: Vec<OsString> = names.chain(files.iter().map(OsString::from)).collect();
        names.sort_unstable();
        names.dedup();
        marks.extend(names.into_iter().map(|name| {
            let mark = Fingerprint::of(&path.join(&name));
            (name, mark)
        }));
    }
    Some(marks)
}

/// Remembers a source's last fingerprints.
#[derive(Debug, Default)]
pub(super) struct ChangeDetector {
    /// The names of the files in a directory that were read last.
    pub(super) files: Vec<String>,
    last: Option<Vec<(OsString, Option<Fingerprint>)>>,
    seen_twice: bool,
}

impl ChangeDetector {
    /// False when the source has the same fingerprints as at the last two polls: then it need not be read.
    pub(super) fn may_have_changed(&mut self, path: &Path) -> bool {
        let now = fingerprints(path, &self.files);
        let same = now.is_some() && now == self.last;
        let unchanged = same && self.seen_twice;
        self.seen_twice = same;
        self.last = now;
        !unchanged
    }
}
