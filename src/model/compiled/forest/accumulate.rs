//! From the leaves that rows reach to margins: sums and votes.

use crate::model::compiled::rounding::{rounded_to_f32, to_f32};
use crate::model::ir::{LinearLeaf, Shares};

/// What a byte can say: the leaves of a tree whose table needs one byte of a code, and no check.
pub(super) const TABLE: usize = 256;

/// Trees of up to [`TABLE`] leaves that are added up together.
pub(super) const TREES: usize = 4;

/// Takes leaf numbers; each row's come in tree order.
pub(super) trait Accumulate {
    /// The leaves of four trees from `tree` on for consecutive rows from `first` on, by the codes of the rows in each
    /// tree's table; `values` is a buffer of a number a row.
    fn four(
        &mut self,
        tree: usize,
        first: usize,
        tables: &[&[f64; TABLE]; TREES],
        codes: [&[u8]; TREES],
        values: &mut [f64],
    ) {
        for (i, (table, codes)) in tables.iter().zip(codes).enumerate() {
            look_up(table, codes, values);
            self.rows(tree + i, first, values);
        }
    }

    /// One tree's leaves for consecutive rows from `first` on.
    fn rows(&mut self, tree: usize, first: usize, leaves: &[f64]);

    /// All trees' leaves for one row. An iterator, so that finding the next leaf overlaps with the sum, where each
    /// addition waits for the one before.
    fn row(&mut self, row: usize, leaves: impl Iterator<Item = f64>) {
        for (tree, leaf) in leaves.enumerate() {
            self.rows(tree, row, &[leaf]);
        }
    }
}

/// One addition, rounded to 32 bits or to 64.
#[inline]
fn add<const F32: bool>(sum: f64, term: f64) -> f64 {
    // Both are f32 numbers then: 53 bits hold enough of their sum that rounding it twice rounds it once.
    if F32 { rounded_to_f32(sum + term) } else { sum + term }
}

/// The leaf of each row in a tree's table.
#[inline]
pub(super) fn look_up(table: &[f64; TABLE], codes: &[u8], values: &mut [f64]) {
    for (value, code) in values.iter_mut().zip(codes) {
        *value = table[usize::from(*code)];
    }
}

/// One margin a row.
pub(super) struct Sums<'a, const F32: bool>(pub(super) &'a mut [f64]);

impl<const F32: bool> Accumulate for Sums<'_, F32> {
    #[inline]
    fn four(
        &mut self,
        _tree: usize,
        first: usize,
        [a, b, c, d]: &[&[f64; TABLE]; TREES],
        [of_a, of_b, of_c, of_d]: [&[u8]; TREES],
        values: &mut [f64],
    ) {
        let codes = of_a.iter().zip(of_b).zip(of_c.iter().zip(of_d));
        // As many as there are rows: `values` has one of each.
        for (sum, ((at_a, at_b), (at_c, at_d))) in self.0[first..][..values.len()].iter_mut().zip(codes) {
            let two = add::<F32>(add::<F32>(*sum, a[usize::from(*at_a)]), b[usize::from(*at_b)]);
            *sum = add::<F32>(add::<F32>(two, c[usize::from(*at_c)]), d[usize::from(*at_d)]);
        }
    }

    #[inline]
    fn rows(&mut self, _tree: usize, first: usize, leaves: &[f64]) {
        for (sum, leaf) in self.0[first..].iter_mut().zip(leaves) {
            *sum = add::<F32>(*sum, *leaf);
        }
    }

    #[inline]
    fn row(&mut self, row: usize, leaves: impl Iterator<Item = f64>) {
        let sum = &mut self.0[row];
        // Each addition waits for the one before: of 64 bits and rounded, three times as long as of 32.
        *sum = if F32 {
            f64::from(leaves.fold(to_f32(*sum), |sum, leaf| sum + to_f32(leaf)))
        } else {
            leaves.fold(*sum, |sum, leaf| sum + leaf)
        };
    }
}

