//! Recognises other formats than CSV by their first bytes, so that an error can name them.

/// Bytes that are enough to tell.
pub(super) const ENOUGH: usize = 16;

/// What a file that starts with these bytes is, and what to do with it; none when it may be CSV.
pub(super) fn foreign(start: &[u8]) -> Option<&'static str> {
    const KNOWN: [(&[u8], &str); 14] = [
        (b"PAR1", "a Parquet file; write it as CSV (pandas: read_parquet, then to_csv with index=False)"),
        (b"ARROW1", "an Arrow (Feather) file; write it as CSV (pandas: read_feather, then to_csv with index=False)"),
        (b"\x1f\x8b", "compressed with gzip; unpack it first (gunzip, or zcat F.gz | … -)"),
        (b"BZh", "compressed with bzip2; unpack it first (bunzip2)"),
        (b"\x28\xb5\x2f\xfd", "compressed with zstd; unpack it first (unzstd)"),
        (b"\xfd7zXZ", "compressed with xz; unpack it first (unxz)"),
        (b"PK\x03\x04", "a ZIP archive, as Excel's workbooks are; save the sheet as CSV (UTF-8)"),
        (b"\xd0\xcf\x11\xe0", "an old Excel workbook; save the sheet as CSV (UTF-8)"),
        (b"\x89HDF", "an HDF5 file; write it as CSV"),
        (b"\x93NUMPY", "a NumPy array; write it as CSV"),
        (b"<?xml", "an XML file; write it as CSV"),
        (b"SQLite format", "an SQLite database; write the table as CSV"),
        (b"\xff\xfe", "UTF-16 text; save the file as UTF-8"),
        (b"\xfe\xff", "UTF-16 text; save the file as UTF-8"),
    ];
    let known = KNOWN.iter().find(|(magic, _)| start.starts_with(magic)).map(|(_, what)| *what);
    known.or_else(|| is_html(start).then_some("an HTML page; is the address that of a login or error page?")).or_else(
        || {
            // Latin letters take two bytes there, one of them zero; no text has a zero.
            start
                .get(..2)
                .is_some_and(|two| two.contains(&0))
                .then_some("UTF-16 text or binary data; save the file as UTF-8 CSV")
        },
    )
}

fn is_html(start: &[u8]) -> bool {
    let start = start.strip_prefix(b"\xef\xbb\xbf").unwrap_or(start).trim_ascii_start();
    let begins = |tag: &[u8]| start.get(..tag.len()).is_some_and(|text| text.eq_ignore_ascii_case(tag));
    begins(b"<!doctype") || begins(b"<html")
}
