//! The rows that trees are grown on, each cell ranked in its column once for all trees. Sorting by ranks is as exact as
//! sorting by numbers, and a rank fits one word with its row.

use crate::train::random::SplitMix64;

/// A column of two values is kept as the rows of the greater one where these are at most one in so many.
const SPARSE: usize = 8;

/// The encoded rows with each cell's rank in its column.
#[derive(Debug)]
pub struct RankedRows<'a> {
    /// Row-major `[n_rows, n_columns]`.
    matrix: &'a [f64],
    pub(super) n_columns: usize,
    ranks: &'a Ranks,
}

/// What is known of the columns of a table before any tree is grown.
#[derive(Debug)]
pub struct Ranks {
    /// How many distinct smaller values a cell's column has, `[n_columns, n_rows]`: equal cells have equal ranks.
    cells: Vec<u32>,
    n_rows: usize,
    /// By column; none of one that has more values than two, or many of the greater one.
    ones: Vec<Option<Ones>>,
}

/// A column of two values, the greater of them seldom.
#[derive(Debug)]
pub(super) struct Ones {
    /// The rows of the greater value, ascending; one at least.
    pub(super) rows: Box<[u32]>,
    /// One of the other rows.
    other: u32,
}

impl Ones {
    /// A row of each value, the smaller one's first.
    pub(super) fn sides(&self) -> (u32, u32) {
        (self.other, self.rows[0])
    }
}

impl Ranks {
    /// Of a row-major matrix of finite cells.
    #[expect(clippy::cast_possible_truncation, reason = "a table has less than 2^32 rows")]
    pub fn new(matrix: &[f64], n_columns: usize) -> Self {
        let n_rows = matrix.len() / n_columns;
        let mut ranks = vec![0; matrix.len()];
        let mut ones = Vec::with_capacity(n_columns);
        let mut column = Vec::with_capacity(n_rows);
        for (j, ranks) in ranks.chunks_exact_mut(n_rows).enumerate() {
            column.clear();
            column.extend(matrix.iter().skip(j).step_by(n_columns).zip(0_u32..));
            column.sort_unstable_by(|a, b| a.0.total_cmp(b.0));
            // By `==`: −0 and 0 are one value.
            let mut values = column.chunk_by(|a, b| a.0 == b.0);
            for (rank, same) in values.clone().enumerate() {
                for (_, row) in same {
                    ranks[*row as usize] = rank as u32;
                }
            }
            ones.push(match (values.next(), values.next(), values.next()) {
                (Some(zeros), Some(few), None) if few.len() <= n_rows / SPARSE => {
                    let mut rows: Box<[u32]> = few.iter().map(|(_, row)| *row).collect();
                    rows.sort_unstable();
                    Some(Ones { rows, other: zeros[0].1 })
                }
                _ => None,
            });
        }
        Self { cells: ranks, n_rows, ones }
    }

    /// How many columns are kept as the rows of their greater value.
    pub fn n_sparse(&self) -> usize {
        self.ones.iter().flatten().count()
    }
}

impl<'a> RankedRows<'a> {
    /// Row-major rows and their [`Ranks`].
    pub fn new(matrix: &'a [f64], ranks: &'a Ranks) -> Self {
        Self { matrix, n_columns: ranks.ones.len(), ranks }
    }

    pub(super) fn ranks(&self, column: usize) -> &[u32] {
        &self.ranks.cells[column * self.ranks.n_rows..][..self.ranks.n_rows]
    }

    pub(super) fn ones(&self, column: usize) -> Option<&Ones> {
        self.ranks.ones[column].as_ref()
    }

    pub(super) fn cell(&self, row: u32, column: usize) -> f64 {
        self.matrix[row as usize * self.n_columns + column]
    }

    /// The middle of two cells of a column, the first below the second; the first where there is no number between
    /// them.
    pub(super) fn threshold(&self, column: usize, rows: (u32, u32)) -> f64 {
        let (before, after) = (self.cell(rows.0, column), self.cell(rows.1, column));
        let middle = f64::midpoint(before, after);
        if middle < after { middle } else { before }
    }

    /// How often each row is drawn in as many draws with replacement as there are rows.
    pub fn draw(&self, random: &mut SplitMix64) -> Vec<u32> {
        let n = self.ranks.n_rows;
        let mut drawn = vec![0; n];
        for _ in 0..n {
            drawn[usize::try_from(random.below(n as u64)).unwrap_or_default()] += 1;
        }
        drawn
    }
}
