//! Inflates gzip and deflate bodies piece by piece.
//!
//! A thousand bytes may become a million or, of empty blocks and members, none: a piece is bounded by its length and by
//! the time that it takes, and the caller checks its limits between two pieces.

use std::io;
use std::time::Instant;

use axum::body::Bytes;
use bytes::Buf as _;
use zlib_rs::{Inflate, InflateFlush, Status};

/// Compressed bytes between two looks at the clock: at most 60 µs of work, where each dozen of them is a block of its
/// own.
const STEP: usize = 512;

/// The longest piece.
const PIECE: usize = 64 << 10;

/// The shortest room for a piece, and how many times as long as the compressed bytes it is: JSON becomes a quarter.
const LEAST_ROOM: usize = 1 << 10;
const ROOM: usize = 8;

/// The window of DEFLATE, as the power of two that zlib counts it by; with 16 added, of gzip's format.
const WINDOW: u8 = 15;
const GZIP: u8 = 16;

/// How a body is compressed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Encoding {
    /// gzip (RFC 1952); several members after one another are one body.
    Gzip,
    /// `deflate`: zlib's format (RFC 1950) as RFC 9110 has it, or bare DEFLATE, which some clients send under the same
    /// name.
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

/// A body being inflated.
pub(super) struct Inflater {
    encoding: Encoding,
    /// None before a member, and after the last one.
    decoder: Option<Inflate>,
    /// Compressed bytes that are not inflated yet.
    waiting: Bytes,
    /// Deflate's first byte, until the second one has come: the two tell its format.
    first: Option<u8>,
    /// The last piece had no room left: the decoder may hold more without more compressed bytes.
    is_full: bool,
    /// A member has ended.
    has_ended: bool,
    /// Compressed bytes that are inflated.
    taken: usize,
}

impl Inflater {
    /// At the beginning of a body.
    pub(super) fn new(encoding: Encoding) -> Self {
        Self { encoding, decoder: None, waiting: Bytes::new(), first: None, is_full: false, has_ended: false, taken: 0 }
    }

    /// How the body is compressed.
    pub(super) fn encoding(&self) -> Encoding {
        self.encoding
    }

    /// The number of compressed bytes that are not inflated yet.
    pub(super) fn waiting(&self) -> usize {
        self.waiting.len()
    }

    /// Adds compressed bytes. The ones before must have been taken: [`Inflater::next`] gave none.
    pub(super) fn feed(&mut self, bytes: Bytes) {
        self.waiting = match self.first.take() {
            Some(first) => [&[first], &bytes[..]].concat().into(),
            None => bytes,
        };
        if self.encoding == Encoding::Deflate && self.decoder.is_none() && !self.has_ended && self.waiting.len() == 1 {
            self.first = Some(self.waiting[0]);
            self.waiting.clear();
        }
    }

    /// The next piece of the body, at most 64 KiB and maybe nothing: what there is when `until` has come. None when
    /// more compressed bytes are needed.
    ///
    /// # Errors
    /// They are not of the encoding, a checksum does not fit, or bytes follow the end.
    pub(super) fn next(&mut self, until: Instant) -> io::Result<Option<Bytes>> {
        if self.waiting.is_empty() && !self.is_full {
            return Ok(None);
        }
        let room = if self.is_full { PIECE } else { self.waiting.len().saturating_mul(ROOM) };
        let mut piece = vec![0; room.clamp(LEAST_ROOM, PIECE)];
        let mut length = 0;
        loop {
            length += self.step(&mut piece[length..])?;
            if self.is_full || length == piece.len() || self.waiting.is_empty() || Instant::now() >= until {
                break;
            }
        }
        piece.truncate(length);
        Ok(Some(piece.into()))
    }

    /// Inflates a few bytes into `room`; how many that made.
    fn step(&mut self, room: &mut [u8]) -> io::Result<usize> {
        let decoder = match self.decoder.take() {
            Some(decoder) => decoder,
            None => self.begin()?,
        };
        let decoder = self.decoder.insert(decoder);
        let step = &self.waiting[..self.waiting.len().min(STEP)];
        let (before_in, before_out) = (decoder.total_in(), decoder.total_out());
        let status = decoder.decompress(step, room, InflateFlush::NoFlush);
        let (taken, made) = (decoder.total_in() - before_in, decoder.total_out() - before_out);
        // Neither is longer than the slice that it counts bytes of.
        let (taken, made) = (usize::try_from(taken).unwrap_or(step.len()), usize::try_from(made).unwrap_or(room.len()));
        self.waiting.advance(taken);
        self.taken += taken;
        // The library's own words are those of its parts.
        let status = status.map_err(|_| io::Error::other(format!("it is broken near byte {}", self.taken)))?;
        self.is_full = made == room.len();
        if status == Status::StreamEnd {
            (self.decoder, self.is_full, self.has_ended) = (None, false, true);
        }
        Ok(made)
    }

    /// The decoder of the member that begins with the waiting bytes.
    fn begin(&self) -> io::Result<Inflate> {
        match self.encoding {
            Encoding::Gzip => Ok(Inflate::new(true, WINDOW + GZIP)),
            Encoding::Deflate if self.has_ended => Err(io::Error::other("bytes follow its end")),
            Encoding::Deflate => {
                // zlib's two are a multiple of 31 and name its method.
                let head: [u8; 2] = self.waiting.first_chunk().copied().unwrap_or_default();
                let is_zlib = head[0] & 0x0F == 8 && u16::from_be_bytes(head).is_multiple_of(31);
                Ok(Inflate::new(is_zlib, WINDOW))
            }
        }
    }

    /// Checks that the body is whole, when all compressed bytes have come and been taken.
    ///
    /// # Errors
    /// It broke off.
    pub(super) fn finish(&self) -> io::Result<()> {
        if self.decoder.is_none() && self.first.is_none() { Ok(()) } else { Err(io::Error::other("it ends too early")) }
    }
}

#[cfg(test)]
mod tests {
    use std::io::Write as _;
    use std::time::{Duration, Instant};

    use axum::body::Bytes;
    use flate2::Compression;
    use flate2::write::{DeflateEncoder, GzEncoder, ZlibEncoder};

    use super::{Encoding, Inflater, PIECE};

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
            while let Some(piece) = inflater.next(Instant::now() + Duration::from_secs(9))? {
                longest = longest.max(piece.len());
                all.extend_from_slice(&piece);
            }
        }
        inflater.finish()?;
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
                    assert!(all == body && longest <= PIECE, "{encoding:?} {longest}");
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
        assert_eq!(inflater.next(Instant::now()).unwrap().unwrap(), "a line\n");
        assert_eq!(inflater.next(Instant::now()).unwrap(), None);
    }
}
