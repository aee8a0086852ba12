//! Logistic regression on many columns of which most cells are one number, as one-hot columns are.
//!
//! smartcore minimizes Σ ln(1 + e^m) − y m, or the softmax's loss, with α ‖w‖² / 2, by its L-BFGS; each step multiplies the
//! whole matrix twice. Here it is the same minimum by the same optimizer, where a row holds only the cells that differ
//! from their columns' usual ones: scaled, a category's column has its share of the mean in all other rows.

use smartcore::optimization::FunctionOrder;
use smartcore::optimization::first_order::FirstOrderOptimizer as _;
use smartcore::optimization::first_order::lbfgs::LBFGS;
use smartcore::optimization::line_search::Backtracking;

use crate::model::ir::{Decision, Linear, LinearRule, Link};
use crate::model::smartcore::logistic_section;
use crate::train::fit::task::FitTask;

/// Columns from which on rows may be kept so.
const MIN_COLUMNS: usize = 64;

/// A matrix is kept so where at most one of so many cells differs from its column's usual one.
const SPARSE: usize = 8;

/// Fits by the cells that are not usual; `None` where these are too many, and smartcore's own fit is as fast.
pub(crate) fn sparse(task: &FitTask<'_>, y: &[u32], alpha: f64) -> Option<Result<Vec<u8>, String>> {
    if task.n_columns < MIN_COLUMNS {
        return None;
    }
    let rows = SparseRows::of(task.matrix, task.n_columns)?;
    Some(fit(&Loss { rows, y, alpha, n_classes: task.n_classes }))
}

fn fit(loss: &Loss<'_>) -> Result<Vec<u8>, String> {
    let (n_outputs, n_columns) = (loss.n_outputs(), loss.rows.usual.len());
    // As smartcore has them.
    let search = Backtracking { order: FunctionOrder::THIRD, ..Backtracking::default() };
    let start = vec![0.0; n_outputs * (n_columns + 1)];
    let value = |weights: &Vec<f64>| loss.value(weights);
    let gradient = |gradient: &mut Vec<f64>, weights: &Vec<f64>| loss.gradient(gradient, weights);
    let found = LBFGS::default().optimize(&value, &gradient, &start, &search).x;
    let of_outputs = || found.chunks_exact(n_columns + 1);
    let weights = of_outputs().flat_map(|of_output| &of_output[..n_columns]).copied().collect();
    let intercepts = of_outputs().map(|of_output| of_output[n_columns]).collect();
    // What is answered with them is known from the section.
    let rule = LinearRule::plain(Decision::Margin);
    logistic_section(&Linear::new(n_columns, weights, intercepts, Link::Identity, rule)?, loss.n_classes)
}

/// A matrix by the cells that differ from their columns' usual ones.
struct SparseRows {
    /// By column.
    usual: Vec<f64>,
    /// Column, and how much more than usual the cell is; row after row.
    cells: Vec<(u32, f64)>,
    /// Where each row's cells end.
    ends: Vec<usize>,
}

impl SparseRows {
    /// Of a row-major matrix of finite cells; `None` where too many are unusual: kept so, a dense matrix would take twice
    /// its bytes.
    #[expect(clippy::cast_possible_truncation, reason = "a table has less than 2^32 columns")]
    fn of(matrix: &[f64], n_columns: usize) -> Option<Self> {
        // The cell that more than half of a column's rows have, if there is one (Boyer and Moore's vote).
        let mut votes = vec![(0.0, 0_u32); n_columns];
        for row in matrix.chunks_exact(n_columns) {
            for ((usual, count), cell) in votes.iter_mut().zip(row) {
                if *count == 0 {
                    (*usual, *count) = (*cell, 1);
                } else if usual == cell {
                    *count += 1;
                } else {
                    *count -= 1;
                }
            }
        }
        let usual: Vec<f64> = votes.into_iter().map(|(usual, _)| usual).collect();
        let (mut cells, mut ends) = (Vec::new(), Vec::with_capacity(matrix.len() / n_columns));
        for row in matrix.chunks_exact(n_columns) {
            let differ = row.iter().zip(&usual).enumerate().filter(|(_, (cell, usual))| cell != usual);
            cells.extend(differ.map(|(column, (cell, usual))| (column as u32, cell - usual)));
            ends.push(cells.len());
            if cells.len() * SPARSE > matrix.len() {
                return None;
            }
        }
        Some(Self { usual, cells, ends })
    }

    /// Each row's cells that are not usual.
    fn rows(&self) -> impl Iterator<Item = &[(u32, f64)]> {
        let mut from = 0;
        self.ends.iter().map(move |end| &self.cells[std::mem::replace(&mut from, *end)..*end])
    }
}

/// What is minimized: of each output its columns' weights, then its intercept.
struct Loss<'a> {
    rows: SparseRows,
    y: &'a [u32],
    alpha: f64,
    n_classes: usize,
}

