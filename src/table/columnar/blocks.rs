//! An Arrow IPC file by its footer: for one whose beginning is no stream. polars writes the schema into the footer alone,
//! and dictionaries behind the record batches that need them.

use std::io::{self, Read, Seek, SeekFrom};
use std::vec;

use arrow_ipc::{Block, Footer, root_as_footer_with_opts};
use flatbuffers::{Vector, VerifierOptions};

use super::frames::{FrameError, MAX_HEAD, verifier};

/// Bytes behind the footer: its length, and `ARROW1`.
const TAIL: usize = 10;

/// Reads the messages of a file, dictionaries first, each as it stands: a stream without a schema.
pub(crate) struct Blocks<F> {
    file: F,
    /// Where each message begins, and its bytes.
    waiting: vec::IntoIter<(u64, u64)>,
    /// Bytes of the current one that are left.
    left: u64,
}

/// The footer of a file of `length` bytes, as it stands: read it with [`footer`].
pub(crate) fn footer_bytes(file: &mut (impl Read + Seek), length: u64) -> Result<Vec<u8>, FrameError> {
    let wrong = || FrameError::Broken("it has no footer; was the end cut off?".to_owned());
    let start = length.checked_sub(TAIL as u64).ok_or_else(wrong)?;
    let mut tail = [0; TAIL];
    read_at(file, start, &mut tail)?;
    let (n, magic) = tail.split_at(4);
    let n = n.try_into().map_or(0, u32::from_le_bytes) as usize;
    if magic != b"ARROW1" || n > MAX_HEAD {
        return Err(wrong());
    }
    let start = start.checked_sub(n as u64).ok_or_else(wrong)?;
    let mut bytes = vec![0; n];
    read_at(file, start, &mut bytes)?;
    Ok(bytes)
}

/// A footer, verified.
pub(crate) fn footer(bytes: &[u8]) -> Result<Footer<'_>, FrameError> {
    let options: VerifierOptions = verifier(bytes.len());
    root_as_footer_with_opts(&options, bytes)
        .map_err(|_| FrameError::Broken("its footer is no Arrow metadata".to_owned()))
}

impl<F: Read + Seek> Blocks<F> {
    /// The messages that the footer of a file of `length` bytes lists.
    pub(crate) fn new(file: F, footer: Footer<'_>, length: u64) -> Result<Self, FrameError> {
        let mut all = Vec::new();
        let mut left = length;
        for block in places(footer.dictionaries()).chain(places(footer.recordBatches())) {
            // Messages that overlap could make a short file a large table.
            let place = block.filter(|(offset, n)| {
                left = left.saturating_sub(*n);
                left > 0 && offset.checked_add(*n).is_some_and(|end| end <= length)
            });
            all.push(
                place.ok_or_else(|| FrameError::Broken("its footer lists messages that are not there".to_owned()))?,
            );
        }
        Ok(Self { file, waiting: all.into_iter(), left: 0 })
    }
}

/// Where messages begin, and how many bytes they have; none where a number is negative.
fn places(blocks: Option<Vector<'_, Block>>) -> impl Iterator<Item = Option<(u64, u64)>> {
    blocks.into_iter().flat_map(|blocks| blocks.iter()).map(|block| {
        let head = u64::try_from(block.metaDataLength()).ok()?;
        Some((u64::try_from(block.offset()).ok()?, head.checked_add(u64::try_from(block.bodyLength()).ok()?)?))
    })
}

impl<F: Read + Seek> Read for Blocks<F> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        while self.left == 0 {
            let Some((offset, n)) = self.waiting.next() else { return Ok(0) };
            self.file.seek(SeekFrom::Start(offset))?;
            self.left = n;
        }
        let n = self.file.by_ref().take(self.left).read(buffer)?;
        self.left -= n as u64;
        if n == 0 && !buffer.is_empty() {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
        Ok(n)
    }
}

fn read_at(file: &mut (impl Read + Seek), start: u64, bytes: &mut [u8]) -> Result<(), FrameError> {
    let read = file.seek(SeekFrom::Start(start)).and_then(|_| file.read_exact(bytes));
    read.map_err(|e| FrameError::Broken(format!("it cannot be read: {e}")))
}
