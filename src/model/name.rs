//! What a model may be called.

/// Checks a model's name: `[A-Za-z0-9][A-Za-z0-9._-]*`, 64 characters at most, so that it fits paths and labels.
///
/// # Errors
/// One sentence.
pub fn check_name(name: &str) -> Result<(), String> {
    let plain = |b: u8| b.is_ascii_alphanumeric() || matches!(b, b'.' | b'_' | b'-');
    let starts_well = name.bytes().next().is_some_and(|b| b.is_ascii_alphanumeric());
    if starts_well && name.len() <= 64 && name.bytes().all(plain) {
        return Ok(());
    }
    Err(format!("the name {name:?} is not 1 to 64 letters, digits, '.', '_' or '-', beginning with a letter or digit"))
}
