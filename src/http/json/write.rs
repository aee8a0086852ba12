//! Appends JSON to a byte buffer: the numbers, strings and lists of an answer.
//!
//! An answer is one long array of numbers: each is written as it is computed, without a `serde_json` value.

/// Appends a finite number; the text is always valid JSON.
pub use crate::text::number::append as number;

/// Appends a string with its quotes.
pub fn string(out: &mut Vec<u8>, text: &str) {
    let _ = serde_json::to_writer(out, text);
}

/// Appends a whole number.
pub fn whole(out: &mut Vec<u8>, value: usize) {
    out.extend_from_slice(itoa::Buffer::new().format(value).as_bytes());
}

/// Returns a string with its quotes, for callers that write it many times.
pub fn quoted(text: &str) -> Vec<u8> {
    let mut out = Vec::with_capacity(text.len() + 2);
    string(&mut out, text);
    out
}

/// Appends `items` as `write` writes them, with commas between.
#[inline]
pub fn separated<T>(out: &mut Vec<u8>, items: impl IntoIterator<Item = T>, mut write: impl FnMut(&mut Vec<u8>, T)) {
    for (i, item) in items.into_iter().enumerate() {
        if i > 0 {
            out.push(b',');
        }
        write(out, item);
    }
}
