//! Which character stands between the fields of a CSV input: said in it, or recognised by its first records.

use super::record::{Record, Split, without_cr};

/// What is recognised; of two that fit equally well the first is taken.
const CANDIDATES: [u8; 4] = [b'\t', b';', b'|', b','];

/// Records that are looked at.
const LOOKED_AT: usize = 64;

/// How well a delimiter fits: compared in this order.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
struct Fit {
    /// Names in the header that are known.
    known: usize,
    /// Whether at least half of the records are as wide as the header.
    agrees: bool,
    /// Whether all are.
    is_constant: bool,
}

/// The delimiter that Excel's line `sep=;` names, and that line's length with its end.
pub(super) fn said(start: &[u8]) -> Option<(u8, usize)> {
    let end = memchr::memchr(b'\n', start).map_or(start.len(), |end| end + 1);
    let line = start[..end].strip_suffix(b"\n").unwrap_or(&start[..end]);
    let line = without_cr(line);
    let line = line.strip_prefix(b"\"").and_then(|line| line.strip_suffix(b"\"")).unwrap_or(line);
    match line {
        [s, e, p, b'=', delimiter] if [*s, *e, *p].eq_ignore_ascii_case(b"sep") && delimiter.is_ascii() => {
            Some((*delimiter, end))
        }
        _ => None,
    }
}

/// Recognises the delimiter by the beginning of an input; `is_whole` says that nothing comes behind it, `is_known` which
/// names of columns are expected.
///
/// A character that is not in the first line is none. Of the others that one is taken under which the header has the
/// most known names, then under which the records are as wide as the header, then the first of the candidates: a comma
/// stands in numbers too.
pub(super) fn recognise(start: &[u8], is_whole: bool, is_known: impl Fn(&str) -> bool) -> u8 {
    let begin = start.iter().position(|byte| !matches!(byte, b'\r' | b'\n')).unwrap_or(start.len());
    let start = &start[begin..];
    let line = &start[..memchr::memchr(b'\n', start).unwrap_or(start.len())];
    let there = CANDIDATES.iter().copied().filter(|delimiter| line.contains(delimiter));
    let candidates: Vec<u8> = there.collect();
    if let [] | [b','] = candidates.as_slice() {
        return b',';
    }
    let mut best: Option<(Fit, u8)> = None;
    for delimiter in candidates {
        let (fit, width) = fit(start, delimiter, is_whole, &is_known);
        let is_possible = width > 1 && (fit.known > 0 || fit.agrees || delimiter == b',');
        if is_possible && best.is_none_or(|(other, _)| fit > other) {
            best = Some((fit, delimiter));
        }
    }
    best.map_or(b',', |(_, delimiter)| delimiter)
}

/// How well a delimiter fits, and the fields of the header under it.
fn fit(mut start: &[u8], delimiter: u8, is_whole: bool, is_known: impl Fn(&str) -> bool) -> (Fit, usize) {
    let mut record = Record::default();
    let (mut known, mut width, mut n, mut same) = (0, 0, 0, 0);
    while let Split::Record { length, is_bare, .. } = record.split(start, delimiter, is_whole) {
        start = &start[length..];
        if is_bare {
            continue;
        }
        if width == 0 {
            width = record.len();
            known = record.iter().filter(|name| is_known(name) || is_known(name.trim())).count();
            continue;
        }
        n += 1;
        same += usize::from(record.len() == width);
        if n == LOOKED_AT {
            break;
        }
    }
    (Fit { known, agrees: same * 2 >= n, is_constant: same == n }, width)
}
