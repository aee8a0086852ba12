//! Compressed pickles: zlib and gzip, within a bound on what they become.

use std::borrow::Cow;
use std::io::{self, Read};

use zlib_rs::{Inflate, InflateFlush, Status};

use crate::import::error::ImportError;

/// Inflated bytes that any file may have.
const LEAST: usize = 64 << 20;

/// Inflated bytes at most, as a multiple of the file's.
const MOST_PER_BYTE: usize = 200;

/// The largest number of inflated bytes.
const MOST: usize = 1 << 30;

/// What a file of this many bytes may inflate to.
pub(super) fn limit(n_bytes: usize) -> usize {
    n_bytes.saturating_mul(MOST_PER_BYTE).clamp(LEAST, MOST)
}

/// A file's bytes, inflated if they are compressed.
///
/// # Errors
/// The compression is another one, is cut off, or makes too much of too little.
pub(super) fn inflate(bytes: &[u8]) -> Result<Cow<'_, [u8]>, ImportError> {
    let by_name = match bytes {
        [0x78, 0x01 | 0x5e | 0x9c | 0xda, ..] => {
            return read(Inflater::new(Format::Zlib, bytes), bytes.len()).map(Cow::Owned);
        }
        [0x1f, 0x8b, ..] => return read(Inflater::new(Format::Gzip, bytes), bytes.len()).map(Cow::Owned),
        [b'B', b'Z', b'h', ..] => "bzip2",
        [0xfd, b'7', b'z', b'X', b'Z', ..] => "xz",
        [0x5d, 0, 0, ..] => "lzma",
        [0x04, 0x22, 0x4d, 0x18, ..] => "lz4",
        [b'Z', b'F', ..] => "joblib's old format of before 0.10",
        _ => return Ok(Cow::Borrowed(bytes)),
    };
    Err(ImportError::new(format_args!(
        "it is compressed by {by_name}, which is not read: write it again with joblib.dump(model, path, compress=3)"
    )))
}

/// Bytes of a file, inflated; [`limit`] and one where there are more. Keeps none of them.
pub(super) fn length(bytes: &[u8]) -> usize {
    let count = |decoder: &mut dyn Read| {
        let mut bounded = decoder.take(limit(bytes.len()) as u64 + 1);
        // What is broken is refused where it is read; until there it has this length.
        let (mut n, mut room) = (0, [0; 8 << 10]);
        while let Ok(some @ 1..) = bounded.read(&mut room) {
            n += some;
        }
        n
    };
    match bytes {
        [0x78, 0x01 | 0x5e | 0x9c | 0xda, ..] => count(&mut Inflater::new(Format::Zlib, bytes)),
        [0x1f, 0x8b, ..] => count(&mut Inflater::new(Format::Gzip, bytes)),
        _ => bytes.len(),
    }
}

/// All that a decoder gives, if it is not too much.
pub(super) fn read(decoder: impl Read, n_bytes: usize) -> Result<Vec<u8>, ImportError> {
    let limit = limit(n_bytes);
    let mut inflated = Vec::new();
    let bounded = decoder.take(limit as u64 + 1);
    { bounded }
        .read_to_end(&mut inflated)
        .map_err(|e| ImportError::new(format_args!("its compression is broken: {e}")))?;
    if inflated.len() > limit {
        return Err(ImportError::new(format_args!("it inflates to more than {limit} bytes, too much for its size")));
    }
    Ok(inflated)
}

/// What is around DEFLATE.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Format {
    /// Nothing.
    Deflate,
    /// zlib's two bytes and checksum.
    Zlib,
    /// gzip's head and checksum; several members are one.
    Gzip,
}

impl Format {
    fn decoder(self) -> Inflate {
        match self {
            Self::Deflate => Inflate::new(false, 15),
            Self::Zlib => Inflate::new(true, 15),
            // As zlib counts its window, 16 says that it is gzip.
            Self::Gzip => Inflate::new(true, 15 + 16),
        }
    }
}

/// Inflates bytes that are all there.
pub(super) struct Inflater<'a> {
    format: Format,
    /// None between two members and at the end.
    decoder: Option<Inflate>,
    rest: &'a [u8],
}

impl<'a> Inflater<'a> {
    /// Before the first byte.
    pub(super) fn new(format: Format, bytes: &'a [u8]) -> Self {
        Self { format, decoder: Some(format.decoder()), rest: bytes }
    }
}

impl Read for Inflater<'_> {
    fn read(&mut self, room: &mut [u8]) -> io::Result<usize> {
        while !room.is_empty() {
            let decoder = match &mut self.decoder {
                Some(decoder) => decoder,
                None if self.format == Format::Gzip && !self.rest.is_empty() => {
                    self.decoder.insert(self.format.decoder())
                }
                None => return Ok(0),
            };
            let (before_in, before_out) = (decoder.total_in(), decoder.total_out());
            let status = decoder.decompress(self.rest, room, InflateFlush::NoFlush);
            let status = status.map_err(|_| io::Error::other("a byte does not fit"))?;
            let (taken, made) = (decoder.total_in() - before_in, decoder.total_out() - before_out);
            // Neither is more than the slice holds.
            self.rest = usize::try_from(taken).ok().and_then(|taken| self.rest.get(taken..)).unwrap_or_default();
            if status == Status::StreamEnd {
                self.decoder = None;
            } else if taken == 0 && made == 0 {
                return Err(io::Error::new(io::ErrorKind::UnexpectedEof, "it is cut off"));
            }
            if made > 0 {
                return Ok(usize::try_from(made).unwrap_or(room.len()));
            }
        }
        Ok(0)
    }
}
