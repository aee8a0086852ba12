//! Inflates gzip and deflate bodies step by step.
//!
//! A thousand bytes may become a million: the caller checks its limits between two chunks.

use std::io::{self, Write as _};

use axum::body::Bytes;
use flate2::write::MultiGzDecoder;

use super::deflate::Deflate;

/// Compressed bytes per step; DEFLATE makes at most 1,032 times as many of them.
const STEP: usize = 64;

/// After this many compressed bytes a chunk is given out however short it is: blocks and members may be empty.
pub(super) const MAX_TAKEN: usize = 4 << 10;

/// A chunk is given out when it has this many bytes.
const CHUNK: usize = 32 << 10;

/// How a body is compressed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Encoding {
    /// gzip (RFC 1952); several members after one another are one body.
    Gzip,
    /// `deflate`: zlib's format (RFC 1950), or bare DEFLATE as some clients send it.
    Deflate,
}

impl Encoding {
    /// Its name in errors.
    pub(super) fn as_str(self) -> &'static str {
        match self {
            Self::Gzip => "gzip",
            Self::Deflate => "deflate",
        }
    }
}

#[derive(Debug)]
enum Decoder {
    Gzip(MultiGzDecoder<Vec<u8>>),
    Deflate(Deflate),
}

impl Decoder {
    /// The inflated bytes that were not taken.
    fn inflated(&mut self) -> &mut Vec<u8> {
        match self {
            Self::Gzip(decoder) => decoder.get_mut(),
            Self::Deflate(decoder) => &mut decoder.inflated,
        }
    }

    fn write(&mut self, bytes: &[u8]) -> io::Result<()> {
        match self {
            Self::Gzip(decoder) => decoder.write_all(bytes),
            Self::Deflate(decoder) => decoder.write(bytes),
        }
    }

    fn flush(&mut self) -> io::Result<()> {
        match self {
            Self::Gzip(decoder) => decoder.flush(),
            Self::Deflate(_) => Ok(()),
        }
    }

    fn finish(&mut self) -> io::Result<()> {
        match self {
            Self::Gzip(decoder) => decoder.try_finish(),
            Self::Deflate(decoder) => decoder.finish(),
        }
    }
}

/// A body being inflated.
#[derive(Debug)]
pub(super) struct Inflater {
    encoding: Encoding,
    decoder: Decoder,
    /// Compressed bytes that are not inflated yet.
    waiting: Bytes,
    has_begun: bool,
}

impl Inflater {
    /// At the beginning of a body.
    pub(super) fn new(encoding: Encoding) -> Self {
        let decoder = match encoding {
            Encoding::Gzip => Decoder::Gzip(MultiGzDecoder::new(Vec::new())),
            Encoding::Deflate => Decoder::Deflate(Deflate::default()),
        };
        Self { encoding, decoder, waiting: Bytes::new(), has_begun: false }
    }

    /// How the body is compressed.
    pub(super) fn encoding(&self) -> Encoding {
        self.encoding
    }

    /// The next bytes of the body, less than 136 KiB of them and maybe not one; none when more compressed ones are needed.
    /// Beside them the number of compressed bytes that they took, at most [`MAX_TAKEN`].
    ///
    /// # Errors
    /// They are not of the encoding.
    pub(super) fn next(&mut self) -> io::Result<Option<(Bytes, usize)>> {
        if self.waiting.is_empty() {
            return Ok(None);
        }
        let mut taken = 0;
        while !self.waiting.is_empty() && self.decoder.inflated().len() < CHUNK && taken < MAX_TAKEN {
            let n = self.waiting.len().min(STEP);
            taken += n;
            self.decoder.write(&self.waiting.split_to(n))?;
        }
        if self.waiting.is_empty() {
            self.decoder.flush()?;
        }
        Ok(Some((std::mem::take(self.decoder.inflated()).into(), taken)))
    }

    /// Adds compressed bytes. The ones before must have been taken: [`Inflater::next`] gave none.
    pub(super) fn feed(&mut self, bytes: Bytes) {
        self.has_begun |= !bytes.is_empty();
        self.waiting = bytes;
    }

    /// The last bytes, when all compressed ones have come.
    ///
    /// # Errors
    /// The body broke off, or its checksum does not fit.
    pub(super) fn finish(&mut self) -> io::Result<Option<Bytes>> {
        if self.has_begun {
            self.decoder.finish()?;
        }
        let piece = std::mem::take(self.decoder.inflated());
        Ok((!piece.is_empty()).then(|| piece.into()))
    }
}

#[cfg(test)]
mod tests {
    use std::io::Write as _;

