//! Contributions to linear functions: coefficient × (cell − mean of the training rows).

use crate::model::ir::Linear;

/// Linear functions, and the means that their columns are compared with.
#[derive(Debug)]
pub(super) struct Slopes {
    n_columns: usize,
    /// Row-major `[n_outputs, n_columns]`.
    weights: Vec<f64>,
    /// `[n_columns]`
    means: Vec<f64>,
}

impl Slopes {
    /// Of a checked model; `means` has one number a column.
    pub(super) fn new(linear: &Linear, means: Vec<f64>) -> Self {
        Self { n_columns: linear.n_columns, weights: linear.weights.clone(), means }
    }

    /// The functions' values at the means, `[n_outputs]`.
    pub(super) fn baseline(&self, linear: &Linear) -> Vec<f64> {
        let functions = self.weights.chunks_exact(self.n_columns).zip(&linear.intercepts);
        let at_means = |(weights, intercept): (&[f64], &f64)| {
            intercept + weights.iter().zip(&self.means).map(|(weight, mean)| weight * mean).sum::<f64>()
        };
        functions.map(at_means).collect()
    }

    /// Adds each column's contribution to an output with `add`. A cell that is missing and left out of sums is as 0.
    pub(super) fn explain(&self, row: &[f64], output: usize, mut add: impl FnMut(usize, f64)) {
        let weights = &self.weights[output * self.n_columns..][..self.n_columns];
        for (column, ((weight, mean), cell)) in weights.iter().zip(&self.means).zip(row).enumerate() {
            let cell = if cell.is_nan() { 0.0 } else { *cell };
            add(column, weight * (cell - mean));
        }
    }

    /// Bytes that it occupies.
    pub(super) fn resident_bytes(&self) -> usize {
        size_of::<f64>() * (self.weights.len() + self.means.len())
    }
}
