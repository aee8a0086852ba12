//! Mutants that know what a word is: in texts with lists of numbers, most changes of single bytes end at the first number.

use libfuzzer_sys::fuzzer_mutate;

/// What stands between words, in lines of `key=1 2 3` and in JSON.
const BETWEEN: &[u8] = b" =:\n,[]{}\"";

/// What a word becomes.
const WORDS: [&[u8]; 18] = [
    b"",
    b"0",
    b"1",
    b"2",
    b"3",
    b"-1",
    b"-2",
    b"-3",
    b"0.5",
    b"1e308",
    b"1e-320",
    b"nan",
    b"-inf",
    b"255",
    b"65536",
    b"4294967295",
    b"-2147483648",
    b"18446744073709551615",
];

/// Changes an input in place; its new length. Half of the changes put a word in another's place, double the
/// rest of a line or take it away; the others are libFuzzer's own.
pub fn mutate(data: &mut [u8], size: usize, max_size: usize, seed: u32) -> usize {
    let mut random = seed | 1;
    let mut below = |n: usize| {
        random ^= random << 13;
        random ^= random >> 17;
        random ^= random << 5;
        random as usize % n.max(1)
    };
    let words = words(&data[..size]);
    if words.is_empty() || below(2) == 0 {
        return fuzzer_mutate(data, size, max_size);
    }
    let (start, end) = words[below(words.len())];
    let end_of_line = |from: usize| data[from..size].iter().position(|b| *b == b'\n').map_or(size, |n| from + n);
    let (new, rest) = match below(5) {
        0 | 1 => (WORDS[below(WORDS.len())].to_vec(), end),
        2 => {
            let (from, to) = words[below(words.len())];
            (data[from..to].to_vec(), end)
        }
        // The word and the rest of its line again behind it; the rest of the line away.
        3 => (data[start..end_of_line(start)].to_vec(), start),
        _ => (Vec::new(), end_of_line(start)),
    };
    let rest = data[rest..size].to_vec();
    let all: Vec<u8> = data[..start].iter().chain(&new).chain(&rest).copied().take(max_size).collect();
    data[..all.len()].copy_from_slice(&all);
    all.len()
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