/// Several margins a row; each tree adds to its own.
pub(super) struct OutputSums<'a, const F32: bool> {
    /// Row-major `[n_rows, n_outputs]`.
    pub(super) sums: &'a mut [f64],
    pub(super) n_outputs: usize,
    /// By tree.
    pub(super) outputs: &'a [u16],
}

impl<const F32: bool> Accumulate for OutputSums<'_, F32> {
    fn rows(&mut self, tree: usize, first: usize, leaves: &[f64]) {
        let output = usize::from(self.outputs[tree]);
        let sums = self.sums[first * self.n_outputs..].chunks_exact_mut(self.n_outputs);
        for (sums, leaf) in sums.zip(leaves) {
            sums[output] = add::<F32>(sums[output], *leaf);
        }
    }

    fn row(&mut self, row: usize, leaves: impl Iterator<Item = f64>) {
        let sums = &mut self.sums[row * self.n_outputs..][..self.n_outputs];
        for (output, leaf) in self.outputs.iter().zip(leaves) {
            let sum = &mut sums[usize::from(*output)];
            *sum = add::<F32>(*sum, leaf);
        }
    }
}

/// Several margins a row; a leaf is a position in a list of vectors, and adds to all.
pub(super) struct VectorSums<'a, const F32: bool> {
    /// Row-major `[n_rows, n_outputs]`.
    pub(super) sums: &'a mut [f64],
    pub(super) n_outputs: usize,
    /// Row-major `[n_leaves, n_outputs]`.
    pub(super) vectors: &'a [f64],
}

impl<const F32: bool> VectorSums<'_, F32> {
    /// `N` is the number of outputs, so that a vector is added at once.
    #[inline]
    fn rows_of<const N: usize>(&mut self, first: usize, leaves: &[f64]) {
        let (vectors, sums) = (self.vectors.as_chunks::<N>().0, self.sums.as_chunks_mut::<N>().0);
        for (sums, leaf) in sums[first..].iter_mut().zip(leaves) {
            add_all::<F32>(sums, &vectors[position(*leaf)]);
        }
    }

    #[inline]
    fn row_of<const N: usize>(&mut self, row: usize, leaves: impl Iterator<Item = f64>) {
        let (vectors, sums) = (self.vectors.as_chunks::<N>().0, self.sums.as_chunks_mut::<N>().0);
        let mut of_row = sums[row];
        leaves.for_each(|leaf| add_all::<F32>(&mut of_row, &vectors[position(leaf)]));
        sums[row] = of_row;
    }
}

impl<const F32: bool> Accumulate for VectorSums<'_, F32> {
    fn rows(&mut self, _tree: usize, first: usize, leaves: &[f64]) {
        match self.n_outputs {
            2 => return self.rows_of::<2>(first, leaves),
            3 => return self.rows_of::<3>(first, leaves),
            4 => return self.rows_of::<4>(first, leaves),
            _ => {}
        }
        let sums = self.sums[first * self.n_outputs..].chunks_exact_mut(self.n_outputs);
        for (sums, leaf) in sums.zip(leaves) {
            add_all::<F32>(sums, &self.vectors[position(*leaf) * self.n_outputs..][..self.n_outputs]);
        }
    }

    fn row(&mut self, row: usize, leaves: impl Iterator<Item = f64>) {
        match self.n_outputs {
            2 => return self.row_of::<2>(row, leaves),
            3 => return self.row_of::<3>(row, leaves),
            4 => return self.row_of::<4>(row, leaves),
            _ => {}
        }
        let sums = &mut self.sums[row * self.n_outputs..][..self.n_outputs];
        for leaf in leaves {
            add_all::<F32>(sums, &self.vectors[position(leaf) * self.n_outputs..][..self.n_outputs]);
        }
    }
}

