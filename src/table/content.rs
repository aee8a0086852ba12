//! What an input is, by its first bytes: text of some encoding, or another format that an error can name.

/// Bytes that are enough to tell; of a ZIP archive its first file names are among them.
pub(super) const ENOUGH: usize = 4 << 10;

/// What an input begins as.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Content {
    /// UTF-8, after so many bytes of a byte order mark.
    Utf8(usize),
    /// UTF-16 after its byte order mark of two bytes.
    Utf16 {
        /// The order of its bytes.
        is_big_endian: bool,
    },
    /// Something else: what it is, and what to do with it.
    Foreign(&'static str),
}

/// Formats that begin with bytes of their own.
const KNOWN: [(&[u8], &str); 13] = [
    (b"PAR1", "a Parquet file; write it as CSV (pandas: read_parquet, then to_csv with index=False)"),
    (b"ARROW1", "an Arrow (Feather) file; write it as CSV (pandas: read_feather, then to_csv with index=False)"),
    (b"\x1f\x8b", "compressed with gzip; unpack it first (gunzip, or zcat F.gz | … -)"),
    (b"BZh", "compressed with bzip2; unpack it first (bunzip2)"),
    (b"\x28\xb5\x2f\xfd", "compressed with zstd; unpack it first (unzstd)"),
    (b"\xfd7zXZ", "compressed with xz; unpack it first (unxz)"),
    (b"\xd0\xcf\x11\xe0", "an old Excel workbook (xls); save the sheet as CSV (UTF-8)"),
    (b"\x89HDF", "an HDF5 file; write it as CSV (pandas: read_hdf, then to_csv with index=False)"),
    (b"\x93NUMPY", "a NumPy array; write it as CSV with a header line"),
    (b"<?xml", "an XML file; write it as CSV"),
    (b"SQLite format", "an SQLite database; write the table as CSV (sqlite3 -header -csv F 'SELECT * FROM …')"),
    (b"\x80\x04\x95", "a Python pickle; write it as CSV (pandas: read_pickle, then to_csv with index=False)"),
    (b"%PDF", "a PDF document; write its table as CSV"),
];

/// ZIP archives, by the name of a file inside.
const ARCHIVES: [(&[u8], &str); 3] = [
    (b"xl/", "an Excel workbook (xlsx); save the sheet as CSV (UTF-8)"),
    (b"opendocument.spreadsheet", "an OpenDocument spreadsheet (ods); save the sheet as CSV (UTF-8)"),
    (b".npy", "a NumPy archive (npz); write it as CSV with a header line"),
];

/// Tells what an input is that starts with these bytes, [`ENOUGH`] of them or all that there are.
pub(super) fn content(start: &[u8]) -> Content {
    // Its little-endian mark begins with that of UTF-16.
    if start.starts_with(b"\xff\xfe\0\0") || start.starts_with(b"\0\0\xfe\xff") {
        return Content::Foreign("UTF-32 text; save it as CSV (UTF-8)");
    }
    if start.starts_with(b"\xff\xfe") || start.starts_with(b"\xfe\xff") {
        return Content::Utf16 { is_big_endian: start[0] == 0xFE };
    }
    let known = KNOWN.iter().find(|(magic, _)| start.starts_with(magic)).map(|(_, what)| *what);
    let mark = if start.starts_with(b"\xef\xbb\xbf") { 3 } else { 0 };
    let text = start[mark..].trim_ascii_start();
    match known.or_else(|| archive(start)).or_else(|| markup(text)) {
        Some(what) => Content::Foreign(what),
        None if start.iter().take(64).any(|byte| *byte == 0) => {
            // Latin letters take two bytes there, one of them zero; no text has a zero.
            Content::Foreign("UTF-16 text without a byte order mark, or binary data; save it as CSV (UTF-8)")
        }
        None => Content::Utf8(mark),
    }
}

fn archive(start: &[u8]) -> Option<&'static str> {
    if !start.starts_with(b"PK\x03\x04") {
        return None;
    }
    let inside = ARCHIVES.iter().find(|(name, _)| memchr::memmem::find(start, name).is_some());
    Some(inside.map_or("a ZIP archive; unpack it first (unzip)", |(_, what)| *what))
}

fn markup(text: &[u8]) -> Option<&'static str> {
    let begins = |tag: &[u8]| text.get(..tag.len()).is_some_and(|text| text.eq_ignore_ascii_case(tag));
    if begins(b"<!doctype") || begins(b"<html") {
        return Some("an HTML page; is the address that of a login or error page?");
    }
    let second = text.get(1..).unwrap_or_default().trim_ascii_start().first();
    let is_json = match text.first() {
        Some(b'{') => matches!(second, Some(b'"' | b'}')),
        Some(b'[') => matches!(second, Some(b'{' | b'[' | b']')),
        _ => false,
    };
    is_json.then_some(
        "one JSON text; write it as CSV, or as records, one a line (pandas: to_json(orient=\"records\", lines=True))",
    )
}
