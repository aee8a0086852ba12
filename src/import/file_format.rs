//! What a file is, by its first bytes.

use crate::model::artifact::MAX_HEADER_BYTES;

/// A file that may hold a model.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FileFormat {
    /// Written by `smartserve train` or `smartserve import`.
    Artifact,
    /// `XGBoost`'s JSON.
    XgboostJson,
    /// `XGBoost`'s UBJSON.
    XgboostUbjson,
    /// `XGBoost`'s binary format, given up in 3.1.
    XgboostBinary,
    /// `LightGBM`'s text.
    LightgbmText,
    /// A pickle, joblib's too, perhaps compressed.
    Pickle,
    /// A zip archive: skops.
    Zip,
}

/// Bytes of a length in UBJSON at most, its type included.
const LENGTH: usize = 9;

impl FileFormat {
    /// Bytes of a file that are looked at.
    pub const HEAD: usize = 64;

    /// Recognises a file by its content; `None` for an unknown format.
    pub fn of(bytes: &[u8]) -> Option<Self> {
        if is_artifact(bytes) {
            return Some(Self::Artifact);
        }
        let head = &bytes[..bytes.len().min(Self::HEAD)];
        let text = head.trim_ascii_start();
        if let Some(rest) = text.strip_prefix(b"{") {
            let rest = rest.trim_ascii_start();
            // A key in JSON is a text; in UBJSON its length comes first, an integer of some width.
            if let Some(key) = rest.strip_prefix(b"\"") {
                return is_xgboosts(key).then_some(Self::XgboostJson);
            }
            let is_length = rest.first().is_some_and(|first| b"iIlLU".contains(first));
            let is_known = is_length && (1..rest.len().min(LENGTH + 1)).any(|at| is_xgboosts(&rest[at..]));
            return is_known.then_some(Self::XgboostUbjson);
        }
        match head {
            [b'b', b'i', b'n', b'f', ..] => Some(Self::XgboostBinary),
            [b'P', b'K', 3, 4, ..] => Some(Self::Zip),
            // Protocol 2 and above, and what joblib compresses with: zlib, gzip, and others that are refused by name.
            [0x80, 2..=15, ..]
            | [0x78, 0x01 | 0x5e | 0x9c | 0xda, ..]
            | [0x1f, 0x8b, ..]
            | [0x5d, 0, 0, ..]
            | [b'B', b'Z', b'h', ..]
            | [0xfd, b'7', b'z', b'X', b'Z', ..]
            | [0x04, 0x22, 0x4d, 0x18, ..] => Some(Self::Pickle),
            _ if text.starts_with(b"tree") => Some(Self::LightgbmText),
            // Protocols 0 and 1 begin with a global, a mark or an empty collection.
            [b'c', rest @ ..] if rest.contains(&b'\n') => Some(Self::Pickle),
            [b'(' | b']' | b'}' | b')', ..] => Some(Self::Pickle),
            _ => None,
        }
    }
}

/// What is said of a tar archive.
pub(super) const TAR: &str =
    "it is a tar archive: unpack it into a directory (tar -xf F -C DIR) and give the directory";

/// True for a tar archive as today's programs write it.
pub(super) fn is_tar(bytes: &[u8]) -> bool {
    const MAGIC: std::ops::Range<usize> = 257..262;
    bytes.get(MAGIC) == Some(b"ustar")
}

/// True for what `dump_model` of `XGBoost` (text or JSON) and of `LightGBM` (JSON) writes.
pub(super) fn is_dump(bytes: &[u8]) -> bool {
    let head = bytes[..bytes.len().min(FileFormat::HEAD)].trim_ascii_start();
    head.starts_with(b"booster[0]:")
        || begins_with(head, "[{\"nodeid\":")
        || begins_with(head, "{\"name\":\"tree\",\"version\":")
}

/// Endings of a pickle that begins without a mark: protocols 0 and 1.
const PICKLES: [&str; 3] = [".pkl", ".pickle", ".joblib"];

impl FileFormat {
    /// True when the first bytes prove that a file of a directory is a model, so that other files there are skipped. Of
    /// pickles without a mark, which many texts begin like, the name's ending decides.
    pub fn is_surely_a_model(head: &[u8], name: &str) -> bool {
        let text = head.trim_ascii_start();
        let key = |key: &str| text.strip_prefix(b"{").is_some_and(|rest| begins_with(rest, key));
        match Self::of(head) {
            None => false,
            Some(Self::XgboostJson) => key("\"learner\":") || key("\"version\":["),
            Some(Self::LightgbmText) => text.starts_with(b"tree\n") || text.starts_with(b"tree\r\n"),
            Some(Self::Pickle)
                if head.first().is_some_and(|first| b"c(]})".contains(first)) && !head.starts_with(&[0x5d, 0, 0]) =>
            {
                PICKLES.iter().any(|ending| name.ends_with(ending))
            }
            Some(_) => true,
        }
    }
}

/// True where JSON begins with these bytes, white space left out.
fn begins_with(json: &[u8], expected: &str) -> bool {
    let bytes = json.iter().filter(|byte| !byte.is_ascii_whitespace());
    bytes.take(expected.len()).eq(expected.as_bytes())
}

/// True where the first key is one that `XGBoost` writes: of a model, or of a pickled booster.
fn is_xgboosts(key: &[u8]) -> bool {
    [&b"learner"[..], b"version", b"Config", b"Model"].iter().any(|known| key.starts_with(known))
}

/// True for a header's length, then a JSON object.
fn is_artifact(bytes: &[u8]) -> bool {
    let Some((length, rest)) = bytes.split_first_chunk::<8>() else { return false };
    u64::from_le_bytes(*length) <= MAX_HEADER_BYTES as u64 && rest.first() == Some(&b'{')
}
