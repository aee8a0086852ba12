//! Memory that reading a model takes beside a share of its file's length: asked for before it is used.

use std::cell::Cell;
use std::fmt;

use crate::model::schema::Feature;

/// Bytes that a feature takes while a file is read: its name, what is known of its column so far, the feature.
pub(super) const FEATURE: usize = size_of::<Feature>() + 512;

/// Bytes that a category takes for each column that uses its list, without those of its text: as a label, with its code,
/// by its text, in the order of texts.
pub(super) const CATEGORY: usize = 256;

/// How often a category's text is in memory for each column that uses it.
pub(super) const TEXT_COPIES: usize = 4;

/// Bytes that are asked for at the least, so that many small parts are asked for together.
const LEAST: usize = 64 << 10;

/// Whoever is asked for memory. What a short file names (a number of features, a list that is used many times) may take
/// many times its length.
pub struct Room<'r> {
    /// Bytes that are reserved already.
    before: usize,
    /// Bytes taken since, and those of them that are asked for.
    taken: Cell<usize>,
    asked: Cell<usize>,
    /// Is told of the bytes that reading takes at most, whenever these become more.
    reserve: &'r dyn Fn(usize),
}

impl fmt::Debug for Room<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Room").field("before", &self.before).field("taken", &self.taken).finish_non_exhaustive()
    }
}

impl<'r> Room<'r> {
    /// Where `before` bytes are reserved already: `reserve` is told of these and of what is asked for, together.
    pub fn new(before: usize, reserve: &'r dyn Fn(usize)) -> Self {
        Self { before, taken: Cell::new(0), asked: Cell::new(0), reserve }
    }

    /// Where memory is not counted: for commands, which end with their work.
    pub fn uncounted() -> Self {
        Self::new(0, &|_| {})
    }

    /// Asks for room for `n` things of `each` bytes, and for a quarter more, so that it is rarely asked for.
    pub(super) fn take(&self, n: usize, each: usize) {
        let taken = self.taken.get().saturating_add(n.saturating_mul(each));
        self.taken.set(taken);
        if taken > self.asked.get() {
            self.asked.set(taken.saturating_add(taken / 4).max(LEAST));
            (self.reserve)(self.before.saturating_add(self.asked.get()));
        }
    }
}
