//! The rows that trees are grown on, each cell ranked in its column once for all trees. Sorting by ranks is as exact as
//! sorting by numbers, and a rank fits one word with its row.

use crate::train::random::SplitMix64;

/// The encoded rows with each cell's rank in its column.
#[derive(Debug)]
pub struct RankedRows<'a> {
    /// Row-major `[n_rows, n_columns]`.
    matrix: &'a [f64],
    pub(crate) n_columns: usize,
    ranks: &'a Ranks,
    /// A class position below `n_classes` for each row.
    pub(crate) classes: &'a [u32],
    pub(crate) n_classes: usize,
}

/// How many distinct smaller values a cell's column has, `[n_columns, n_rows]`: equal cells have equal ranks.
#[derive(Debug)]
pub struct Ranks(Vec<u32>);

impl Ranks {
    /// Of a row-major matrix of finite cells.
    #[expect(clippy::cast_possible_truncation, reason = "a table has less than 2^32 rows")]
    pub fn new(matrix: &[f64], n_columns: usize) -> Self {
        let n_rows = matrix.len() / n_columns;
        let mut ranks = vec![0; matrix.len()];
        let mut column = Vec::with_capacity(n_rows);
        for (j, ranks) in ranks.chunks_exact_mut(n_rows).enumerate() {
            column.clear();
            column.extend(matrix.iter().skip(j).step_by(n_columns).zip(0_u32..));
            column.sort_unstable_by(|a, b| a.0.total_cmp(b.0));
            // By `==`: −0 and 0 are one value.
            for (rank, same) in column.chunk_by(|a, b| a.0 == b.0).enumerate() {
                for (_, row) in same {
                    ranks[*row as usize] = rank as u32;
                }
            }
        }
        Self(ranks)
    }
}

impl<'a> RankedRows<'a> {
    /// Row-major rows, their [`Ranks`], and a class position below `n_classes` for each row.
    pub fn new(matrix: &'a [f64], ranks: &'a Ranks, classes: &'a [u32], n_classes: usize) -> Self {
        Self { matrix, n_columns: matrix.len() / classes.len().max(1), ranks, classes, n_classes }
    }

    fn n_rows(&self) -> usize {
        self.classes.len()
    }

    pub(super) fn ranks(&self, column: usize) -> &[u32] {
        &self.ranks.0[column * self.n_rows()..][..self.n_rows()]
    }

    /// The middle of two cells of a column, the first below the second; the first where there is no number between
    /// them.
    pub(super) fn threshold(&self, column: usize, rows: (u32, u32)) -> f64 {
        let cell = |row: u32| self.matrix[row as usize * self.n_columns + column];
        let (before, after) = (cell(rows.0), cell(rows.1));
        let middle = f64::midpoint(before, after);
        if middle < after { middle } else { before }
    }

    /// How often each row is drawn in `n_rows` draws with replacement.
    pub fn draw(&self, random: &mut SplitMix64) -> Vec<u32> {
        let n = self.n_rows();
        let mut drawn = vec![0; n];
        for _ in 0..n {
            drawn[usize::try_from(random.below(n as u64)).unwrap_or_default()] += 1;
        }
        drawn
    }
}
