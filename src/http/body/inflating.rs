//! Where a compressed body is inflated: first where it is read, and on the pool when it takes long.
//!
//! A body of 2 MiB may be made so that it takes 150 ms to inflate and becomes nothing. Where it is read, the requests
//! whose connections share the thread would wait.

use std::fmt;
use std::sync::Arc;
use std::time::{Duration, Instant};

use axum::body::Bytes;

use crate::http::problem::{Problem, ProblemKind};
use crate::serve::ServerState;
use crate::serve::admission::{MemoryLease, SLICE};

use super::inflate::{Encoding, Inflater};

/// Memory for inflating besides the body's own bytes: window, tables and one piece.
pub(super) const INFLATING: usize = 128 << 10;

/// A body is inflated on the connection's thread for at most this long in all; parsing 64 KiB of JSON takes less.
const INLINE: Duration = Duration::from_micros(200);

/// After that, chunks of at most this many compressed bytes, such as a stream's line, are still inflated there: at most
/// 60 µs of work. Longer ones go to the pool.
const INLINE_BYTES: usize = 512;

/// A compressed byte counts as this many bytes read: it is at most 110 ns of work.
const WORK: usize = 64;

/// A compressed body being read.
pub(super) struct Inflating {
    /// None while the pool has it.
    inflater: Option<Box<Inflater>>,
    /// How much longer it is inflated on the connection's thread.
    inline: Duration,
    memory: MemoryLease,
    server: Arc<ServerState>,
}

impl fmt::Debug for Inflating {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Inflating").field("inline", &self.inline).finish_non_exhaustive()
    }
}

/// A piece of a body.
pub(super) struct Piece {
    /// Its bytes, maybe none.
    pub(super) bytes: Bytes,
    /// The work that it was for this thread, in bytes read.
    pub(super) work: usize,
}

impl Inflating {
    /// A body of which nothing was read, of the request that holds `memory`.
    pub(super) fn new(encoding: Encoding, memory: &MemoryLease, server: &Arc<ServerState>) -> Self {
        let inflater = Some(Box::new(Inflater::new(encoding)));
        Self { inflater, inline: INLINE, memory: memory.clone(), server: Arc::clone(server) }
    }

    /// Adds compressed bytes, when [`next`](Self::next) gave none.
    pub(super) fn feed(&mut self, bytes: Bytes) {
        self.inflater().feed(bytes);
    }

    /// The next piece; none when more compressed bytes are needed. Not to be asked again once its future was dropped.
    ///
    /// # Errors
    /// 400: the body is not of its encoding. 503: no permit for the pool within the admission wait. 500: it panicked.
    pub(super) async fn next(&mut self) -> Result<Option<Piece>, Problem> {
        let waiting = self.inflater().waiting();
        if self.inline.is_zero() && waiting > INLINE_BYTES {
            return Box::pin(self.next_on_pool()).await;
        }
        let start = Instant::now();
        let until = start + self.inline;
        let piece = self.inflater().next(until).map_err(|error| self.broken(&error))?;
        self.inline = self.inline.saturating_sub(start.elapsed());
        let work = (waiting - self.inflater().waiting()) * WORK;
        Ok(piece.map(|bytes| Piece { work: work + bytes.len(), bytes }))
    }

    async fn next_on_pool(&mut self) -> Result<Option<Piece>, Problem> {
        let mut inflater = self.inflater.take().expect(OURS);
        let slice = move || {
            let piece = inflater.next(Instant::now() + SLICE);
            (inflater, piece)
        };
        let (inflater, piece) = self.server.compute.decode_on_pool(&self.memory, slice).await?;
        self.inflater = Some(inflater);
        let piece = piece.map_err(|error| self.broken(&error))?;
        Ok(piece.map(|bytes| Piece { bytes, work: 0 }))
    }

    /// Checks, after the last compressed byte, that the body is complete.
    ///
    /// # Errors
    /// 400: it broke off.
    pub(super) fn finish(&mut self) -> Result<(), Problem> {
        self.inflater().finish().map_err(|error| self.broken(&error))
    }

    fn inflater(&mut self) -> &mut Inflater {
        self.inflater.as_mut().expect(OURS)
    }

    fn broken(&mut self, error: &std::io::Error) -> Problem {
        let encoding = self.inflater().encoding().as_str();
        Problem::new(ProblemKind::Syntax, format!("The body is not {encoding}, or was cut: {error}"))
    }
}

/// Why the inflater is here: it is with the pool only while [`Inflating::next`] waits, which borrows it.
const OURS: &str = "a read that was given up is not taken up again";
