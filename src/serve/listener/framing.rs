//! Where a head ends in the bytes of a connection.
//!
//! Stands apart from hyper's parser, which reads ahead: knowing the end lets the socket's wrapper hand hyper a head and
//! not a byte of what follows, so that it is always known whether the next head has begun. Where the two disagree (a
//! head that hyper refuses) nothing is lost but that knowledge.

use super::MAX_BUFFER;

/// A head being received.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Head {
    /// Bytes so far.
    bytes: usize,
    /// A line has begun that is not empty. Empty lines before the request line do not count, as in RFC 9112 §2.2.
    begun: bool,
    /// The present line has something in it.
    in_line: bool,
}

impl Head {
    /// How many of `bytes` belong to this head; the rest belongs to what follows it, or is over [`MAX_BUFFER`].
    /// Afterwards this is ready for the next head if the end was among them.
    pub(super) fn take(&mut self, bytes: &[u8]) -> usize {
        // hyper refuses a head that fills its buffer without ending; should it not, a byte at a time is no end of stream.
        let bytes = &bytes[..bytes.len().min(MAX_BUFFER.saturating_sub(self.bytes).max(1))];
        let mut line = 0;
        for newline in memchr::memchr_iter(b'\n', bytes) {
            let is_empty = !self.in_line && bytes[line..newline].iter().all(|b| *b == b'\r');
            if is_empty && self.begun {
                *self = Self::default();
                return newline + 1;
            }
            self.begun |= !is_empty;
            self.in_line = false;
            line = newline + 1;
        }
        self.in_line |= bytes[line..].iter().any(|b| *b != b'\r');
        self.bytes += bytes.len();
        bytes.len()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_head_ends_after_its_first_empty_line_however_it_is_cut() {
        let text = b"\r\n\nGET / HTTP/1.1\r\nA: b\n\r\nBODY";
        let end = text.len() - 4;
        for cut in 0..text.len() {
            let mut head = Head::default();
            let first = head.take(&text[..cut]);
            assert_eq!(first, cut.min(end));
            if cut < end {
                assert_eq!(head.take(&text[cut..]), end - cut);
            }
        }
    }

    #[test]
    fn bare_newlines_end_a_head_too() {
        assert_eq!(Head::default().take(b"GET / HTTP/1.1\n\nrest"), 16);
    }

    #[test]
    fn a_head_never_gets_more_than_the_buffer() {
        let mut head = Head::default();
        assert_eq!(head.take(&vec![b'x'; MAX_BUFFER - 1]), MAX_BUFFER - 1);
        assert_eq!(head.take(b"xx"), 1);
        assert_eq!(head.take(b"xx"), 1, "none would be the end of the stream");
    }
}