    use axum::body::Bytes;
    use flate2::Compression;
    use flate2::write::{DeflateEncoder, GzEncoder, ZlibEncoder};

    use super::{Encoding, Inflater, MAX_TAKEN};

    fn gzip(bytes: &[u8]) -> Vec<u8> {
        let mut encoder = GzEncoder::new(Vec::new(), Compression::best());
        encoder.write_all(bytes).unwrap();
        encoder.finish().unwrap()
    }

    fn zlib(bytes: &[u8]) -> Vec<u8> {
        let mut encoder = ZlibEncoder::new(Vec::new(), Compression::best());
        encoder.write_all(bytes).unwrap();
        encoder.finish().unwrap()
    }

    fn bare(bytes: &[u8]) -> Vec<u8> {
        let mut encoder = DeflateEncoder::new(Vec::new(), Compression::best());
        encoder.write_all(bytes).unwrap();
        encoder.finish().unwrap()
    }

    /// Inflates gzip, as [`inflate_as`].
    fn inflate(bytes: &[u8], n: usize) -> std::io::Result<(usize, Vec<u8>)> {
        inflate_as(Encoding::Gzip, bytes, n)
    }

    /// Inflates it, fed in chunks of `n` bytes; the longest piece that came out, and all of them.
    fn inflate_as(encoding: Encoding, bytes: &[u8], n: usize) -> std::io::Result<(usize, Vec<u8>)> {
        let (mut inflater, mut all, mut longest) = (Inflater::new(encoding), Vec::new(), 0);
        for chunk in bytes.chunks(n) {
            inflater.feed(Bytes::copy_from_slice(chunk));
            while let Some((piece, taken)) = inflater.next()? {
                assert!(taken <= MAX_TAKEN, "{taken}");
                longest = longest.max(piece.len());
                all.extend_from_slice(&piece);
            }
        }
        all.extend_from_slice(&inflater.finish()?.unwrap_or_default());
        Ok((longest, all))
    }

    #[test]
    fn what_was_compressed_comes_back_in_small_pieces() {
        let text: Vec<u8> = (0..100_000_u32).flat_map(|i| i.to_string().into_bytes()).collect();
        let zeros = vec![0; 10 << 20];
        for body in [text.as_slice(), &zeros, b"", b"x"] {
            for n in [1, 100, 1 << 20] {
                for (encoding, compressed) in
                    [(Encoding::Gzip, gzip(body)), (Encoding::Deflate, zlib(body)), (Encoding::Deflate, bare(body))]
                {
                    let (longest, all) = inflate_as(encoding, &compressed, n).unwrap();
                    assert!(all == body && longest < 136 << 10, "{encoding:?} {longest}");
                }
            }
        }
        let two = [gzip(b"one,"), gzip(b"two")].concat();
        assert_eq!(inflate(&two, 7).unwrap().1, b"one,two");
    }

    #[test]
    fn what_is_cut_or_changed_or_no_gzip_is_refused() {
        let whole = gzip(b"a body of some length, and no more");
        for cut in 1..whole.len() {
            assert!(inflate(&whole[..cut], 1_000).is_err(), "{cut}");
        }
        let mut changed = whole.clone();
        let last = changed.len() - 6;
        changed[last] ^= 1;
        assert!(inflate(&changed, 1_000).is_err());
        assert!(inflate(b"{\"x\":1}", 1_000).is_err());
        let body = b"a body of some length, and no more";
        for whole in [zlib(body), bare(body)] {
            for cut in 1..whole.len() {
                assert!(inflate_as(Encoding::Deflate, &whole[..cut], 1_000).is_err(), "{cut}");
            }
            assert!(inflate_as(Encoding::Deflate, &[whole.as_slice(), b"trailing"].concat(), 7).is_err());
        }
        let mut changed = zlib(body);
        *changed.last_mut().unwrap() ^= 1;
        assert!(inflate_as(Encoding::Deflate, &changed, 1_000).is_err());
        assert!(inflate_as(Encoding::Deflate, b"{\"x\":1}", 1_000).is_err());
        assert!(inflate(&[whole.as_slice(), b"trailing"].concat(), 1_000).is_err());
    }

    #[test]
    fn what_came_so_far_is_given_out_without_waiting_for_more() {
        let mut encoder = GzEncoder::new(Vec::new(), Compression::fast());
        encoder.write_all(b"a line\n").unwrap();
        encoder.flush().unwrap();
        let mut inflater = Inflater::new(Encoding::Gzip);
        inflater.feed(encoder.get_ref().clone().into());
        assert_eq!(inflater.next().unwrap().unwrap().0, "a line\n");
        assert_eq!(inflater.next().unwrap(), None);
    }
}
