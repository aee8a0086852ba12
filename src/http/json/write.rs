//! Writing JSON straight to bytes: what answers are made of.
//!
//! Stands apart from serde's derive because a prediction's answer is one long array of numbers: it is written in one
//! pass, without a value per number.

/// Appends a finite number, the shortest text that reads back as the same bits (`25.0`, not `25`).
#[inline]
pub fn number(out: &mut Vec<u8>, value: f64) {
    // Writing to a vector does not fail; a number is not text that could not be written.
    let _ = serde_json::to_writer(out, &value);
}

/// Appends a string with its quotes.
pub fn string(out: &mut Vec<u8>, text: &str) {
    let _ = serde_json::to_writer(out, text);
}

/// Appends a whole number.
pub fn whole(out: &mut Vec<u8>, value: usize) {
    out.extend_from_slice(itoa::Buffer::new().format(value).as_bytes());
}

/// A string with its quotes, to be written many times.
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