impl Loss<'_> {
    /// One margin of two classes, else one a class.
    fn n_outputs(&self) -> usize {
        if self.n_classes == 2 { 1 } else { self.n_classes }
    }

    /// Hands each row's class, cells and margins to `each`.
    fn each_row(&self, weights: &[f64], mut each: impl FnMut(u32, &[(u32, f64)], &mut [f64])) {
        let n_columns = self.rows.usual.len();
        let outputs = || weights.chunks_exact(n_columns + 1);
        // The margins of a row of usual cells.
        let usual: Vec<f64> = outputs()
            .map(|of_output| {
                let products = self.rows.usual.iter().zip(of_output).map(|(cell, weight)| cell * weight);
                products.sum::<f64>() + of_output[n_columns]
            })
            .collect();
        let mut margins = usual.clone();
        for (class, cells) in self.y.iter().zip(self.rows.rows()) {
            for ((margin, usual), of_output) in margins.iter_mut().zip(&usual).zip(outputs()) {
                *margin = cells.iter().fold(*usual, |sum, (column, more)| sum + more * of_output[*column as usize]);
            }
            each(*class, cells, &mut margins);
        }
    }

    fn value(&self, weights: &[f64]) -> f64 {
        let mut loss = 0.0;
        self.each_row(weights, |class, _, margins| {
            loss += if let [margin] = *margins {
                // ln(1 + e^m), where e^m is not too large.
                let log = if margin > 15.0 { margin } else { margin.exp().ln_1p() };
                log - f64::from(class) * margin
            } else {
                let largest = margins.iter().copied().fold(f64::NEG_INFINITY, f64::max);
                let sum: f64 = margins.iter().map(|margin| (margin - largest).exp()).sum();
                sum.ln() + largest - margins[class as usize]
            };
        });
        let of_outputs = weights.chunks_exact(self.rows.usual.len() + 1);
        let squares: f64 = of_outputs.flat_map(|of_output| &of_output[..of_output.len() - 1]).map(|w| w * w).sum();
        loss + 0.5 * self.alpha * squares
    }

    fn gradient(&self, gradient: &mut [f64], weights: &[f64]) {
        let n_columns = self.rows.usual.len();
        gradient.fill(0.0);
        // Of each output the sum over the rows of (probability − 1 if it is the row's class).
        let mut sums = vec![0.0; self.n_outputs()];
        self.each_row(weights, |class, cells, margins| {
            probabilities(margins);
            match &mut *margins {
                [of_second] => *of_second -= f64::from(class),
                all => all[class as usize] -= 1.0,
            }
            for ((sum, error), of_output) in
                sums.iter_mut().zip(&*margins).zip(gradient.chunks_exact_mut(n_columns + 1))
            {
                *sum += error;
                for (column, more) in cells {
                    of_output[*column as usize] += error * more;
                }
            }
        });
        let outputs = gradient.chunks_exact_mut(n_columns + 1).zip(weights.chunks_exact(n_columns + 1));
        for ((gradient, weights), sum) in outputs.zip(sums) {
            for ((gradient, weight), usual) in gradient.iter_mut().zip(weights).zip(&self.rows.usual) {
                *gradient += sum * usual + self.alpha * weight;
            }
            gradient[n_columns] += sum;
        }
    }
}

/// Makes probabilities of margins: of one that of the second class, of several by softmax.
fn probabilities(margins: &mut [f64]) {
    if let [margin] = margins {
        *margin = 1.0 / (1.0 + (-*margin).exp());
        return;
    }
    let largest = margins.iter().copied().fold(f64::NEG_INFINITY, f64::max);
    for margin in &mut *margins {
        *margin = (*margin - largest).exp();
    }
    let sum: f64 = margins.iter().sum();
    for margin in margins {
        *margin /= sum;
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a failed setup is a failed test")]

    use super::*;

    /// Rows of 70 columns: 69 of one-hot, scaled as `train` scales them, and one of numbers.
    fn matrix() -> (Vec<f64>, usize) {
        let share = 1.0 / 69.0;
        let row = |row: usize| {
            let of_category = move |column| (f64::from(row % 69 == column) - share) / 0.12;
            (0..69).map(of_category).chain([f64::from(u32::try_from(row % 11).unwrap()) / 3.0])
        };
        ((0..200).flat_map(|i| row(i * 7)).map(|cell: f64| cell).collect(), 70)
    }

    #[test]
    fn a_gradient_is_the_slope_of_its_loss_for_two_and_for_three_classes() {
        let (matrix, n_columns) = matrix();
        for n_classes in [2, 3] {
            let y: Vec<u32> = (0..200).map(|row| row * row % 7 % n_classes).collect();
            let rows = SparseRows::of(&matrix, n_columns).unwrap();
            let loss = Loss { rows, y: &y, alpha: 0.3, n_classes: n_classes as usize };
            let n = loss.n_outputs() * (n_columns + 1);
            let weights: Vec<f64> =
                (0..n).map(|i| f64::from(u32::try_from(i * 37 % 11).unwrap()) / 20.0 - 0.2).collect();
            let mut gradient = vec![0.0; n];
            loss.gradient(&mut gradient, &weights);
            for at in [0, 3, 68, 69, 70, n - 1] {
                let moved = |by: f64| {
                    let mut moved = weights.clone();
                    moved[at] += by;
                    loss.value(&moved)
                };
                let slope = (moved(1e-5) - moved(-1e-5)) / 2e-5;
                assert!((slope - gradient[at]).abs() < 1e-5 * slope.abs().max(1.0), "{at}: {slope}, {}", gradient[at]);
            }
        }
    }
}
