//! Flags of the command line in a sentence, so that a shell takes them as they stand.

/// A flag with a column's name, or a list's word: `--drop area`, `--drop 'Unnamed: 0'`, `--drop '"Population, total"'`.
/// A name with a comma or a quote is a field of a CSV record, as lists of names are.
pub fn flag(flag: &str, name: &str) -> String {
    let between = if name.starts_with('-') { '=' } else { ' ' };
    let record = if name.contains([',', '"']) { format!("\"{}\"", name.replace('"', "\"\"")) } else { name.to_owned() };
    format!("{flag}{between}{}", word(&record))
}

/// A word that a shell takes for one, in quotes where it needs them.
fn word(text: &str) -> String {
    let is_plain = |c: char| c.is_alphanumeric() || matches!(c, '_' | '-' | '.' | '/' | ':' | '@' | '%' | '+' | '=');
    if !text.is_empty() && text.chars().all(is_plain) {
        return text.to_owned();
    }
    format!("'{}'", text.replace('\'', r"'\''"))
}