/// Adds each term to its sum.
#[inline]
fn add_all<const F32: bool>(sums: &mut [f64], terms: &[f64]) {
    for (sum, term) in sums.iter_mut().zip(terms) {
        *sum = add::<F32>(*sum, *term);
    }
}

/// As [`VectorSums`] of 64 bits, of vectors that are mostly zeros: adding 0 to a share changes no bit of it.
pub(super) struct ShareSums<'a> {
    /// Row-major `[n_rows, n_outputs]`.
    pub(super) sums: &'a mut [f64],
    pub(super) n_outputs: usize,
    pub(super) shares: &'a Shares,
}

impl Accumulate for ShareSums<'_> {
    fn rows(&mut self, _tree: usize, first: usize, leaves: &[f64]) {
        let sums = self.sums[first * self.n_outputs..].chunks_exact_mut(self.n_outputs);
        for (sums, leaf) in sums.zip(leaves) {
            self.shares.of_leaf(position(*leaf)).for_each(|(class, share)| sums[class] += share);
        }
    }
}

/// As [`OutputSums`] of 64 bits, where a leaf is a position in a list of linear functions.
pub(super) struct LinearSums<'a> {
    /// Row-major `[n_rows, n_outputs]`.
    pub(super) sums: &'a mut [f64],
    pub(super) n_outputs: usize,
    /// By tree.
    pub(super) outputs: &'a [u16],
    pub(super) leaves: &'a [LinearLeaf],
    /// The rows' cells, row-major `[n_rows, n_columns]`.
    pub(super) matrix: &'a [f64],
    pub(super) n_columns: usize,
}

impl Accumulate for LinearSums<'_> {
    fn rows(&mut self, tree: usize, first: usize, leaves: &[f64]) {
        let output = usize::from(self.outputs[tree]);
        for (row, leaf) in (first..).zip(leaves) {
            let cells = &self.matrix[row * self.n_columns..][..self.n_columns];
            self.sums[row * self.n_outputs + output] += value(&self.leaves[position(*leaf)], cells);
        }
    }
}

/// A linear leaf's value for a row.
fn value(leaf: &LinearLeaf, cells: &[f64]) -> f64 {
    let mut sum = leaf.constant;
    for (column, coefficient) in &leaf.terms {
        let cell = cells[usize::from(*column)];
        if cell.is_nan() {
            return leaf.otherwise;
        }
        sum += coefficient * cell;
    }
    sum
}

/// Votes per row and class: leaves are class positions.
pub(super) struct Votes<'a> {
    /// Row-major `[n_rows, n_classes]`.
    pub(super) votes: &'a mut [u32],
    pub(super) n_classes: usize,
}

impl Accumulate for Votes<'_> {
    #[inline]
    fn rows(&mut self, _tree: usize, first: usize, leaves: &[f64]) {
        let votes = &mut self.votes[first * self.n_classes..];
        for (votes, leaf) in votes.chunks_mut(self.n_classes).zip(leaves) {
            votes[position(*leaf)] += 1;
        }
    }

    #[inline]
    fn row(&mut self, row: usize, leaves: impl Iterator<Item = f64>) {
        let votes = &mut self.votes[row * self.n_classes..][..self.n_classes];
        for leaf in leaves {
            votes[position(leaf)] += 1;
        }
    }
}

/// Sums of the squared distances from each row's mean.
pub(super) struct Squares<'a> {
    pub(super) means: &'a [f64],
    pub(super) sums: &'a mut [f64],
}

impl Accumulate for Squares<'_> {
    fn rows(&mut self, _tree: usize, first: usize, leaves: &[f64]) {
        for ((sum, mean), leaf) in self.sums[first..].iter_mut().zip(&self.means[first..]).zip(leaves) {
            *sum += (leaf - mean) * (leaf - mean);
        }
    }
}

/// A leaf number that is a position.
#[inline]
#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "the ir checked that it is a position")]
fn position(leaf: f64) -> usize {
    leaf as usize
}
