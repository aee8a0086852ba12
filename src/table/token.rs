//! What one cell's text may be: a number, nothing, or text. One definition for training and for serving.

use crate::text::number::parse_number;

/// Words that mean "no value" in a numeric column, besides an empty cell; case does not count.
pub const MISSING_WORDS: [&str; 6] = ["NA", "N/A", "NaN", "null", "None", "?"];

/// Words for numbers that are not finite; case and sign do not count.
const INFINITE_WORDS: [&str; 2] = ["inf", "infinity"];

/// A cell's text, judged without knowing its column.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) enum Token {
    /// Nothing between the commas but white space.
    Empty,
    /// One of [`MISSING_WORDS`].
    MissingWord,
    /// A finite number.
    Number(f64),
    /// `inf`, or digits beyond the range of `f64`.
    Infinite,
    /// Anything else.
    Text,
}

/// Judges a cell's text; white space around it does not count.
pub(super) fn judge(text: &str) -> Token {
    let text = text.trim();
    if text.is_empty() {
        return Token::Empty;
    }
    match parse_number(text) {
        Some(v) if v.is_finite() => Token::Number(v),
        Some(_) => Token::Infinite,
        None if is_missing_word(text) => Token::MissingWord,
        None if is_infinite_word(text) => Token::Infinite,
        None => Token::Text,
    }
}

/// True for one of [`MISSING_WORDS`], without white space around it.
pub fn is_missing_word(text: &str) -> bool {
    MISSING_WORDS.iter().any(|word| word.eq_ignore_ascii_case(text))
}

fn is_infinite_word(text: &str) -> bool {
    let text = text.strip_prefix(['+', '-']).unwrap_or(text);
    INFINITE_WORDS.iter().any(|word| word.eq_ignore_ascii_case(text))
}
