//! A set of a column's bins, where there are more of them than a byte tells apart.

/// The most categories in a set, which is taken from either end of the order.
pub(super) const MAX_SET: usize = 32;

/// A set of bins.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub(super) struct WideSet {
    bins: [u16; MAX_SET],
    n: usize,
}

impl WideSet {
    /// True for a bin in it.
    pub(super) fn holds(&self, bin: u16) -> bool {
        self.bins[..self.n].contains(&bin)
    }

    /// The set with one bin more; it has at most [`MAX_SET`].
    pub(super) fn with(mut self, bin: u16) -> Self {
        self.bins[self.n] = bin;
        self.n += 1;
        self
    }
}
