//! Texts as files spell them.

use std::borrow::Cow;

use super::node::Spelling;

/// A text from its bytes in the file; `None` where they are none.
pub(super) fn decode(spelling: Spelling, bytes: &[u8]) -> Option<Cow<'_, str>> {
    match spelling {
        Spelling::Plain => std::str::from_utf8(bytes).ok().map(Cow::Borrowed),
        Spelling::RawUnicode if bytes.iter().all(|b| b.is_ascii() && *b != b'\\') => plain(bytes),
        Spelling::RawUnicode => raw_unicode(bytes).map(Cow::Owned),
        Spelling::Literal | Spelling::Json | Spelling::JsonInJson if !bytes.contains(&b'\\') => plain(bytes),
        Spelling::Literal => literal(bytes).and_then(|bytes| String::from_utf8(bytes).ok()).map(Cow::Owned),
        Spelling::Json => json(bytes).map(Cow::Owned),
        Spelling::JsonInJson => json(bytes).and_then(|inner| json(inner.as_bytes())).map(Cow::Owned),
    }
}

fn plain(bytes: &[u8]) -> Option<Cow<'_, str>> {
    std::str::from_utf8(bytes).ok().map(Cow::Borrowed)
}

/// Bytes as latin-1, `\uXXXX` and `\UXXXXXXXX` as what they name.
fn raw_unicode(bytes: &[u8]) -> Option<String> {
    let mut text = String::with_capacity(bytes.len());
    let mut rest = bytes;
    while let Some((first, after)) = rest.split_first() {
        let width = match (first, after.first()) {
            (b'\\', Some(b'u')) => 4,
            (b'\\', Some(b'U')) => 8,
            _ => {
                text.push(char::from(*first));
                rest = after;
                continue;
            }
        };
        text.push(char::from_u32(hex(after.get(1..=width)?)?)?);
        rest = &after[width + 1..];
    }
    Some(text)
}

/// The bytes of a Python literal.
pub(super) fn literal(bytes: &[u8]) -> Option<Vec<u8>> {
    let mut made = Vec::with_capacity(bytes.len());
    let mut rest = bytes;
    while let Some((first, after)) = rest.split_first() {
        rest = after;
        if *first != b'\\' {
            made.push(*first);
            continue;
        }
        let (escape, after) = rest.split_first()?;
        rest = after;
        match escape {
            b'n' => made.push(b'\n'),
            b't' => made.push(b'\t'),
            b'r' => made.push(b'\r'),
            b'a' => made.push(7),
            b'b' => made.push(8),
            b'v' => made.push(11),
            b'f' => made.push(12),
            b'x' => {
                made.push(u8::try_from(hex(rest.get(..2)?)?).ok()?);
                rest = &rest[2..];
            }
            b'0'..=b'7' => {
                let mut value = u32::from(escape - b'0');
                while let Some((digit @ b'0'..=b'7', after)) = rest.split_first()
                    && value < 0o40
                {
                    value = value * 8 + u32::from(digit - b'0');
                    rest = after;
                }
                made.push(u8::try_from(value).ok()?);
            }
            b'\\' | b'\'' | b'"' => made.push(*escape),
            _ => made.extend([b'\\', *escape]),
        }
    }
    Some(made)
}

/// The text of a JSON string without its quotes; surrogates that stand alone become U+FFFD.
fn json(bytes: &[u8]) -> Option<String> {
    let mut text = String::with_capacity(bytes.len());
    let mut rest = std::str::from_utf8(bytes).ok()?;
    while let Some(at) = rest.find('\\') {
        text.push_str(&rest[..at]);
        let escape = rest.as_bytes().get(at + 1)?;
        let mut taken = at + 2;
        match escape {
            b'n' => text.push('\n'),
            b't' => text.push('\t'),
            b'r' => text.push('\r'),
            b'b' => text.push('\u{8}'),
            b'f' => text.push('\u{c}'),
            b'"' | b'\\' | b'/' => text.push(char::from(*escape)),
            b'u' => {
                let high = hex(rest.as_bytes().get(at + 2..at + 6)?)?;
                taken = at + 6;
                let low = match rest.as_bytes().get(taken..taken + 6) {
                    Some([b'\\', b'u', low @ ..]) if (0xd800..0xdc00).contains(&high) => hex(low),
                    _ => None,
                };
                match low.filter(|low| (0xdc00..0xe000).contains(low)) {
                    Some(low) => {
                        taken += 6;
                        text.extend(char::from_u32(0x1_0000 + ((high - 0xd800) << 10) + (low - 0xdc00)));
                    }
                    None => text.push(char::from_u32(high).unwrap_or(char::REPLACEMENT_CHARACTER)),
                }
            }
            _ => return None,
        }
        rest = rest.get(taken..)?;
    }
    text.push_str(rest);
    Some(text)
}

fn hex(digits: &[u8]) -> Option<u32> {
    digits.iter().try_fold(0, |value, digit| Some(value << 4 | char::from(*digit).to_digit(16)?))
}
