//! `deflate`: zlib's format as RFC 9110 has it, or bare DEFLATE, which some clients send under the same name. The first two
//! bytes tell: zlib's are a multiple of 31 that names its method.

use std::io;

use flate2::{Decompress, FlushDecompress, Status};

/// Capacity added for inflated bytes at one time.
const OUTPUT_STEP: usize = 16 << 10;

/// A body being inflated.
#[derive(Debug, Default)]
pub(super) struct Deflate {
    /// The first byte, until the second one has come.
    first: Option<u8>,
    decoder: Option<Decompress>,
    has_ended: bool,
    /// Inflated bytes that were not taken.
    pub(super) inflated: Vec<u8>,
}

impl Deflate {
    /// Inflates more bytes.
    ///
    /// # Errors
    /// They are not DEFLATE, the checksum differs, or bytes follow the end.
    pub(super) fn write(&mut self, bytes: &[u8]) -> io::Result<()> {
        if self.decoder.is_some() {
            return self.inflate(bytes);
        }
        let head: Vec<u8> = self.first.into_iter().chain(bytes.iter().copied()).collect();
        match *head {
            [] => Ok(()),
            [only] => {
                self.first = Some(only);
                Ok(())
            }
            [first, second, ..] => {
                let is_zlib = first & 0x0F == 8 && u16::from_be_bytes([first, second]).is_multiple_of(31);
                self.decoder = Some(Decompress::new(is_zlib));
                self.inflate(&head)
            }
        }
    }

    /// Checks that the body is whole.
    ///
    /// # Errors
    /// It broke off.
    pub(super) fn finish(&self) -> io::Result<()> {
        if self.has_ended { Ok(()) } else { Err(io::ErrorKind::UnexpectedEof.into()) }
    }

    fn inflate(&mut self, mut bytes: &[u8]) -> io::Result<()> {
        let Some(decoder) = &mut self.decoder else { return Ok(()) };
        while !self.has_ended {
            self.inflated.reserve(OUTPUT_STEP);
            let (before_in, before_out) = (decoder.total_in(), self.inflated.len());
            let status = decoder.decompress_vec(bytes, &mut self.inflated, FlushDecompress::None)?;
            let taken = usize::try_from(decoder.total_in() - before_in).unwrap_or(bytes.len());
            bytes = &bytes[taken..];
            self.has_ended = status == Status::StreamEnd;
            let is_idle = taken == 0 && self.inflated.len() == before_out;
            let is_full = self.inflated.len() == self.inflated.capacity();
            if is_idle || bytes.is_empty() && !is_full {
                break;
            }
        }
        if bytes.is_empty() { Ok(()) } else { Err(io::Error::new(io::ErrorKind::InvalidData, "bytes follow its end")) }
    }
}
