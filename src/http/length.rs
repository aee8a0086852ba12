//! How long a text will be, before there is memory for it.

use std::io::{self, Write};

/// How many bytes `write` writes.
///
/// # Errors
/// As `write`.
pub(super) fn length(write: impl Fn(&mut dyn Write) -> io::Result<()>) -> io::Result<usize> {
    let mut length = Length(0);
    write(&mut length)?;
    Ok(length.0)
}

/// Counts what is written to it.
struct Length(usize);

impl Write for Length {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0 += bytes.len();
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}
