//! The caller's span, as W3C Trace Context has it.

use http::HeaderMap;
use http::header::HeaderName;

const TRACEPARENT: HeaderName = HeaderName::from_static("traceparent");

/// A valid `traceparent`: `VERSION-TRACE-SPAN-FLAGS`, lower-case hexadecimal. Its fields are kept as text.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct TraceParent {
    trace: [u8; 32],
    span: [u8; 16],
    /// The caller's own span is recorded.
    pub(super) is_sampled: bool,
}

impl TraceParent {
    /// That of a request; none where it has none, or an invalid one, or several. A higher version may have more fields
    /// at its end, version 00 may not (<https://www.w3.org/TR/trace-context/#versioning-of-traceparent>).
    pub(super) fn of(headers: &HeaderMap) -> Option<Self> {
        let mut values = headers.get_all(TRACEPARENT).iter();
        let text = values.next()?.as_bytes();
        let (fields, rest) = text.split_at_checked(55)?;
        let [version, trace, span, flags] = [&fields[..2], &fields[3..35], &fields[36..52], &fields[53..]];
        let is_hex = |text: &[u8]| text.iter().all(|b| matches!(b, b'0'..=b'9' | b'a'..=b'f'));
        let is_nonzero = |text: &[u8]| text.iter().any(|b| *b != b'0');
        let is_valid = [2, 35, 52].iter().all(|place| fields[*place] == b'-')
            && [version, trace, span, flags].into_iter().all(is_hex)
            && version != b"ff"
            && (rest.is_empty() || version != b"00" && rest[0] == b'-')
            && is_nonzero(trace)
            && is_nonzero(span)
            && values.next().is_none();
        let is_sampled = !matches!(flags[1], b'0' | b'2' | b'4' | b'6' | b'8' | b'a' | b'c' | b'e');
        is_valid.then_some(Self { trace: trace.try_into().ok()?, span: span.try_into().ok()?, is_sampled })
    }

    /// The trace's id: 32 hexadecimal digits.
    pub(super) fn trace(&self) -> &str {
        text(&self.trace)
    }

    /// The id of the caller's span: 16 hexadecimal digits.
    pub(super) fn span(&self) -> &str {
        text(&self.span)
    }
}

fn text(digits: &[u8]) -> &str {
    std::str::from_utf8(digits).expect("hexadecimal digits, as they were checked")
}
