//! The words and signs of Rust source, without comments and with literals left out.

/// The tokens of a text: identifiers whole, `::` as one, every other sign alone. A literal is one `"`.
pub(crate) fn tokens(text: &str) -> Vec<String> {
    let chars: Vec<char> = text.chars().collect();
    let mut tokens = Vec::new();
    let mut i = 0;
    while i < chars.len() {
        let at = |k: usize| chars.get(i + k).copied().unwrap_or(' ');
        let c = chars[i];
        if c == '/' && at(1) == '/' {
            i += until(&chars[i..], |rest| rest[0] == '\n');
        } else if c == '/' && at(1) == '*' {
            i += comment(&chars[i..]);
        } else if let Some(length) = raw_string(&chars[i..]) {
            tokens.push("\"".to_owned());
            i += length;
        } else if c == '"' || (matches!(c, 'b' | 'c') && at(1) == '"') {
            let start = if c == '"' { 1 } else { 2 };
            tokens.push("\"".to_owned());
            i += start + quoted(&chars[i + start..], '"');
        } else if c == '\'' && (at(1) == '\\' || at(2) == '\'') {
            tokens.push("\"".to_owned());
            i += 1 + quoted(&chars[i + 1..], '\'');
        } else if c.is_alphabetic() || c == '_' {
            let length = until(&chars[i..], |rest| !(rest[0].is_alphanumeric() || rest[0] == '_'));
            tokens.push(chars[i..i + length].iter().collect());
            i += length;
        } else if c == ':' && at(1) == ':' {
            tokens.push("::".to_owned());
            i += 2;
        } else {
            if !c.is_whitespace() {
                tokens.push(c.to_string());
            }
            i += 1;
        }
    }
    tokens
}

/// How many characters come before the place where `is_end` holds.
fn until(chars: &[char], is_end: impl Fn(&[char]) -> bool) -> usize {
    (0..chars.len()).find(|&k| is_end(&chars[k..])).unwrap_or(chars.len())
}

/// The length of a comment between `/*` and `*/`, which nest.
fn comment(chars: &[char]) -> usize {
    let (mut depth, mut i) = (0, 0);
    while i < chars.len() {
        match (chars[i], chars.get(i + 1)) {
            ('/', Some('*')) => (depth, i) = (depth + 1, i + 2),
            ('*', Some('/')) => (depth, i) = (depth - 1, i + 2),
            _ => i += 1,
        }
        if depth == 0 {
            break;
        }
    }
    i
}

/// The length of a literal's rest, its closing quote included.
fn quoted(chars: &[char], quote: char) -> usize {
    let mut i = 0;
    while i < chars.len() && chars[i] != quote {
        i += if chars[i] == '\\' { 2 } else { 1 };
    }
    i + 1
}

/// The length of `r"…"`, `r#"…"#`, `br"…"`, if one starts here.
fn raw_string(chars: &[char]) -> Option<usize> {
    let prefix = chars.iter().take(2).take_while(|c| matches!(c, 'b' | 'c' | 'r')).count();
    if prefix == 0 || chars[prefix - 1] != 'r' {
        return None;
    }
    let hashes = chars[prefix..].iter().take_while(|c| **c == '#').count();
    let start = prefix + hashes + 1;
    if chars.get(start - 1) != Some(&'"') {
        return None;
    }
    let is_end = |rest: &[char]| rest[0] == '"' && rest.len() > hashes && rest[1..=hashes].iter().all(|c| *c == '#');
    Some(start + until(&chars[start..], is_end) + 1 + hashes)
}
