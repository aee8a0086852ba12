//! Finds the end of a chunked body in the bytes of a connection (RFC 9112 §7.1).
//!
//! Without it hyper would get the bytes behind the body too, and the next head unscanned. It also finds what hyper
//! takes and a proxy may read otherwise: a line that ends with a bare LF.

use std::io;

/// A chunked body being received.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct ChunkScanner {
    part: Part,
    /// The last byte of the line was a carriage return.
    after_return: bool,
}

/// Which part comes next.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Part {
    /// The line with a chunk's size, of which this was read; true once its digits are over.
    Size(u64, bool),
    /// This many bytes of data.
    Data(u64),
    /// The line's end behind the data.
    DataEnd,
    /// A line of the trailer section; true when it has begun.
    Trailer(bool),
}

impl Default for Part {
    fn default() -> Self {
        Self::Size(0, false)
    }
}

impl ChunkScanner {
    /// How many of `bytes` belong to this body, and whether it ends with them; then this is ready for the next body.
    ///
    /// # Errors
    /// A line does not end with CR LF, or has a CR elsewhere; data is longer than its size; a size is no number.
    pub(super) fn take(&mut self, bytes: &[u8]) -> io::Result<(usize, bool)> {
        let mut at = 0;
        while at < bytes.len() {
            if let Part::Data(left) = &mut self.part {
                let n = usize::try_from(*left).unwrap_or(usize::MAX).min(bytes.len() - at);
                *left -= n as u64;
                at += n;
                if *left == 0 {
                    self.part = Part::DataEnd;
                }
                continue;
            }
            let byte = bytes[at];
            at += 1;
            if byte == b'\n' && self.after_return {
                self.after_return = false;
                if self.end_line() {
                    *self = Self::default();
                    return Ok((at, true));
                }
            } else if byte == b'\n' || self.after_return {
                return Err(refused("a line of a chunked body does not end with CR LF"));
            } else if byte == b'\r' {
                self.after_return = true;
            } else {
                self.add(byte)?;
            }
        }
        Ok((at, false))
    }

    /// Goes on behind a line; true at the body's end.
    fn end_line(&mut self) -> bool {
        self.part = match self.part {
            Part::Size(0, _) | Part::Trailer(true) => Part::Trailer(false),
            Part::Size(size, _) => Part::Data(size),
            Part::Trailer(false) => return true,
            Part::Data(_) | Part::DataEnd => Part::default(),
        };
        false
    }

    /// Reads a byte of a line.
    fn add(&mut self, byte: u8) -> io::Result<()> {
        match &mut self.part {
            Part::Size(_, true) => {}
            Part::Size(size, is_over) => match char::from(byte).to_digit(16) {
                Some(digit) => {
                    let more = size.checked_mul(16).and_then(|size| size.checked_add(u64::from(digit)));
                    *size = more.ok_or_else(|| refused("a chunk's size is too large"))?;
                }
                None if matches!(byte, b' ' | b'\t' | b';') => *is_over = true,
                None => return Err(refused("a chunk's size is no hexadecimal number")),
            },
            Part::Trailer(has_begun) => *has_begun = true,
            Part::Data(_) | Part::DataEnd => return Err(refused("a chunk is longer than its size")),
        }
        Ok(())
    }
}

fn refused(what: &str) -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, what)
}

#[cfg(test)]
mod tests {
    use super::ChunkScanner;

    #[test]
    fn a_body_ends_with_its_trailers_however_it_is_cut() {
        let text = b"3;a=b\r\n{\n}\r\n0A \r\n0123456789\r\n0\r\nX: y\r\nZ:\r\n\r\nGET /";
        let end = text.len() - 5;
        for cut in 0..=end {
            let mut body = ChunkScanner::default();
            let (n, ended) = body.take(&text[..cut]).unwrap();
            assert_eq!((n, ended), (cut, cut == end), "cut at {cut}");
            if !ended {
                assert_eq!(body.take(&text[cut..]).unwrap(), (end - cut, true), "cut at {cut}");
            }
        }
    }

    #[test]
    fn lines_that_end_otherwise_are_refused() {
        for text in [
            "2\n{}\r\n",
            "2\r\n{}\n",
            "2;a\nb\r\n",
            "2;a\rb\r\n",
            "0\r\n\n",
            "0\n\n",
            "0\r\nX: y\n\r\n",
            "0\r\nX: y\r\n\n",
            "2\r\n{}}\r\n",
            "x\r\n",
            "10000000000000000\r\n",
        ] {
            assert!(ChunkScanner::default().take(text.as_bytes()).is_err(), "{text:?}");
        }
    }
}
