//! Turns of a read: after some work the reactor polls the other sockets.

use super::yield_io;

/// After this many bytes, about 80 µs of reading, a read yields so that the reactor polls the other sockets.
const YIELD_AFTER: usize = 64 << 10;

/// A piece of a body counts as this many bytes read besides its own: it may be of one byte.
const PIECE: usize = 512;

/// The work of one read since the reactor polled the other sockets.
#[derive(Debug, Default)]
pub(super) struct Turns {
    /// In bytes read.
    work: usize,
}

impl Turns {
    /// Counts work, in bytes read.
    pub(super) fn add(&mut self, work: usize) {
        self.work += work;
    }

    /// Counts a piece of a body of this many bytes.
    pub(super) fn add_piece(&mut self, length: usize) {
        self.add(PIECE + length);
    }

    /// Yields if it is the others' turn. To be called between two pieces.
    pub(super) async fn next(&mut self) {
        if self.work >= YIELD_AFTER {
            self.work = 0;
            yield_io::yield_to_reactor().await;
        }
    }
}
