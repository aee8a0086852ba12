//! Zip archives: members taken out, and put in again with right lengths and checksums.

use std::io::{Read as _, Write as _};

use flate2::read::DeflateDecoder;
use flate2::write::DeflateEncoder;
use flate2::{Compression, Crc};

use super::{Random, words};

/// Inflated bytes of a member at most.
const MOST: u64 = 1 << 18;

/// Members at most.
const MOST_MEMBERS: usize = 64;

/// A file of an archive.
#[derive(Clone, Debug)]
pub(super) struct Member {
    pub(super) name: Vec<u8>,
    pub(super) bytes: Vec<u8>,
    pub(super) is_deflated: bool,
}

fn number(bytes: &[u8], at: usize, width: usize) -> Option<usize> {
    Some(bytes.get(at..at + width)?.iter().rev().fold(0, |number, byte| number << 8 | usize::from(*byte)))
}

/// An archive's members, in the order of its directory.
pub(super) fn take_apart(file: &[u8]) -> Option<Vec<Member>> {
    let end = file.windows(4).rposition(|four| four == b"PK\x05\x06")?;
    let (n, mut at) = (number(file, end + 10, 2)?, number(file, end + 16, 4)?);
    let mut members = Vec::new();
    for _ in 0..n.min(MOST_MEMBERS) {
        let record = file.get(at..)?;
        let (n_name, n_extra) = (number(record, 28, 2)?, number(record, 30, 2)? + number(record, 32, 2)?);
        let (is_deflated, n_packed) = (number(record, 10, 2)? == 8, number(record, 20, 4)?);
        let local = file.get(number(record, 42, 4)?..)?;
        let packed = local.get(30 + number(local, 26, 2)? + number(local, 28, 2)?..)?.get(..n_packed)?;
        let mut bytes = Vec::new();
        if is_deflated {
            DeflateDecoder::new(packed).take(MOST).read_to_end(&mut bytes).ok()?;
        } else {
            bytes.extend(packed);
        }
        members.push(Member { name: record.get(46..46 + n_name)?.to_vec(), bytes, is_deflated });
        at += 46 + n_name + n_extra;
    }
    Some(members)
}

/// The archive of these members; now and then with one wrong checksum or length.
pub(super) fn put_together(members: &[Member], random: &mut Random) -> Option<Vec<u8>> {
    let odd = if random.one_in(16) { random.below(5 * members.len() + 2) } else { usize::MAX };
    let mut numbers = 0;
    // The next of the numbers that may be wrong.
    let mut next = |number: usize, random: &mut Random| {
        numbers += 1;
        if numbers - 1 != odd {
            return u32::try_from(number).unwrap_or(u32::MAX);
        }
        let word = words::number(number.to_string().as_bytes(), random);
        std::str::from_utf8(&word).ok().and_then(|text| text.parse().ok()).unwrap_or(u32::MAX)
    };
    let (mut file, mut directory) = (Vec::new(), Vec::new());
    for Member { name, bytes, is_deflated } in members {
        let packed = if *is_deflated {
            let mut encoder = DeflateEncoder::new(Vec::new(), Compression::fast());
            encoder.write_all(bytes).ok()?;
            encoder.finish().ok()?
        } else {
            bytes.clone()
        };
        let mut crc = Crc::new();
        crc.update(bytes);
        let mut head = Vec::new();
        head.extend([20, 0, 0, 0, if *is_deflated { 8 } else { 0 }, 0, 0, 0, 0x21, 0]);
        head.extend(next(crc.sum() as usize, random).to_le_bytes());
        head.extend(next(packed.len(), random).to_le_bytes());
        head.extend(next(bytes.len(), random).to_le_bytes());
        head.extend((next(name.len(), random) & 0xffff).to_le_bytes());
        directory.extend(b"PK\x01\x02\x14\x00");
        directory.extend(&head);
        directory.extend([0; 10]);
        directory.extend(next(file.len(), random).to_le_bytes());
        directory.extend(name);
        file.extend(b"PK\x03\x04");
        file.extend(&head);
        file.extend(name);
        file.extend(packed);
    }
    let start = file.len();
    file.extend(&directory);
    file.extend(b"PK\x05\x06\x00\x00\x00\x00");
    let n = u16::try_from(members.len()).unwrap_or(u16::MAX).to_le_bytes();
    file.extend([n, n].concat());
    file.extend(next(directory.len(), random).to_le_bytes());
    file.extend(next(start, random).to_le_bytes());
    file.extend([0, 0]);
    Some(file)
}
