//! Words that mean "no value" in a table of text.

/// Words that mean "no value" in a numeric column, besides an empty cell; case does not count.
pub const MISSING_WORDS: [&str; 10] = ["NA", "N/A", "#N/A", "<NA>", "NaN", "null", "None", "?", "-", "."];

/// How pandas writes a missing date, besides these words.
pub const NOT_A_TIME: &str = "NaT";

/// True for one of [`MISSING_WORDS`], without white space around it.
pub fn is_missing_word(text: &str) -> bool {
    MISSING_WORDS.iter().any(|word| word.eq_ignore_ascii_case(text))
}
