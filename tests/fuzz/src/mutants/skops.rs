//! skops archives: the document among the members is changed as JSON, arrays by their heads and elements.

use super::random::rearrange;
use super::zip::{Member, put_together, take_apart};
use super::{Random, buffer, json, words};

/// The document.
const DOCUMENT: &[u8] = b"schema.json";

/// Bytes of a `.npy` file before its head.
const BEFORE_HEAD: usize = 10;

/// An archive with one part changed.
pub fn change(file: &[u8], random: &mut Random) -> Option<Vec<u8>> {
    let mut members = take_apart(file)?;
    if members.is_empty() {
        return None;
    }
    match random.below(16) {
        0..=9 => {
            let document = members.iter_mut().find(|member| member.name == DOCUMENT)?;
            document.bytes = json::change(&document.bytes, random)?;
        }
        10..=13 => {
            let (arrays, at): (Vec<&mut Member>, _) =
                (members.iter_mut().filter(|member| member.name != DOCUMENT).collect(), random.below(1 << 20));
            let n = arrays.len().max(1);
            change_array(&mut arrays.into_iter().nth(at % n)?.bytes, random)?;
        }
        14 => rearrange(&mut members, random),
        _ => {
            let other = random.pick(&members).clone();
            let at = random.below(members.len());
            match random.below(4) {
                0 => members[at].name = other.name,
                1 => members[at].bytes = other.bytes,
                2 => members[at].is_deflated = !other.is_deflated,
                _ => members[at].name.truncate(4),
            }
        }
    }
    // Compressing takes longer than all else; what reads it has seeds.
    if !random.one_in(16) {
        members.iter_mut().for_each(|member| member.is_deflated = false);
    }
    put_together(&members, random)
}

/// Changes a `.npy` file: its head, which is made as long as it says again, or its elements.
fn change_array(bytes: &mut Vec<u8>, random: &mut Random) -> Option<()> {
    let length = [*bytes.get(8)?, *bytes.get(9)?];
    let end = BEFORE_HEAD + usize::from(u16::from_le_bytes(length));
    if bytes.len() < end || !random.one_in(4) {
        buffer::change(bytes, random);
        return Some(());
    }
    const HEADS: [(&[u8], &[u8]); 8] = [
        (b"f8", b"f4"),
        (b"f8", b"i8"),
        (b"<", b">"),
        (b"False", b"True"),
        (b"i8", b"u8"),
        (b"(", b"(1, "),
        (b",)", b", 1)"),
        (b"'", b"("),
    ];
    let head = &bytes[BEFORE_HEAD..end];
    let (old, new) = *random.pick(&HEADS);
    let head = match head.windows(old.len()).position(|window| window == old) {
        Some(at) if random.one_in(2) => [&head[..at], new, &head[at + old.len()..]].concat(),
        _ => words::change(head, random)?,
    };
    let length = u16::try_from(head.len()).ok()?.to_le_bytes();
    *bytes = [&bytes[..8], &length, &head, &bytes[end..]].concat();
    Some(())
}
