//! Finds the end of a head in the bytes of a connection.
//!
//! hyper's parser reads ahead, past the end of a request. The socket's wrapper stops at the end that is found here, so
//! that it always knows whether a next head has begun. Where hyper refuses a head, only that knowledge may be wrong.
//!
//! The scan also finds heads that hyper accepts but proxies may read otherwise (request smuggling).

/// Why a head that hyper accepts is refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum HeadFault {
    /// A line ends without a carriage return (RFC 9112 §2.2 lets a server take it; a proxy may not).
    BareNewline,
    /// A transfer coding other than one `chunked`.
    TransferCoding,
}

/// The field of transfer codings, and a name of the same length that has no meaning.
const CODING_NAME: &[u8] = b"transfer-encoding";
const HIDDEN_NAME: &[u8] = b"x-transfer-coding";

/// A head being received.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct HeadScanner {
    /// Bytes so far; 0 after its end.
    pub(super) bytes: usize,
    /// A line that is not empty has begun. Empty lines before the request line do not count (RFC 9112 §2.2), but they
    /// end as others do.
    begun: bool,
    /// The current line is not empty.
    in_line: bool,
    /// The value of its only `Content-Length` line, if that line came in one piece: after the end of the head, hyper is
    /// sure to find the same.
    pub(super) content_length: Option<u64>,
    /// The fault found so far; after the head's end, that of the whole head.
    pub(super) fault: Option<HeadFault>,
    /// The last byte of the current line so far is a carriage return.
    after_return: bool,
    /// Lines with a transfer coding.
    codings: usize,
}

impl HeadScanner {
    /// How many of `bytes` belong to this head; the rest follows it, or would make it longer than `limit`. If the end
    /// was among them, this is ready for the next head. At least 1, because a read of 0 bytes means the end of the
    /// stream.
    pub(super) fn take(&mut self, bytes: &[u8], limit: usize) -> usize {
        let bytes = &bytes[..bytes.len().min(limit.saturating_sub(self.bytes).max(1))];
        if self.bytes == 0 {
            *self = Self::default();
        }
        let mut line = 0;
        for newline in memchr::memchr_iter(b'\n', bytes) {
            let text = &bytes[line..newline];
            let is_empty = !self.in_line && text.iter().all(|b| *b == b'\r');
            let has_return = text.last().map_or(self.after_return, |last| *last == b'\r');
            if !has_return {
                self.fault = Some(HeadFault::BareNewline);
            }
            if is_empty && self.begun {
                *self = Self { content_length: self.content_length, fault: self.fault, ..Self::default() };
                return newline + 1;
            }
            if !self.in_line {
                self.read_field(text);
            }
            self.begun |= !is_empty;
            (self.in_line, self.after_return) = (false, false);
            line = newline + 1;
        }
        if let Some(last) = bytes[line..].last() {
            self.after_return = *last == b'\r';
        }
        self.in_line |= bytes[line..].iter().any(|b| *b != b'\r');
        self.bytes += bytes.len();
        bytes.len()
    }

    /// Looks at a line that came in one piece.
    fn read_field(&mut self, line: &[u8]) {
        // The first letter tells most fields from the two that matter.
        match line.first() {
            Some(b'c' | b'C') => {
                if let Some(length) = content_length(line) {
                    // hyper decides about a second one.
                    self.content_length = Some(length).filter(|_| self.content_length.is_none());
                }
            }
            Some(b't' | b'T') => {
                if let Some(coding) = transfer_coding(line) {
                    if self.codings > 0 || !coding.eq_ignore_ascii_case(b"chunked") {
                        self.fault = Some(HeadFault::TransferCoding);
                    }
                    self.codings += 1;
                }
            }
            _ => {}
        }
    }
}

/// Hides the fields that tell transfer codings from hyper, which would answer some of them itself, with another status,
/// and take the others. For a head that is refused: without them its body has no end.
pub(super) fn hide_codings(head: &mut [u8]) {
    for line in head.split_mut(|b| *b == b'\n') {
        if transfer_coding(line).is_some() {
            line[..CODING_NAME.len()].copy_from_slice(HIDDEN_NAME);
        }
    }
}

/// The value of a `Transfer-Encoding` line.
fn transfer_coding(line: &[u8]) -> Option<&[u8]> {
    let (name, value) = line.split_at_checked(CODING_NAME.len())?;
    let value = value.strip_prefix(b":")?;
    name.eq_ignore_ascii_case(CODING_NAME).then(|| value.trim_ascii())
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
            assert_eq!((head.bytes, head.fault), (0, Some(HeadFault::BareNewline)), "cut at {cut}");
        }
    }

    #[test]
    fn lines_that_end_as_they_should_have_no_fault_however_they_are_cut() {
        let text = b"\r\nGET / HTTP/1.1\r\nA: b\r\nTransfer-Encoding: chunked\r\n\r\n";
        for cut in 1..text.len() {
            let mut head = HeadScanner::default();
            head.take(&text[..cut], LIMIT);
            head.take(&text[cut..], LIMIT);
            assert_eq!((head.bytes, head.fault), (0, None), "cut at {cut}");
        }
    }

    fn scanned(text: &str) -> HeadScanner {
        let mut head = HeadScanner::default();
        head.take(text.as_bytes(), LIMIT);
        head
    }

    #[test]
    fn a_transfer_coding_that_is_not_ours_is_found() {
        let fault = |fields: &str| scanned(&format!("POST / HTTP/1.1\r\n{fields}\r\n\r\n")).fault;
        for fields in ["Transfer-Encoding: chunked", "TRANSFER-ENCODING:Chunked ", "X-Transfer-Encoding: gzip"] {
            assert_eq!(fault(fields), None, "{fields}");
        }
        for value in
            ["gzip", "identity", "", "gzip, chunked", "chunked, gzip", "xchunked", "chunked;q=1", "\u{b}chunked"]
        {
            assert_eq!(fault(&format!("transfer-encoding: {value}")), Some(HeadFault::TransferCoding), "{value}");
        }
        let twice = "Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked";
        assert_eq!(fault(twice), Some(HeadFault::TransferCoding));
        // The next head does not inherit it.
        let mut head = scanned("GET / HTTP/1.1\r\nTransfer-Encoding: gzip\r\n\r\n");
        head.take(b"GET / HTTP/1.1\r\n\r\n", LIMIT);
        assert_eq!(head.fault, None);
    }

    #[test]
    fn hidden_codings_leave_all_else_as_it_was() {
        let mut head =
            b"POST / HTTP/1.1\r\nTransfer-Encoding: gzip\r\nA: Transfer-Encoding: x\r\ntransfer-encoding:y\n\r\n"
                .to_vec();
        hide_codings(&mut head);
        let hidden =
            b"POST / HTTP/1.1\r\nx-transfer-coding: gzip\r\nA: Transfer-Encoding: x\r\nx-transfer-coding:y\n\r\n";
        assert_eq!(head, hidden);
    }

    #[test]
    fn a_length_is_known_after_the_end_of_a_head_that_came_whole_and_tells_one() {
        let length = |text: &str| scanned(text).content_length;
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
        // Nor is the end of another field one.
        let mut head = HeadScanner::default();
        head.take(b"POST / HTTP/1.1\r\nX-", LIMIT);
        head.take(b"Content-Length: 1\r\n\r\n", LIMIT);
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
