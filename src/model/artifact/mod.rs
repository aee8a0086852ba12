//! The file a model lives in: laid out like safetensors: ten lines of any language read its head.
//!
//! 8 bytes little-endian header length N (≤ 16 MiB) · N bytes of UTF-8 JSON ([`Header`]) · the payload ·
//! the 32-byte SHA-256 of all that precedes it. The hash is for integrity; authenticity is a signature's work.

mod evaluation;
mod header;
mod importance;
mod keys;
mod memory;

use std::fmt::Write;

use sha2::{Digest, Sha256};

pub use evaluation::{Coverage, Evaluation, Figures, KFoldFigures};
pub use header::{
    CalibrationInfo, FORMAT, FORMAT_NEUTRAL, Golden, GoldenCell, GoldenPrediction, Header, Origin, Payload, SMARTCORE,
    Section, Setting, Threshold,
};
pub use importance::{FeatureImportance, Importance};
pub use memory::most_memory;

/// Bytes of the JSON head at most: 16 MiB.
pub const MAX_HEADER_BYTES: usize = 16 << 20;

/// The largest number of sections.
pub const MAX_SECTIONS: usize = 64;

/// Bytes of the length that a file begins with.
const LENGTH_BYTES: usize = 8;

/// Bytes of the hash that a file ends with.
pub const HASH_BYTES: usize = 32;

/// Sections that this build knows, and how their bytes are to be read.
const KNOWN_SECTIONS: [(&str, &str); 10] = [
    ("estimator", "postcard"),
    ("neutral", "neutral"),
    ("shares", "postcard"),
    ("cover", "postcard"),
    ("node_weights", "postcard"),
    ("column_means", "postcard"),
    ("calibration", "postcard"),
    ("out_of_fold", "postcard"),
    ("calibrator", "postcard"),
    ("threshold", "postcard"),
];

/// The encoding of a section that this build knows.
fn encoding_of(name: &str) -> Option<&'static str> {
    KNOWN_SECTIONS.iter().find(|(known, _)| *known == name).map(|(_, encoding)| *encoding)
}

/// An artifact taken apart: hash, head and table of contents agree; what is in them has yet to be checked.
#[derive(Debug)]
pub struct Opened<'a> {
    /// The head.
    pub header: Header,
    /// Bytes of the head's JSON.
    pub head_bytes: usize,
    /// First 12 hex digits of the SHA-256.
    pub version: String,
    sections: Vec<(String, &'a [u8])>,
}

impl<'a> Opened<'a> {
    /// The bytes of a section, if there is one of that name.
    pub fn section(&self, name: &str) -> Option<&'a [u8]> {
        self.sections.iter().find(|(n, _)| n == name).map(|(_, bytes)| *bytes)
    }
}

/// Writes an artifact's bytes; `sections` are (name, bytes, required) in order, and fill `header.payload`.
/// The same header and sections give the same bytes.
///
/// # Errors
/// One sentence when the header exceeds [`MAX_HEADER_BYTES`] or a limit of its texts, or holds a number that JSON
/// cannot.
pub fn to_bytes(mut header: Header, sections: &[(&str, Vec<u8>, bool)]) -> Result<Vec<u8>, String> {
    let entry = |(name, bytes, required): &(&str, Vec<u8>, bool)| Section {
        name: (*name).to_owned(),
        encoding: encoding_of(name).unwrap_or("postcard").to_owned(),
        bytes: bytes.len() as u64,
        required: *required,
    };
    let total: usize = sections.iter().map(|(_, bytes, _)| bytes.len()).sum();
    header.payload = Payload { bytes: total as u64, sections: sections.iter().map(entry).collect() };
    let head = serde_json::to_vec(&header).map_err(|e| format!("the header: {e}"))?;
    if head.len() > MAX_HEADER_BYTES {
        let (got, most) = (head.len(), MAX_HEADER_BYTES);
        return Err(format!("the header takes {got} bytes, more than {most}: use fewer features"));
    }
    keys::check(&String::from_utf8_lossy(&head)).map_err(|e| format!("the header: {e}"))?;
    let mut file = Vec::with_capacity(LENGTH_BYTES + head.len() + total + HASH_BYTES);
    file.extend((head.len() as u64).to_le_bytes());
    file.extend(head);
    for (_, bytes, _) in sections {
        file.extend_from_slice(bytes);
    }
    let hash = Sha256::digest(&file);
    file.extend_from_slice(&hash);
    Ok(file)
}

/// The SHA-256 that a file ends with, in hex: what names a version. `None` when the file is too short to have one.
pub fn stored_hash(file: &[u8]) -> Option<String> {
    let (_, hash) = file.split_last_chunk::<HASH_BYTES>()?;
    Some(hash.iter().fold(String::with_capacity(2 * HASH_BYTES), |mut hex, byte| {
        let _ = write!(hex, "{byte:02x}");
        hex
    }))
}

/// Takes an artifact apart: length and hash first, so that nothing else is looked at in a damaged file.
///
/// # Errors
/// One line: what is wrong with the file's frame, its hash, its JSON or its table of contents.
pub fn open(file: &[u8]) -> Result<Opened<'_>, String> {
    check_hash(file, || hash_of(file))?;
    open_unhashed(file)
}

