//! Reading a model file and writing to standard output, as every command does it.

use std::fs::File;
use std::io::{Read, Write};
use std::path::Path;

use crate::model::Model;

use super::failure::{Exit, Failure};

/// Bytes of a model file at most: 2 GiB. A larger one is not a model but a mistake, and reading it would take the
/// machine's memory.
const MAX_MODEL_BYTES: u64 = 2 << 30;

/// Reads and checks a model file; its golden rows are compared apart.
///
/// # Errors
/// 66 when there is no such file, 65 when it is not a valid model.
pub fn load(path: &Path) -> Result<Model, Failure> {
    let bytes = read(path)?;
    Model::load(&bytes).map_err(|e| Failure::new(Exit::Data, format_args!("{}: {e}", path.display())))
}

/// Reads a whole file of bounded size.
///
/// # Errors
/// 66 when there is no such file, 65 when it is too large, 1 when it cannot be read.
pub fn read(path: &Path) -> Result<Vec<u8>, Failure> {
    let file = File::open(path).map_err(|e| Failure::reading(path, &e))?;
    let mut bytes = Vec::new();
    let n = file.take(MAX_MODEL_BYTES + 1).read_to_end(&mut bytes).map_err(|e| Failure::reading(path, &e))?;
    if n as u64 > MAX_MODEL_BYTES {
        let what = format_args!("{}: more than {MAX_MODEL_BYTES} bytes is not a model", path.display());
        return Err(Failure::new(Exit::Data, what));
    }
    Ok(bytes)
}

/// Writes text to standard output.
///
/// # Errors
/// 1 when it cannot be written; silently when the reader has closed the pipe.
pub fn print(text: &str) -> Result<(), Failure> {
    let mut out = std::io::stdout().lock();
    out.write_all(text.as_bytes()).and_then(|()| out.flush()).map_err(|e| Failure::writing("standard output", &e))
}
