//! Finds the end of a head in the bytes of a connection.
//!
//! hyper's parser reads ahead. Knowing the end, the socket's wrapper hands it one head and no byte after it, so that it is
//! always known whether the next head has begun. A head that hyper refuses may end elsewhere; only that knowledge is lost.

/// A head being received.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct HeadScanner {
    /// Bytes so far; 0 after its end.
    pub(super) bytes: usize,
    /// A line that is not empty has begun. Empty lines before the request line do not count (RFC 9112 §2.2).
    begun: bool,
    /// The current line is not empty.
    in_line: bool,
    /// The value of its only `Content-Length` line, if that line came in one piece: after the end of the head, hyper is
    /// sure to find the same.
    pub(super) content_length: Option<u64>,
}

impl HeadScanner {
    /// How many of `bytes` belong to this head; the rest follows it, or would make it longer than `limit`. If the end was
    /// among them, this is ready for the next head. At least 1, because a read of 0 bytes means the end of the stream.
    pub(super) fn take(&mut self, bytes: &[u8], limit: usize) -> usize {
        let bytes = &bytes[..bytes.len().min(limit.saturating_sub(self.bytes).max(1))];
        let mut line = 0;
        if self.bytes == 0 {
            self.content_length = None;
        }
        for newline in memchr::memchr_iter(b'\n', bytes) {
            let is_empty = !self.in_line && bytes[line..newline].iter().all(|b| *b == b'\r');
            if is_empty && self.begun {
                *self = Self { content_length: self.content_length, ..Self::default() };
                return newline + 1;
            }
            if let Some(length) = content_length(&bytes[line..newline]) {
                // hyper decides about a second one.
                self.content_length = Some(length).filter(|_| self.content_length.is_none());
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

/// The number in a `Content-Length` line.
fn content_length(line: &[u8]) -> Option<u64> {
    const NAME: &[u8] = b"content-length:";
    let (name, value) = line.split_at_checked(NAME.len())?;
    let value = value.trim_ascii();
    if !name.eq_ignore_ascii_case(NAME) || !value.iter().all(u8::is_ascii_digit) {
        return None;
    }
    str::from_utf8(value).ok()?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    const LIMIT: usize = 1000;

    #[test]
    fn a_head_ends_after_its_first_empty_line_however_it_is_cut() {
        let text = b"\r\n\nGET / HTTP/1.1\r\nA: b\n\r\nBODY";
        let end = text.len() - 4;
        for cut in 0..text.len() {
            let mut head = HeadScanner::default();
            let first = head.take(&text[..cut], LIMIT);
            assert_eq!(first, cut.min(end));
            if cut < end {
                assert_eq!(head.bytes, cut);
                assert_eq!(head.take(&text[cut..], LIMIT), end - cut);
            }
            assert_eq!(head.bytes, 0);
        }
    }

    #[test]
    fn a_length_is_known_after_the_end_of_a_head_that_came_whole_and_tells_one() {
        let length = |text: &str| {
            let mut head = HeadScanner::default();
            head.take(text.as_bytes(), LIMIT);
            head.content_length
        };
        assert_eq!(length("POST / HTTP/1.1\r\ncontent-LENGTH: 17 \r\nA: b\r\n\r\n"), Some(17));
        for other in ["Content-Length: +1", "Content-Length:", "X-Content-Length: 1", "Content-Length: 1, 1"] {
            assert_eq!(length(&format!("POST / HTTP/1.1\r\n{other}\r\n\r\n")), None, "{other}");
        }
        assert_eq!(length("POST / HTTP/1.1\r\nContent-Length: 1\r\nContent-Length: 1\r\n\r\n"), None);
        // The next head does not inherit it.
        let mut head = HeadScanner::default();
        head.take(b"POST / HTTP/1.1\r\nContent-Length: 1\r\n\r\n", LIMIT);
        head.take(b"GET / HTTP/1.1\r\n\r\n", LIMIT);
        assert_eq!(head.content_length, None);
    }

    #[test]
    fn bare_newlines_end_a_head_too() {
        assert_eq!(HeadScanner::default().take(b"GET / HTTP/1.1\n\nrest", LIMIT), 16);
    }

    #[test]
    fn a_head_gets_no_more_than_its_limit_but_never_nothing() {
        let mut head = HeadScanner::default();
        assert_eq!(head.take(&[b'x'; LIMIT - 1], LIMIT), LIMIT - 1);
        assert_eq!(head.take(b"xx", LIMIT), 1);
        assert_eq!(head.take(b"xx", LIMIT), 1);
    }
}
