//! Linear models: dot products, each summed from the first column to the last as smartcore does.

use super::links::AnswerRule;
use super::rounding::rounded_to_f32;
use super::rows::n_rows;
use crate::model::ir::{Linear, Width};

/// Rows whose sums are found together.
const ROWS_TOGETHER: usize = 8;

/// Cells that the caches hold. Beyond, memory brings rows read one after the other up to three times as fast as rows
/// read side by side; below, side by side is faster by half.
const CACHED: usize = 1 << 21;

impl Linear {
    pub(super) fn n_outputs(&self) -> usize {
        self.intercepts.len()
    }

    /// From its scores to an answer.
    pub(super) fn answer_rule(&self) -> AnswerRule {
        AnswerRule { link: self.link, width: self.rule.width, decision: self.rule.decision }
    }

    /// Scores for a row-major matrix, row-major `[n_rows, n_outputs]`, appended to `out`.
    pub(super) fn scores(&self, matrix: &[f64], out: &mut Vec<f64>) {
        if !self.rule.is_plain() {
            return match self.rule.width {
                Width::F32 => self.by_rule::<true>(matrix, out),
                Width::F64 => self.by_rule::<false>(matrix, out),
            };
        }
        if matrix.len() == self.n_columns {
            return self.row(matrix, out);
        }
        let together = if matrix.len() > CACHED { 0 } else { n_rows(matrix, self.n_columns) / ROWS_TOGETHER };
        let (blocks, rest) = matrix.split_at(together * ROWS_TOGETHER * self.n_columns);
        for rows in blocks.chunks(ROWS_TOGETHER * self.n_columns) {
            self.rows_together(rows, out);
        }
        for row in rest.chunks(self.n_columns) {
            self.row(row, out);
        }
    }

    fn row(&self, row: &[f64], out: &mut Vec<f64>) {
        for (output, intercept) in self.intercepts.iter().enumerate() {
            let weights = &self.weights[output * self.n_columns..][..self.n_columns];
            let sum = row.iter().zip(weights).fold(0.0, |sum, (x, w)| sum + x * w);
            out.push(sum + intercept);
        }
    }

    /// Rows side by side: an addition waits for the one before it in its row.
    fn rows_together(&self, rows: &[f64], out: &mut Vec<f64>) {
        let (n, from) = (self.n_columns, out.len());
        out.resize(from + ROWS_TOGETHER * self.intercepts.len(), 0.0);
        let rows: [&[f64]; ROWS_TOGETHER] = std::array::from_fn(|row| &rows[row * n..][..n]);
        for (output, intercept) in self.intercepts.iter().enumerate() {
            let weights = &self.weights[output * n..][..n];
            let mut sums = [0.0; ROWS_TOGETHER];
            for (column, w) in weights.iter().enumerate() {
                for (sum, row) in sums.iter_mut().zip(&rows) {
                    *sum += row[column] * w;
                }
            }
            for (row, sum) in sums.into_iter().enumerate() {
                out[from + row * self.intercepts.len() + output] = sum + intercept;
            }
        }
    }

    /// By another library's rule, one row at a time.
    fn by_rule<const F32: bool>(&self, matrix: &[f64], out: &mut Vec<f64>) {
        let narrow = |v: f64| if F32 { rounded_to_f32(v) } else { v };
        for row in matrix.chunks_exact(self.n_columns) {
            for (weights, intercept) in self.weights.chunks_exact(self.n_columns).zip(&self.intercepts) {
                let mut sum = if self.rule.intercept_first { *intercept } else { 0.0 };
                for (cell, weight) in row.iter().zip(weights) {
                    if !(self.rule.skips_missing && cell.is_nan()) {
                        // Two numbers of 24 bits have a product of 48: it is rounded once.
                        sum = narrow(sum + narrow(narrow(*cell) * weight));
                    }
                }
                out.push(if self.rule.intercept_first { sum } else { narrow(sum + intercept) });
            }
        }
    }
}
