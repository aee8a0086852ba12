//! Reading a model file and writing to standard output, as every command does it.

use std::io::Write;
use std::path::Path;

use crate::model::Model;
use crate::serve::loader;

use super::failure::{Exit, Failure};

/// Reads and checks a model file; its golden rows are compared apart.
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
/// 1 when it cannot be written; silently when the reader has closed the pipe.
pub fn print(text: &str) -> Result<(), Failure> {
    let mut out = std::io::stdout().lock();
    out.write_all(text.as_bytes()).and_then(|()| out.flush()).map_err(|e| Failure::writing("standard output", &e))
}
