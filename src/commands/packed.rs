//! Output that is compressed as its name says.

use std::io::{self, Write};
use std::path::Path;

use flate2::Compression;
use flate2::write::GzEncoder;

/// How an output is compressed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Packing {
    /// It is not.
    None,
    /// `.gz`.
    Gzip,
    /// `.zst`.
    Zstd,
}

impl Packing {
    /// What the end of a file's name says, and the name without it.
    pub(super) fn of(path: &Path) -> (Self, &Path) {
        let packing = match path.extension().and_then(|ending| ending.to_str()).map(str::to_ascii_lowercase).as_deref()
        {
            Some("gz") => Self::Gzip,
            Some("zst") => Self::Zstd,
            _ => return (Self::None, path),
        };
        (packing, path.file_stem().map_or(path, Path::new))
    }
}

/// An output, and what compresses it.
pub(super) enum Packed<W: Write> {
    /// As it is.
    Plain(W),
    /// One member of gzip.
    Gzip(Box<GzEncoder<W>>),
    /// One frame of zstd.
    Zstd(Box<zstd::Encoder<'static, W>>),
}

impl<W: Write> Packed<W> {
    /// Begins an output.
    ///
    /// # Errors
    /// There is no memory for it.
    pub(super) fn new(packing: Packing, out: W) -> io::Result<Self> {
        Ok(match packing {
            Packing::None => Self::Plain(out),
            Packing::Gzip => Self::Gzip(Box::new(GzEncoder::new(out, Compression::default()))),
            // 0 is zstd's own default, 3.
            Packing::Zstd => Self::Zstd(Box::new(zstd::Encoder::new(out, 0)?)),
        })
    }

    /// Ends it; gives back where it went.
    ///
    /// # Errors
    /// It cannot be written.
    pub(super) fn finish(self) -> io::Result<W> {
        match self {
            Self::Plain(out) => Ok(out),
            Self::Gzip(encoder) => encoder.finish(),
            Self::Zstd(encoder) => encoder.finish(),
        }
    }
}

impl<W: Write> Write for Packed<W> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        match self {
            Self::Plain(out) => out.write(bytes),
            Self::Gzip(encoder) => encoder.write(bytes),
            Self::Zstd(encoder) => encoder.write(bytes),
        }
    }

    fn flush(&mut self) -> io::Result<()> {
        match self {
            Self::Plain(out) => out.flush(),
            Self::Gzip(encoder) => encoder.flush(),
            Self::Zstd(encoder) => encoder.flush(),
        }
    }
}
