//! What one cell's text may be: a number, nothing, or text. One definition for training and for serving.

use super::options::TextOptions;
use crate::text::missing::is_missing_word;
use crate::text::number::{leading, parse_number};

/// Words for numbers that are not finite; case and sign do not count.
const INFINITE_WORDS: [&str; 2] = ["inf", "infinity"];

/// A cell's text, judged without knowing its column.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) enum Token {
    /// Nothing between the delimiters but white space, or a word of [`TextOptions::missing`].
    Empty,
    /// One of [`MISSING_WORDS`](crate::text::missing::MISSING_WORDS).
    MissingWord,
    /// A finite number.
    Number(f64),
    /// `inf`, or digits beyond the range of `f64`.
    Infinite,
    /// Anything else.
    Text,
}

/// Judges a cell's text; white space around it does not count.
pub(super) fn judge(text: &str, options: &TextOptions) -> Token {
    let is_plain = options.are_cells_plain();
    // Nearly all cells are numbers of few digits.
    if let Some((number, _)) = leading(text.as_bytes()).filter(|(_, length)| is_plain && *length == text.len()) {
        return Token::Number(number);
    }
    let text = text.trim();
    if text.is_empty() || options.is_missing(text) {
        return Token::Empty;
    }
    match if is_plain { parse_number(text) } else { options.numerals.parse(text) } {
        Some(v) if v.is_finite() => Token::Number(v),
        Some(_) => Token::Infinite,
        None if is_missing_word(text) => Token::MissingWord,
        None if is_infinite_word(text) => Token::Infinite,
        None => Token::Text,
    }
}

fn is_infinite_word(text: &str) -> bool {
    let text = text.strip_prefix(['+', '-']).unwrap_or(text);
    INFINITE_WORDS.iter().any(|word| word.eq_ignore_ascii_case(text))
}
