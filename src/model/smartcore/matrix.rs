//! smartcore's matrix.

use smartcore::linalg::basic::matrix::DenseMatrix;

/// Encoded columns, `[n_rows, n_columns]`.
pub type Matrix = DenseMatrix<f64>;
