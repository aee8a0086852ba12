//! Zip archives, members stored or deflated, by the directory at their end.

use std::io::Read;

use crate::import::error::ImportError;
use crate::import::sklearn::arena::Span;
use crate::import::sklearn::inflate::{Format, Inflater, limit};

/// Members at most: one an array.
const MAX_MEMBERS: usize = 1 << 20;

/// An archive's members, inflated, one after the other.
#[derive(Debug)]
pub(in crate::import::sklearn) struct Archive {
    pub(in crate::import::sklearn) bytes: Vec<u8>,
    /// Names and ranges, by name.
    members: Vec<(Vec<u8>, Span)>,
}

impl Archive {
    /// The range of a member.
    pub(super) fn member(&self, name: &[u8]) -> Option<Span> {
        let found = self.members.binary_search_by(|(own, _)| own.as_slice().cmp(name)).ok()?;
        self.members.get(found).map(|(_, span)| *span)
    }
}

fn broken(what: &str) -> ImportError {
    ImportError::new(format_args!("the zip archive is broken: {what}"))
}

/// Little-endian fields of a record.
struct Record<'a>(&'a [u8]);

impl Record<'_> {
    fn u16(&self, at: usize) -> usize {
        self.0.get(at..at + 2).map_or(0, |two| usize::from(u16::from_le_bytes([two[0], two[1]])))
    }

    fn u32(&self, at: usize) -> usize {
        self.u16(at) | self.u16(at + 2) << 16
    }
}

/// Inflates all members, within the bound on what a file may become.
///
/// # Errors
/// The archive is broken, of more than 4 GiB, encrypted, or inflates to too much.
pub(in crate::import::sklearn) fn inflate(file: &[u8]) -> Result<Archive, ImportError> {
    let end = end_record(file)?;
    let (n, mut at) = (end.u16(10), end.u32(16));
    if n > MAX_MEMBERS || n == 0xffff || at == 0xffff_ffff {
        return Err(broken("it has too many members, or is larger than 4 GiB"));
    }
    let limit = limit(file.len());
    let mut archive = Archive { bytes: Vec::new(), members: Vec::with_capacity(n.min(file.len() / 46)) };
    for _ in 0..n {
        let record = file.get(at..at + 46).filter(|record| record.starts_with(b"PK\x01\x02"));
        let record = Record(record.ok_or_else(|| broken("its directory is cut off"))?);
        let (n_name, skip) = (record.u16(28), record.u16(30) + record.u16(32));
        let name = file.get(at + 46..at + 46 + n_name).ok_or_else(|| broken("its directory is cut off"))?;
        let start = archive.bytes.len();
        member(file, &record, &mut archive.bytes, limit)
            .map_err(|e| e.within(String::from_utf8_lossy(name.get(..100).unwrap_or(name))))?;
        let fits = |n| u32::try_from(n).map_err(|_| broken("it inflates to more than 4 GiB"));
        let span = Span { start: fits(start)?, length: fits(archive.bytes.len() - start)? };
        archive.members.push((name.to_vec(), span));
        at += 46 + n_name + skip;
    }
    archive.members.sort_unstable_by(|a, b| a.0.cmp(&b.0));
    if archive.members.windows(2).any(|pair| pair[0].0 == pair[1].0) {
        return Err(broken("two members have the same name"));
    }
    Ok(archive)
}

/// Inflated bytes of all members by the archive's directory, at most the limit on them.
pub(in crate::import::sklearn) fn length(file: &[u8]) -> usize {
    let Ok(end) = end_record(file) else { return 0 };
    let (mut at, mut all) = (end.u32(16), 0);
    for _ in 0..end.u16(10) {
        let Some(record) = file.get(at..at + 46).map(Record) else { break };
        all += record.u32(24);
        at += 46 + record.u16(28) + record.u16(30) + record.u16(32);
    }
    all.min(limit(file.len()))
}

/// The record at the archive's end: before a comment of at most 65,535 bytes.
fn end_record(file: &[u8]) -> Result<Record<'_>, ImportError> {
    let from = file.len().saturating_sub(22 + 0xffff);
    let last = file.get(from..).unwrap_or_default();
    let at =
        memchr::memmem::rfind(last, b"PK\x05\x06").ok_or_else(|| broken("it has no directory: the file is cut off"))?;
    let record = last.get(at..).filter(|record| record.len() >= 22);
    record.map(Record).ok_or_else(|| broken("its end is cut off"))
}

/// Adds a member's bytes.
fn member(file: &[u8], record: &Record<'_>, out: &mut Vec<u8>, limit: usize) -> Result<(), ImportError> {
    let (flags, method) = (record.u16(8), record.u16(10));
    let (n_packed, n_bytes, local) = (record.u32(20), record.u32(24), record.u32(42));
    if flags & 1 == 1 {
        return Err(broken("a member is encrypted"));
    }
    if n_bytes > limit.saturating_sub(out.len()) {
        return Err(ImportError::new(format_args!("it inflates to more than {limit} bytes, too much for its size")));
    }
    let head = file.get(local..local + 30).filter(|head| head.starts_with(b"PK\x03\x04"));
    let head = Record(head.ok_or_else(|| broken("a member is not where the directory says"))?);
    let start = local + 30 + head.u16(26) + head.u16(28);
    let packed =
        file.get(start..).and_then(|rest| rest.get(..n_packed)).ok_or_else(|| broken("a member is cut off"))?;
    match method {
        0 if n_packed == n_bytes => out.extend_from_slice(packed),
        8 => {
            let before = out.len();
            let decoder = Inflater::new(Format::Deflate, packed).take(n_bytes as u64 + 1);
            { decoder }.read_to_end(out).map_err(|e| broken(&format!("{e}")))?;
            if out.len() - before != n_bytes {
                return Err(broken("a member is not as long as the directory says"));
            }
        }
        0 => return Err(broken("a stored member has two lengths")),
        other => return Err(broken(&format!("a member is packed by method {other}, which is not read"))),
    }
    Ok(())
}
