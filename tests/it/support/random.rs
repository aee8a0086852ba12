//! Numbers that look random and are the same in every run.

/// A sequence (xorshift64), by its seed, which is not 0.
pub(crate) struct Random(pub(crate) u64);

impl Random {
    pub(crate) fn next(&mut self) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0
    }

    /// A number below `n`; 0 below 0.
    pub(crate) fn below(&mut self, n: usize) -> usize {
        (self.next() % n.max(1) as u64) as usize
    }

    pub(crate) fn of<T: Copy>(&mut self, items: &[T]) -> T {
        items[self.below(items.len())]
    }

    /// Between −1 and 1.
    pub(crate) fn number(&mut self) -> f64 {
        self.below(1 << 40) as f64 / (1_u64 << 39) as f64 - 1.0
    }
}
