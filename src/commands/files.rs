//! Reads model files, writes to standard output, and writes a file whole or not at all.

use std::fs::{File, OpenOptions};
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use crate::model::Model;
use crate::serve::loader;

use super::failure::{Exit, Failure};

/// Reads and checks a model file, but not its golden rows.
///
/// # Errors
/// 66 when there is no such file, 65 when it is not a valid model.
pub fn model(path: &Path) -> Result<Model, Failure> {
    let bytes = loader::read(path)?;
    Model::load(&bytes).map_err(|e| Failure::new(Exit::Data, format_args!("{}: {e}", path.display())))
}

/// Writes text to standard output.
///
/// # Errors
/// 1 when it cannot be written; without a message when the reader has closed the pipe.
pub fn print(text: &str) -> Result<(), Failure> {
    let mut out = io::stdout().lock();
    out.write_all(text.as_bytes()).and_then(|()| out.flush()).map_err(|e| Failure::writing("standard output", &e))
}

/// Writes a file whole or not at all, whatever crashes: beside its target, forced to disk, renamed over it. The
/// directory must exist.
///
/// # Errors
/// 1 when it cannot be written; what was at `path` is then untouched, and the temporary file is gone.
pub fn write_atomically(path: &Path, bytes: &[u8]) -> Result<(), Failure> {
    replace(path, bytes)
        .map_err(|e| Failure::new(Exit::Failed, format_args!("{}: cannot be written: {e}", path.display())))
}

fn replace(path: &Path, bytes: &[u8]) -> io::Result<()> {
    let name = path.file_name().ok_or_else(|| io::Error::other("it names no file"))?;
    if path.is_dir() {
        return Err(io::Error::other("it is a directory"));
    }
    let directory = path.parent().filter(|p| !p.as_os_str().is_empty()).unwrap_or(Path::new("."));
    let mut temporary = std::ffi::OsString::from(".");
    temporary.push(name);
    temporary.push(format!(".{}.tmp", std::process::id()));
    let temporary = Temporary { path: directory.join(temporary), done: false };
    temporary.fill(bytes)?;
    temporary.rename(path)?;
    // Forces the directory to disk: without this a crash could lose the new name.
    File::open(directory)?.sync_all()
}

/// Removes the file when dropped unless it was renamed.
struct Temporary {
    path: PathBuf,
    done: bool,
}

impl Temporary {
    fn fill(&self, bytes: &[u8]) -> io::Result<()> {
        // A leftover of a killed process with the same id is replaced.
        let mut file = OpenOptions::new().write(true).create(true).truncate(true).open(&self.path)?;
        file.write_all(bytes)?;
        file.sync_all()
    }

    fn rename(mut self, target: &Path) -> io::Result<()> {
        std::fs::rename(&self.path, target)?;
        self.done = true;
        Ok(())
    }
}

impl Drop for Temporary {
    fn drop(&mut self) {
        if !self.done {
            // The error that led here is reported, not a failure to clean up.
            let _ = std::fs::remove_file(&self.path);
        }
    }
}
