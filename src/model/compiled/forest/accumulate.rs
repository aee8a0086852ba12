//! What becomes of the leaves that rows depth.

/// Takes leaf values; each row's must come in tree order.
pub(super) trait Accumulate {
    /// One tree's leaves for consecutive rows from `first` on.
    fn rows(&mut self, first: usize, leaves: &[f64]);

    /// All trees' leaves for one row; an iterator, so that finding the next leaf hides behind the sum, where each addition
    /// waits for the one before.
    fn row(&mut self, row: usize, leaves: impl Iterator<Item = f64>);
}

/// Adds them up per row.
pub(super) struct Sums<'a>(pub(super) &'a mut [f64]);

impl Accumulate for Sums<'_> {
    #[inline]
    fn rows(&mut self, first: usize, leaves: &[f64]) {
        for (sum, leaf) in self.0[first..].iter_mut().zip(leaves) {
            *sum += leaf;
        }
    }

    #[inline]
    fn row(&mut self, row: usize, leaves: impl Iterator<Item = f64>) {
        let sum = &mut self.0[row];
        *sum = leaves.fold(*sum, |sum, leaf| sum + leaf);
    }
}

/// Counts them per row and class: leaves are class positions.
pub(super) struct Votes<'a> {
    /// Row-major `[n_rows, n_classes]`.
    pub(super) votes: &'a mut [u32],
    pub(super) n_classes: usize,
}

#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "leaves are checked class positions")]
impl Accumulate for Votes<'_> {
    #[inline]
    fn rows(&mut self, first: usize, leaves: &[f64]) {
        let votes = &mut self.votes[first * self.n_classes..];
        for (votes, leaf) in votes.chunks_exact_mut(self.n_classes).zip(leaves) {
            votes[*leaf as usize] += 1;
        }
    }

    #[inline]
    fn row(&mut self, row: usize, leaves: impl Iterator<Item = f64>) {
        let votes = &mut self.votes[row * self.n_classes..][..self.n_classes];
        for leaf in leaves {
            votes[leaf as usize] += 1;
        }
    }
}

/// Adds up the squares of their distances from each row's mean.
pub(super) struct Squares<'a> {
    pub(super) means: &'a [f64],
    pub(super) sums: &'a mut [f64],
}

impl Accumulate for Squares<'_> {
    fn rows(&mut self, first: usize, leaves: &[f64]) {
        for ((sum, mean), leaf) in self.sums[first..].iter_mut().zip(&self.means[first..]).zip(leaves) {
            *sum += (leaf - mean) * (leaf - mean);
        }
    }

    fn row(&mut self, row: usize, leaves: impl Iterator<Item = f64>) {
        for leaf in leaves {
            self.rows(row, &[leaf]);
        }
    }
}
