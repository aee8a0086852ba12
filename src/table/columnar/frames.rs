//! The messages of an Arrow IPC stream, each held against the bytes that are there before arrow-ipc sees it.
//!
//! arrow-ipc takes lengths as they are declared: it allocates them, and slices by them. What it gets from here has a
//! head that a verifier has read within bounds, a body that is there whole, buffers within the body that do not overlap,
//! and as many rows as its columns say.
//! The format: <https://arrow.apache.org/docs/format/Columnar.html#serialization-and-interprocess-communication-ipc>.

use std::io::{self, Read};

use arrow_buffer::{Buffer, MutableBuffer};
use arrow_ipc::{DictionaryBatch, Message, MessageHeader, RecordBatch, root_as_message_with_opts};
use flatbuffers::VerifierOptions;

/// Precedes the length of each head.
const CONTINUATION: [u8; 4] = [0xff; 4];

/// The longest head: 65,535 columns of long names have one of 10 MiB.
pub(super) const MAX_HEAD: usize = 64 << 20;

/// Bytes of a body that are allocated before they are read.
const STEP: usize = 1 << 20;

/// The fewest bytes of a head that a table in it takes, on average: a field with its type takes two, and 44 bytes.
const BYTES_PER_TABLE: usize = 16;

/// Most rows of a record batch whose columns take no bytes: those of the type null.
const MAX_EMPTY_ROWS: i64 = 65_536;

/// Why a stream is not read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum FrameError {
    /// It is no Arrow IPC stream, or it is cut off.
    Broken(String),
    /// It is one, with something in it that is not read.
    Unread(String),
}

/// Where messages come from.
pub(crate) trait Input {
    /// Fills `bytes`, and says with how many: fewer only at the end.
    fn fill(&mut self, bytes: &mut [u8]) -> Result<usize, FrameError>;

    /// The next `length` bytes.
    fn take(&mut self, length: usize) -> Result<Buffer, FrameError>;
}

impl<R: Read> Input for R {
    fn fill(&mut self, bytes: &mut [u8]) -> Result<usize, FrameError> {
        let mut n = 0;
        while n < bytes.len() {
            match self.read(&mut bytes[n..]) {
                Ok(0) => break,
                Ok(read) => n += read,
                Err(e) if e.kind() == io::ErrorKind::Interrupted => {}
                Err(e) => return Err(FrameError::Broken(format!("it cannot be read: {e}"))),
            }
        }
        Ok(n)
    }

    /// Memory grows with the bytes that come, whatever was declared.
    fn take(&mut self, length: usize) -> Result<Buffer, FrameError> {
        let mut bytes = MutableBuffer::new(length.min(STEP));
        while bytes.len() < length {
            let from = bytes.len();
            bytes.resize((from + STEP).min(length), 0);
            let wanted = bytes.len() - from;
            if self.fill(&mut bytes.as_slice_mut()[from..])? < wanted {
                return Err(cut());
            }
        }
        Ok(bytes.into())
    }
}

/// A stream that is in memory: what is taken of it is not copied.
#[derive(Debug)]
pub(crate) struct InMemory(Buffer);

impl InMemory {
    /// From its first byte on.
    pub(crate) fn new(stream: Buffer) -> Self {
        Self(stream)
    }

    /// How many bytes are left.
    pub(crate) fn len(&self) -> usize {
        self.0.len()
    }
}

impl Input for InMemory {
    fn fill(&mut self, bytes: &mut [u8]) -> Result<usize, FrameError> {
        let n = bytes.len().min(self.0.len());
        bytes[..n].copy_from_slice(&self.0[..n]);
        self.0.advance(n);
        Ok(n)
    }

    fn take(&mut self, length: usize) -> Result<Buffer, FrameError> {
        if length > self.0.len() {
            return Err(cut());
        }
        let taken = self.0.slice_with_length(0, length);
        self.0.advance(length);
        Ok(taken)
    }
}

/// One message: its head (a flatbuffer) and its body.
#[derive(Debug)]
pub(crate) struct Frame {
    head: Buffer,
    pub(crate) body: Buffer,
}

/// The rows that a stream in memory declares, and the bytes of its heads; none where it is broken or its heads are longer
/// than `max_heads` together.
pub(crate) fn declared(stream: &[u8], max_heads: usize) -> Option<(usize, usize)> {
    let (mut at, mut rows, mut heads) = (0_usize, 0_usize, 0_usize);
    while let Some(prefix) = stream.get(at..at + 8) {
        let length = declared_head(prefix);
        heads += length;
        if length == 0 || heads > max_heads {
            return (length == 0).then_some((rows, heads));
        }
        let head = stream.get(at + 8..at + 8 + length)?;
        let message = message(head).ok()?;
        if let Some(batch) = message.header_as_record_batch() {
            rows = rows.saturating_add(usize::try_from(batch.length()).ok()?);
        }
        at = (at + 8 + length).checked_add(body_length(&message).ok()?)?;
        if at > stream.len() {
            return None;
        }
    }
    Some((rows, heads))
}

/// Bytes that a head takes by its declared length.
fn declared_head(start: &[u8]) -> usize {
    let length = start.get(4..8).and_then(|length| length.try_into().ok()).map_or(0, u32::from_le_bytes);
    usize::try_from(length).unwrap_or(usize::MAX)
}

