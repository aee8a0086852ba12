//! Texts cut short enough to send back or to print.

use std::borrow::Cow;

use super::printable::printable;

/// Text that a client sent, quoted and short enough to send back.
pub fn shortened(text: &str) -> String {
    const LONGEST: usize = 40;
    if text.chars().nth(LONGEST).is_none() {
        return format!("{text:?}");
    }
    format!("{:?}…", text.chars().take(LONGEST).collect::<String>())
}

/// A name as it is in a sentence: without quotes, and its end left out where it is longer than 64 characters.
pub fn brief(name: &str) -> Cow<'_, str> {
    const LONGEST: usize = 64;
    match name.char_indices().nth(LONGEST) {
        Some((end, _)) => Cow::Owned(format!("{}…", &name[..end])),
        None => Cow::Borrowed(name),
    }
}

/// The text, its middle left out where it would take more than `most` bytes in JSON.
pub fn within(text: Cow<'_, str>, most: usize) -> Cow<'_, str> {
    let in_json = |c: char| match c {
        '"' | '\\' => 2,
        c if c < ' ' => 6,
        c => c.len_utf8(),
    };
    if text.chars().map(in_json).sum::<usize>() <= most {
        return text;
    }
    let fitting = |chars: &mut dyn Iterator<Item = char>, mut left: usize| -> usize {
        let fits = |c: char| {
            left = left.checked_sub(in_json(c))?;
            Some(c.len_utf8())
        };
        chars.map_while(fits).sum()
    };
    let beginning = fitting(&mut text.chars(), most / 4 * 3);
    let end = text.len() - fitting(&mut text.chars().rev(), most / 4 - '…'.len_utf8());
    Cow::Owned(format!("{}…{}", &text[..beginning], &text[end..]))
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

/// `"RM", "TAX"`, eight at most, each shortened.
pub fn quoted(names: &[impl AsRef<str>]) -> String {
    const SHOWN: usize = 8;
    let shown = names.iter().take(SHOWN).map(|name| shortened(name.as_ref())).collect::<Vec<_>>().join(", ");
    let more = names.len().saturating_sub(SHOWN);
    if more == 0 { shown } else { format!("{shown} and {more} more") }
}
