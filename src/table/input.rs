//! What an input is: text, Parquet or Arrow IPC, told by its first bytes, whatever its name.

use std::fs::File;
use std::io::{self, Read, Seek};
use std::path::Path;

use bytes::Bytes;

use super::columnar::{Batches, FILE_MAGIC};
use super::error::TableError;
use super::ndjson::NdjsonAsCsv;
use super::unpack::{GZIP, ZSTD, unpacked};

/// A Parquet file begins with this.
const PARQUET_MAGIC: &[u8] = b"PAR1";

/// A Feather file of version 1, which came before Arrow IPC, begins with this.
const FEATHER_MAGIC: &[u8] = b"FEA1";

/// An Arrow IPC stream begins with this.
const STREAM_MAGIC: &[u8] = &[0xff; 4];

/// Bytes that are enough to tell.
const ENOUGH: usize = 8;

/// An input that is open, and the name that errors give it.
pub struct TableInput {
    name: String,
    source: Source,
}

/// Where its bytes come from.
enum Source {
    /// A regular file.
    File(File),
    /// A pipe, or bytes in memory.
    Stream(Box<dyn Read>),
}

/// What it holds.
pub(super) enum Contents {
    /// CSV, or what reads as CSV.
    Text {
        input: Box<dyn Read>,
        /// True where it is made of NDJSON.
        is_ndjson: bool,
    },
    /// Parquet or Arrow IPC.
    Columns(Batches),
}

impl std::fmt::Debug for TableInput {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("TableInput").field("name", &self.name).finish_non_exhaustive()
    }
}

impl TableInput {
    /// Opens a file.
    ///
    /// # Errors
    /// [`TableError::Unreadable`].
    pub fn open(path: &Path) -> Result<Self, TableError> {
        let name = path.display().to_string();
        let open = || {
            let file = File::open(path)?;
            let is_regular = file.metadata()?.is_file();
            Ok(if is_regular { Source::File(file) } else { Source::Stream(Box::new(file)) })
        };
        let source = open().map_err(|e: io::Error| TableError::unreadable(&name, &e))?;
        Ok(Self { name, source })
    }

    /// A stream; errors call it `name`.
    pub fn stream(input: impl Read + 'static, name: impl Into<String>) -> Self {
        Self { name: name.into(), source: Source::Stream(Box::new(input)) }
    }

    /// The same, which errors call otherwise.
    #[must_use]
    pub fn named(self, name: String) -> Self {
        Self { name, ..self }
    }

    /// The name that errors give it.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Looks at the first bytes. Parquet from a stream is read whole, because it is read from its end.
    ///
    /// # Errors
    /// [`TableError`]: it cannot be read, or is broken.
    pub(super) fn recognise(self) -> Result<Contents, TableError> {
        self.recognise_in(false)
    }

    /// The same; what is unpacked already is not unpacked again: there are files that unpack to themselves.
    fn recognise_in(self, is_unpacked: bool) -> Result<Contents, TableError> {
        let name = self.name;
        let unreadable = |e: io::Error| TableError::unreadable(&name, &e);
        let told = |e: io::Error| TableError::of_input(&name, &e);
        let mut start = Vec::with_capacity(ENOUGH);
        let mut again = None;
        let mut input: Box<dyn Read> = match self.source {
            Source::Stream(mut input) => {
                input.by_ref().take(ENOUGH as u64).read_to_end(&mut start).map_err(told)?;
                input
            }
            Source::File(mut file) => {
                file.by_ref().take(ENOUGH as u64).read_to_end(&mut start).map_err(unreadable)?;
                if start.starts_with(PARQUET_MAGIC) {
                    file.rewind().map_err(unreadable)?;
                    return Batches::parquet(file, &name).map(Contents::Columns);
                }
                again = file.try_clone().ok();
                Box::new(file)
            }
        };
        if start.starts_with(PARQUET_MAGIC) {
            input.read_to_end(&mut start).map_err(unreadable)?;
            return Batches::parquet(Bytes::from(start), &name).map(Contents::Columns);
        }
        if start == FILE_MAGIC {
            return Behind::read(input).map_err(unreadable)?.open(again, &name).map(Contents::Columns);
        }
        if start.starts_with(FEATHER_MAGIC) {
            let what =
                "a Feather file of version 1, which is not read; write it anew (pandas: read_feather, then to_parquet)";
            return Err(TableError::Syntax(format!("{name}: {what}")));
        }
        // Compressed text: what it unpacks to is looked at anew.
        if start.starts_with(GZIP) || start.starts_with(ZSTD) {
            if is_unpacked {
                return Err(TableError::Syntax(format!("{name}: it is compressed twice; unpack it once first")));
            }
            let whole = io::Cursor::new(start).chain(input);
            let input = unpacked(whole, &name).map_err(|e| TableError::of_input(&name, &e))?;
            return Self { name, source: Source::Stream(input) }.recognise_in(true);
        }
        let is_stream = start.starts_with(STREAM_MAGIC);
        let is_ndjson = start.strip_prefix(b"\xef\xbb\xbf").unwrap_or(&start).trim_ascii_start().starts_with(b"{");
        let whole = Box::new(io::Cursor::new(start).chain(input));
        match (is_stream, is_ndjson) {
            (true, _) => Batches::ipc(whole, &name).map(Contents::Columns),
            (_, true) => Ok(Contents::Text { input: Box::new(NdjsonAsCsv::new(whole, &name)), is_ndjson: true }),
            _ => Ok(Contents::Text { input: whole, is_ndjson: false }),
        }
    }
}

/// What stands behind the magic of an Arrow IPC file.
struct Behind {
    /// Zeros, as many as the writer aligns by.
    n_zeros: usize,
    /// The first eight bytes that are not all zero.
    eight: Vec<u8>,
    rest: Box<dyn Read>,
}

impl Behind {
    fn read(mut rest: Box<dyn Read>) -> io::Result<Self> {
        let mut n_zeros = 0;
        loop {
            let mut eight = Vec::with_capacity(ENOUGH);
            rest.by_ref().take(ENOUGH as u64).read_to_end(&mut eight)?;
            if eight.is_empty() || eight.iter().any(|byte| *byte != 0) {
                return Ok(Self { n_zeros, eight, rest });
            }
            n_zeros += eight.len();
        }
    }

    /// The file as a stream, or by its footer where it does not begin as one; `file` is it once more, where that can be.
    /// One that cannot is read whole.
    fn open(mut self, file: Option<File>, name: &str) -> Result<Batches, TableError> {
        if self.eight.is_empty() || self.eight.starts_with(STREAM_MAGIC) {
            return Batches::ipc(Box::new(io::Cursor::new(self.eight).chain(self.rest)), name);
        }
        if let Some(file) = file {
            return Batches::ipc_file(file, name);
        }
        let mut whole = FILE_MAGIC.to_vec();
        whole.resize(whole.len() + self.n_zeros, 0);
        whole.append(&mut self.eight);
        self.rest.read_to_end(&mut whole).map_err(|e| TableError::unreadable(name, &e))?;
        Batches::ipc_file(io::Cursor::new(whole), name)
    }
}