impl Frame {
    /// Reads the next message; `None` at the end of the stream.
    pub(crate) fn read(input: &mut impl Input) -> Result<Option<Self>, FrameError> {
        let mut prefix = [0; 8];
        match input.fill(&mut prefix)? {
            0 => return Ok(None),
            8 => {}
            _ => return Err(cut()),
        }
        if prefix.starts_with(b"ARROW1") {
            let what = "it begins with ARROW1: it is an Arrow file (Feather), not a stream; write a stream (pyarrow: \
                        ipc.new_stream; polars: write_ipc_stream)";
            return Err(FrameError::Broken(what.to_owned()));
        }
        if prefix[..4] != CONTINUATION {
            let what = "a message does not begin with FF FF FF FF: it is no Arrow IPC stream, or one from before 2019";
            return Err(FrameError::Broken(what.to_owned()));
        }
        let length = declared_head(&prefix);
        if length == 0 {
            return Ok(None);
        }
        if length > MAX_HEAD {
            return Err(FrameError::Broken(format!("a message has a head of {length} bytes, more than {MAX_HEAD}")));
        }
        let head = input.take(length)?;
        let body = body_length(&message(&head)?)?;
        Ok(Some(Self { head, body: input.take(body)? }))
    }

    /// The head, verified.
    pub(crate) fn message(&self) -> Result<Message<'_>, FrameError> {
        message(&self.head)
    }

    /// Checks the rows and buffers of a record batch of `n_columns` columns.
    pub(crate) fn check_batch(&self, batch: RecordBatch<'_>, n_columns: usize) -> Result<(), FrameError> {
        if batch.compression().is_some() {
            return Err(FrameError::Unread("compressed buffers; write it without compression".to_owned()));
        }
        let n_rows = batch.length();
        let nodes = batch.nodes().map(|nodes| nodes.iter().map(|node| (node.length(), node.null_count())));
        let nodes: Vec<(i64, i64)> = nodes.into_iter().flatten().collect();
        let fits = |(length, nulls): &(i64, i64)| *length == n_rows && (0..=n_rows).contains(nulls);
        if n_rows < 0 || nodes.len() != n_columns || !nodes.iter().all(fits) {
            return Err(broken("a record batch's columns differ from its number of rows, or from the schema"));
        }
        let body = i64::try_from(self.body.len()).unwrap_or(i64::MAX);
        if n_rows > body.saturating_mul(8).saturating_add(MAX_EMPTY_ROWS) {
            return Err(broken("a record batch has more rows than its body has bits"));
        }
        let (mut left, mut n_buffers) = (body, 0_usize);
        for buffer in batch.buffers().into_iter().flat_map(|buffers| buffers.iter()) {
            let (offset, length) = (buffer.offset(), buffer.length());
            let is_within = offset >= 0 && length >= 0 && offset.checked_add(length).is_some_and(|end| end <= body);
            // Buffers that overlap could make a short body a large table.
            left -= if is_within { length } else { i64::MAX };
            n_buffers += 1;
            if left < 0 {
                return Err(broken("a buffer reaches beyond its message's body, or overlaps another"));
            }
        }
        let views = batch.variadicBufferCounts().into_iter().flat_map(|counts| counts.iter());
        if !views.map(usize::try_from).all(|count| count.is_ok_and(|count| count <= n_buffers)) {
            return Err(broken("a column counts more buffers than there are"));
        }
        Ok(())
    }

    /// Checks a dictionary, and returns it.
    pub(crate) fn dictionary<'m>(&self, message: &Message<'m>) -> Result<DictionaryBatch<'m>, FrameError> {
        let dictionary = message.header_as_dictionary_batch().ok_or_else(|| broken("a dictionary has no head"))?;
        if dictionary.isDelta() {
            return Err(FrameError::Unread("a dictionary that is sent in parts (delta)".to_owned()));
        }
        self.check_batch(dictionary.data().ok_or_else(|| broken("a dictionary has no values"))?, 1)?;
        Ok(dictionary)
    }
}

fn broken(what: &str) -> FrameError {
    FrameError::Broken(what.to_owned())
}

fn cut() -> FrameError {
    broken("it ends in the middle of a message; was the end cut off?")
}

fn message(head: &[u8]) -> Result<Message<'_>, FrameError> {
    root_as_message_with_opts(&verifier(head.len()), head).map_err(|_| broken("a message's head is no Arrow metadata"))
}

/// What bounds the metadata in so many bytes. Names that are shared count each time, so that what is made of a head is a
/// small multiple of it.
pub(super) fn verifier(length: usize) -> VerifierOptions {
    VerifierOptions {
        max_tables: length / BYTES_PER_TABLE + 64,
        max_apparent_size: length * 8 + 4_096,
        ..VerifierOptions::default()
    }
}

fn body_length(message: &Message<'_>) -> Result<usize, FrameError> {
    if message.header_type() == MessageHeader::Schema && message.bodyLength() != 0 {
        return Err(broken("the schema has a body"));
    }
    usize::try_from(message.bodyLength()).map_err(|_| broken("a message's body has a negative length"))
}
