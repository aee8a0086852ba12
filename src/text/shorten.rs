//! Texts cut short enough to send back or to print.

use super::printable::printable;

/// Text that a client sent, quoted and short enough to send back.
pub fn shortened(text: &str) -> String {
    const LONGEST: usize = 40;
    if text.chars().nth(LONGEST).is_none() {
        return format!("{text:?}");
    }
    format!("{:?}…", text.chars().take(LONGEST).collect::<String>())
}

/// The first bytes of a text, at most `most`.
pub fn beginning(text: &str, most: usize) -> &str {
    &text[..text.floor_char_boundary(most)]
}

/// A sentence that quotes what a client sent: hidden characters escaped, and its middle left out where it is longer
/// than some 200 characters.
pub fn cut(sentence: &str) -> String {
    const BEGINNING: usize = 150;
    const END: usize = 50;
    let shown = printable(sentence);
    let n = shown.chars().count();
    if n <= BEGINNING + END {
        return shown.into_owned();
    }
    shown.chars().take(BEGINNING).chain(['…']).chain(shown.chars().skip(n - END)).collect()
}

/// `"RM", "TAX"`, eight at most.
pub fn quoted(names: &[String]) -> String {
    const SHOWN: usize = 8;
    let shown = names.iter().take(SHOWN).map(|name| format!("{name:?}")).collect::<Vec<_>>().join(", ");
    let more = names.len().saturating_sub(SHOWN);
    if more == 0 { shown } else { format!("{shown} and {more} more") }
}
