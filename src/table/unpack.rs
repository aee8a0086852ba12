//! Files that are compressed with gzip or zstd, unpacked as they are read.

use std::io::{Cursor, Error, ErrorKind, Read};

use flate2::read::MultiGzDecoder;

use super::error::TableError;

/// Bytes that are enough to tell.
const ENOUGH: usize = 4;

/// The compressed formats that are read, by their first bytes.
pub(super) const GZIP: &[u8] = b"\x1f\x8b";
pub(super) const ZSTD: &[u8] = b"\x28\xb5\x2f\xfd";

/// What an input reads as without its compression, which is told by its first bytes; the input itself where it has none.
/// zstd takes up to 128 MiB for what a file may refer back to, gzip 32 KiB. Errors call it `name`.
///
/// # Errors
/// Reading the first bytes failed.
pub fn unpacked<'r>(mut input: impl Read + 'r, name: &str) -> Result<Box<dyn Read + 'r>, Error> {
    let mut start = Vec::with_capacity(ENOUGH);
    input.by_ref().take(ENOUGH as u64).read_to_end(&mut start)?;
    let (is_gzip, is_zstd) = (start.starts_with(GZIP), start.starts_with(ZSTD));
    let whole = Cursor::new(start).chain(input);
    if is_gzip {
        return Ok(Box::new(Unpacking { input: MultiGzDecoder::new(whole), format: "gzip", name: name.to_owned() }));
    }
    if is_zstd {
        let input = zstd::stream::read::Decoder::new(whole)?;
        return Ok(Box::new(Unpacking { input, format: "zstd", name: name.to_owned() }));
    }
    Ok(Box::new(whole))
}

/// A decoder whose errors say what they are of.
struct Unpacking<R> {
    input: R,
    format: &'static str,
    name: String,
}

impl<R: Read> Read for Unpacking<R> {
    fn read(&mut self, buffer: &mut [u8]) -> Result<usize, Error> {
        self.input.read(buffer).map_err(|e| match (e.kind(), e.raw_os_error()) {
            // The file itself could not be read.
            (ErrorKind::Interrupted, _) | (_, Some(_)) => e,
            _ => {
                let (name, format) = (&self.name, self.format);
                let what = format!("{name}: compressed with {format}, and damaged or cut off ({e}); copy it anew");
                Error::new(ErrorKind::InvalidData, TableError::Syntax(what))
            }
        })
    }
}