/// The same for a file whose hash is checked meanwhile, by [`check_hash`], before anything in it is used.
///
/// # Errors
/// As [`open`], but of the hash.
pub fn open_unhashed(file: &[u8]) -> Result<Opened<'_>, String> {
    let (head, payload) = frame(file)?;
    let text = std::str::from_utf8(head).map_err(|e| format!("the header is not UTF-8: {e}"))?;
    keys::check(text).map_err(|e| format!("the header: {e}"))?;
    check_format(text)?;
    let header: Header = serde_json::from_str(text).map_err(|e| format!("the header does not fit: {e}"))?;
    let sections = sections(&header.payload, payload)?;
    let version = stored_hash(file).map(|hash| hash[..12].to_owned()).unwrap_or_default();
    Ok(Opened { header, head_bytes: head.len(), version, sections })
}

/// SHA-256 of what the hash that an artifact ends with is of: all bytes but the last [`HASH_BYTES`].
pub fn hash_of(file: &[u8]) -> [u8; HASH_BYTES] {
    Sha256::digest(&file[..file.len().saturating_sub(HASH_BYTES)]).into()
}

/// Checks that a file ends with its hash; `hash` is its [`hash_of`], which is not asked for a file that is cut off.
///
/// # Errors
/// One line: the file is cut off or damaged.
pub fn check_hash(file: &[u8], hash: impl FnOnce() -> [u8; HASH_BYTES]) -> Result<(), String> {
    frame(file)?;
    if file.ends_with(&hash()) {
        return Ok(());
    }
    Err("it is damaged: its SHA-256 does not match; copy it again or train it again".to_owned())
}

/// The head's and the payload's bytes.
fn frame(file: &[u8]) -> Result<(&[u8], &[u8]), String> {
    let too_short = || format!("{} bytes are too few for a model", file.len());
    let (length, rest) = file.split_first_chunk::<LENGTH_BYTES>().ok_or_else(too_short)?;
    let (body, _hash) = rest.split_last_chunk::<HASH_BYTES>().ok_or_else(too_short)?;
    let length = u64::from_le_bytes(*length);
    match usize::try_from(length) {
        Ok(n) if n > MAX_HEADER_BYTES => {
            Err("not a smartserve model: its first 8 bytes are not a header's length".to_owned())
        }
        Ok(n) if n <= body.len() => Ok(body.split_at(n)),
        _ => Err(format!("it is cut off: a header of {length} bytes in {} bytes", file.len())),
    }
}

/// Reads `format` and `smartcore` alone, so that a newer artifact is told apart from a wrong one.
fn check_format(text: &str) -> Result<(), String> {
    #[derive(serde::Deserialize)]
    struct Format {
        format: String,
        #[serde(default)]
        smartcore: Option<String>,
    }
    let head: Format = serde_json::from_str(text).map_err(|e| format!("the header does not fit: {e}"))?;
    match head.format.as_str() {
        FORMAT => {}
        FORMAT_NEUTRAL => return Ok(()),
        got => return Err(format!("its format is {got:?}, this build reads {FORMAT:?} and {FORMAT_NEUTRAL:?}")),
    }
    match head.smartcore.as_deref() {
        Some(SMARTCORE) => Ok(()),
        Some(got) => Err(format!(
            "its estimator was written by smartcore {got:?}, this build reads {SMARTCORE:?}: train it again"
        )),
        None => Err("the header does not fit: missing field `smartcore`".to_owned()),
    }
}

/// Cuts the payload by its table of contents.
fn sections<'a>(declared: &Payload, payload: &'a [u8]) -> Result<Vec<(String, &'a [u8])>, String> {
    if declared.bytes != payload.len() as u64 {
        let (expected, got) = (declared.bytes, payload.len());
        return Err(format!("the header declares {expected} bytes of payload, there are {got}"));
    }
    if declared.sections.len() > MAX_SECTIONS {
        return Err(format!("{} sections are more than {MAX_SECTIONS}", declared.sections.len()));
    }
    let mut rest = payload;
    let mut found: Vec<(String, &[u8])> = Vec::with_capacity(declared.sections.len());
    for Section { name, encoding, bytes, required } in &declared.sections {
        let known = encoding_of(name);
        if *required && known.is_none() {
            return Err(format!("it needs the section {name:?}, which this build does not know"));
        }
        if found.iter().any(|(n, _)| n == name) {
            return Err(format!("the section {name:?} is there twice"));
        }
        if let Some(known) = known.filter(|known| known != encoding) {
            return Err(format!("the section {name:?} is encoded as {encoding:?}, not {known}"));
        }
        let cut = usize::try_from(*bytes).ok().filter(|n| *n <= rest.len());
        let Some(cut) = cut else {
            return Err(format!("the section {name:?} of {bytes} bytes is longer than the payload"));
        };
        let (section, after) = rest.split_at(cut);
        found.push((name.clone(), section));
        rest = after;
    }
    if rest.is_empty() {
        return Ok(found);
    }
    Err(format!("{} bytes of payload belong to no section", rest.len()))
}
