//! Reads model files, writes to standard output, and writes a file whole or not at all.

use std::fs::File;
use std::io::{self, Write};
use std::path::Path;

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
    let temporary = directory.join(temporary);
    let written = fill(&temporary, bytes).and_then(|()| std::fs::rename(&temporary, path));
    if written.is_err() {
        // That error is reported, not a failure to clean up.
        let _ = std::fs::remove_file(&temporary);
    }
    written?;
    // Forces the directory to disk: without this a crash could lose the new name.
    File::open(directory)?.sync_all()
}

fn fill(path: &Path, bytes: &[u8]) -> io::Result<()> {
    // A leftover of a killed process with the same id is replaced.
    let mut file = File::create(path)?;
    file.write_all(bytes)?;
    file.sync_all()
}
