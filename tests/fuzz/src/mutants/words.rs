//! Words of texts: what stands between spaces, commas and brackets.

use super::Random;

/// What stands between words, in lines of `key=1 2 3` and in JSON.
const BETWEEN: &[u8] = b" =:\n,[]{}\"";

/// What a word becomes.
const WORDS: [&[u8]; 22] = [
    b"",
    b"0",
    b"1",
    b"2",
    b"3",
    b"-1",
    b"-2",
    b"-3",
    b"0.5",
    b"-0.0",
    b"1e308",
    b"1e-320",
    b"3.5e38",
    b"16777217",
    b"nan",
    b"NaN",
    b"-inf",
    b"255",
    b"65536",
    b"4294967295",
    b"-2147483648",
    b"18446744073709551615",
];

/// Another number, an extreme one or a neighbour, in place of this word.
pub(super) fn number(old: &[u8], random: &mut Random) -> Vec<u8> {
    let old = std::str::from_utf8(old).ok().and_then(|text| text.parse::<i64>().ok());
    match (old, random.below(4)) {
        (Some(n), 0) => n.wrapping_add(1).to_string().into_bytes(),
        (Some(n), 1) => n.wrapping_sub(1).to_string().into_bytes(),
        _ => random.pick(&WORDS).to_vec(),
    }
}

/// Puts a word in another's place, doubles the rest of a line or takes it away.
pub fn change(text: &[u8], random: &mut Random) -> Option<Vec<u8>> {
    let words = words(text);
    let (start, end) = *random.pick(&words);
    let end_of_line = |from: usize| text[from..].iter().position(|b| *b == b'\n').map_or(text.len(), |n| from + n);
    let (new, rest) = match random.below(5) {
        0 | 1 => (number(&text[start..end], random), end),
        2 => {
            let (from, to) = *random.pick(&words);
            (text[from..to].to_vec(), end)
        }
        // The word and the rest of its line again behind it; the rest of the line away.
        3 => (text[start..end_of_line(start)].to_vec(), start),
        _ => (Vec::new(), end_of_line(start)),
    };
    Some([&text[..start], &new, &text[rest..]].concat())
}

/// Where each word begins and ends.
fn words(text: &[u8]) -> Vec<(usize, usize)> {
    let mut words = Vec::new();
    let mut start = 0;
    for (at, byte) in text.iter().enumerate() {
        if BETWEEN.contains(byte) {
            words.push((start, at));
            start = at + 1;
        }
    }
    words.push((start, text.len()));
    words
}
