//! An output file, written whole or not at all, whatever crashes: beside its target, forced to disk, renamed over it. A
//! pipe or a device is written through.

use std::fs::{File, OpenOptions, Permissions};
use std::hash::{BuildHasher, Hasher, RandomState};
use std::io::{self, Write};
use std::os::unix::fs::{MetadataExt, OpenOptionsExt, PermissionsExt};
use std::path::{Path, PathBuf};

use rustix::fs::OFlags;
use rustix::process::geteuid;

/// Names of files that are open already: they may lead to a regular one, which must not be replaced.
const OPEN_FILES: [&str; 5] = ["/dev/fd", "/dev/stdin", "/dev/stdout", "/dev/stderr", "/proc"];

/// Names of standard output.
const STDOUT: [&str; 4] = ["-", "/dev/stdout", "/dev/fd/1", "/proc/self/fd/1"];

/// Where an output goes.
#[derive(Debug)]
pub enum Destination {
    /// Standard output.
    Stdout,
    /// A pipe or a device, which takes bytes as they come.
    Through(PathBuf),
    /// A regular file, or none yet.
    File {
        /// The file, links followed.
        target: PathBuf,
        /// The permissions of the file that is replaced; not setuid and setgid, for the owner may be another.
        mode: Option<u32>,
    },
}

impl Destination {
    /// Finds out what kind of file is at `path`.
    ///
    /// # Errors
    /// What is there is a directory, a link of another user, or a file that may not be written; or its directory is not
    /// there.
    pub fn of(path: &Path) -> io::Result<Self> {
        if STDOUT.iter().any(|name| path == Path::new(name)) {
            return Ok(Self::Stdout);
        }
        let about = match std::fs::metadata(path) {
            Ok(about) => about,
            Err(e) if e.kind() == io::ErrorKind::NotFound => return Self::new_file(path),
            Err(e) => return Err(e),
        };
        if about.is_dir() {
            return Err(io::Error::other("it is a directory"));
        }
        if !about.is_file() || OPEN_FILES.iter().any(|folder| path.starts_with(folder)) {
            return Ok(Self::Through(path.to_owned()));
        }
        let link = std::fs::symlink_metadata(path)?;
        // As the kernel does in a sticky directory: another's link may lead to a file of ours that is not meant.
        if link.is_symlink() && link.uid() != geteuid().as_raw() {
            return Err(io::Error::other("it is a link of another user"));
        }
        OpenOptions::new().write(true).open(path)?;
        Ok(Self::File { target: std::fs::canonicalize(path)?, mode: Some(about.mode() & 0o777) })
    }

    fn new_file(path: &Path) -> io::Result<Self> {
        if path.file_name().is_none() {
            return Err(io::Error::other("it names no file"));
        }
        let directory = directory_of(path);
        if !directory.is_dir() {
            return Err(io::Error::other(format!("there is no directory {}", directory.display())));
        }
        Ok(Self::File { target: path.to_owned(), mode: None })
    }

    /// Checks that a file can be written there; changes nothing.
    ///
    /// # Errors
    /// Its directory takes no file.
    pub fn check(&self) -> io::Result<()> {
        match self {
            Self::Stdout | Self::Through(_) => Ok(()),
            Self::File { target, mode } => Beside::create(target, *mode).map(drop),
        }
    }

    /// Opens the output. Nothing is at its path before [`Output::commit`], but in a pipe or a device.
    ///
    /// # Errors
    /// It cannot be opened, or its directory takes no file.
    pub fn open(&self) -> io::Result<Output> {
        match self {
            Self::Stdout => Ok(Output::Through(Box::new(io::stdout()))),
            Self::Through(path) => Ok(Output::Through(Box::new(OpenOptions::new().append(true).open(path)?))),
            Self::File { target, mode } => Beside::create(target, *mode).map(Output::Beside),
        }
    }
}

/// True where both are one regular file, whatever links lead to it; `-` is the standard input, or output, that was led
/// into one.
pub fn is_same_file(output: &Path, input: &Path) -> bool {
    let identity = |path: &Path, standard: &str| {
        let path = if path == Path::new("-") { Path::new(standard) } else { path };
        std::fs::metadata(path).ok().filter(std::fs::Metadata::is_file).map(|about| (about.dev(), about.ino()))
    };
    identity(output, "/dev/stdout").is_some_and(|output| identity(input, "/dev/stdin") == Some(output))
}

/// An open output.
pub enum Output {
    /// Bytes go where they are meant to at once.
    Through(Box<dyn Write + Send>),
    /// Bytes go beside the target.
    Beside(Beside),
}

impl Output {
    /// Ends the output: the whole file is at its path now.
    ///
    /// # Errors
    /// It cannot be written; what was at its path is untouched.
    pub fn commit(self) -> io::Result<()> {
        match self {
            Self::Through(mut out) => out.flush(),
            Self::Beside(beside) => beside.commit(),
        }
    }
}

impl Write for Output {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        match self {
            Self::Through(out) => out.write(bytes),
            Self::Beside(beside) => beside.file.write(bytes),
        }
    }

    fn flush(&mut self) -> io::Result<()> {
        match self {
            Self::Through(out) => out.flush(),
            Self::Beside(beside) => beside.file.flush(),
        }
    }
}

/// A file of a random name, so that none can be put there first, beside its target; removed unless it is committed.
pub struct Beside {
    file: File,
    temporary: PathBuf,
    target: PathBuf,
}

impl Beside {
    fn create(target: &Path, mode: Option<u32>) -> io::Result<Self> {
        // A hasher's keys are random; what one gives for nothing is too.
        let random = RandomState::new().build_hasher().finish();
        let temporary = directory_of(target).join(format!(".smartserve-{random:016x}.tmp"));
        // Readable by the owner alone until it has the permissions of the file it replaces, which may be narrow.
        let file = OpenOptions::new()
            .write(true)
            .create_new(true)
            .mode(if mode.is_some() { 0o600 } else { 0o666 })
            .custom_flags(OFlags::NOFOLLOW.bits().cast_signed())
            .open(&temporary)?;
        let beside = Self { file, temporary, target: target.to_owned() };
        if let Some(mode) = mode {
            beside.file.set_permissions(Permissions::from_mode(mode))?;
        }
        Ok(beside)
    }

    fn commit(self) -> io::Result<()> {
        self.file.sync_all()?;
        std::fs::rename(&self.temporary, &self.target)?;
        // Forces the directory to disk: without this a crash could lose the new name.
        File::open(directory_of(&self.target))?.sync_all()
    }
}

impl Drop for Beside {
    fn drop(&mut self) {
        // Not there after a rename; otherwise an error is on its way already.
        let _ = std::fs::remove_file(&self.temporary);
    }
}

fn directory_of(path: &Path) -> &Path {
    path.parent().filter(|parent| !parent.as_os_str().is_empty()).unwrap_or(Path::new("."))
}
