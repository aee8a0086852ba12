//! numpy's `.npy` files: a magic number, a header that is a Python dictionary, the elements.

use std::borrow::Cow;

use super::dense::Array;
use super::dtype::Dtype;
use crate::import::error::ImportError;

/// Reads a file.
pub(super) fn read(bytes: &[u8]) -> Result<Array<'_>, ImportError> {
    let unread = || ImportError::new("an array's .npy file has no header as numpy writes it");
    let rest = bytes.strip_prefix(b"\x93NUMPY").ok_or_else(unread)?;
    let (version, rest) = rest.split_first_chunk::<2>().ok_or_else(unread)?;
    let (length, rest) = match version[0] {
        1 => {
            let (length, rest) = rest.split_first_chunk::<2>().ok_or_else(unread)?;
            (usize::from(u16::from_le_bytes(*length)), rest)
        }
        2 | 3 => {
            let (length, rest) = rest.split_first_chunk::<4>().ok_or_else(unread)?;
            (usize::try_from(u32::from_le_bytes(*length)).map_err(|_| unread())?, rest)
        }
        _ => return Err(unread()),
    };
    let (header, data) = rest.split_at_checked(length).ok_or_else(unread)?;
    let header = std::str::from_utf8(header).map_err(|_| unread())?;
    let after = |key: &str| header.split_once(key).map(|(_, after)| after.trim_start_matches([':', ' ']));
    let is_fortran = after("'fortran_order'").ok_or_else(unread)?.starts_with("True");
    let shape = after("'shape'").and_then(|text| text.strip_prefix('(')?.split_once(')')).ok_or_else(unread)?.0;
    let lengths = shape.split(',').map(str::trim).filter(|length| !length.is_empty());
    let shape = lengths.map(|length| length.trim_end_matches('L').parse().map_err(|_| unread()));
    let shape = shape.collect::<Result<Vec<usize>, _>>()?;
    let descr = after("'descr'").ok_or_else(unread)?;
    let dtype = if descr.starts_with('[') {
        let list = descr.split_once(']').ok_or_else(unread)?.0;
        let words: Vec<&str> = list.split('\'').skip(1).step_by(2).collect();
        let fields: Vec<(String, String)> =
            words.chunks_exact(2).map(|pair| (pair[0].to_owned(), pair[1].to_owned())).collect();
        Dtype::from_fields(&fields)?
    } else {
        Dtype::from_code(descr.split('\'').nth(1).ok_or_else(unread)?)?
    };
    Array::new(shape, dtype, is_fortran, Cow::Borrowed(data))
}
