//! Linear, ridge and logistic models: dot products in smartcore's own order, bit-identical to its `predict`.

use crate::model::smartcore::postcard::{Fault, Reader};
use crate::model::smartcore::trees::classes;

/// Rows whose sums are found together.
const ROWS_TOGETHER: usize = 8;

/// Cells that the caches hold. Beyond, memory brings rows read one after the other up to three times as fast as rows
/// read side by side; below, side by side is faster by half.
const CACHED: usize = 1 << 21;

/// `outputs` scores a row: `Σ x·w + intercept`, summed from the first column to the last and the intercept last.
#[derive(Debug, Clone)]
pub(super) struct Linear {
    /// Row-major `[n_outputs, n_columns]`.
    weights: Vec<f64>,
    /// `[n_outputs]`.
    intercepts: Vec<f64>,
    n_columns: usize,
}

impl Linear {
    /// smartcore's `LinearRegression`: a column of coefficients, a 1×1 intercept.
    pub(super) fn decode_linear(reader: &mut Reader<'_>, n_columns: usize) -> Result<Self, Fault> {
        reader.some("the coefficients")?;
        let weights = matrix(reader, n_columns, 1)?;
        reader.some("the intercept")?;
        let intercepts = matrix(reader, 1, 1)?;
        Ok(Self { weights, intercepts, n_columns })
    }

    /// smartcore's `RidgeRegression`: a column of coefficients, a plain intercept.
    pub(super) fn decode_ridge(reader: &mut Reader<'_>, n_columns: usize) -> Result<Self, Fault> {
        reader.some("the coefficients")?;
        let weights = matrix(reader, n_columns, 1)?;
        reader.some("the intercept")?;
        let intercepts = vec![reader.finite("intercept")?];
        Ok(Self { weights, intercepts, n_columns })
    }

    /// smartcore's `LogisticRegression`: one row of coefficients for two classes, else one a class.
    pub(super) fn decode_logistic(reader: &mut Reader<'_>, n_columns: usize, n_classes: usize) -> Result<Self, Fault> {
        let n_outputs = if n_classes == 2 { 1 } else { n_classes };
        reader.some("the coefficients")?;
        let weights = matrix(reader, n_outputs, n_columns)?;
        reader.some("the intercepts")?;
        let intercepts = matrix(reader, n_outputs, 1)?;
        reader.some("the classes")?;
        classes(reader, n_classes)?;
        crate::model::smartcore::trees::columns(reader, n_columns)?;
        let told = reader.u64()?;
        if told != n_classes as u64 {
            return reader.fault(format_args!("fitted on {told} classes, the header lists {n_classes}"));
        }
        Ok(Self { weights, intercepts, n_columns })
    }

    pub(super) fn n_outputs(&self) -> usize {
        self.intercepts.len()
    }

    pub(super) fn resident_bytes(&self) -> usize {
        (self.weights.len() + self.intercepts.len()) * 8
    }

    /// Scores for a row-major matrix, row-major `[n_rows, n_outputs]`, appended to `out`.
    pub(super) fn scores(&self, matrix: &[f64], out: &mut Vec<f64>) {
        let together = if matrix.len() > CACHED { 0 } else { matrix.len() / self.n_columns / ROWS_TOGETHER };
        let (blocks, rest) = matrix.split_at(together * ROWS_TOGETHER * self.n_columns);
        for rows in blocks.chunks_exact(ROWS_TOGETHER * self.n_columns) {
            self.block::<ROWS_TOGETHER>(rows, out);
        }
        for row in rest.chunks_exact(self.n_columns) {
            self.block::<1>(row, out);
        }
    }

    /// `ROWS` rows side by side: an addition waits for the one before it in its row.
    fn block<const ROWS: usize>(&self, rows: &[f64], out: &mut Vec<f64>) {
        let (n, from) = (self.n_columns, out.len());
        out.resize(from + ROWS * self.intercepts.len(), 0.0);
        let rows: [&[f64]; ROWS] = std::array::from_fn(|row| &rows[row * n..][..n]);
        for (output, (weights, intercept)) in self.weights.chunks_exact(n).zip(&self.intercepts).enumerate() {
            let mut sums = [0.0; ROWS];
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
}

/// smartcore's logistic function, its cut-offs at ±40 included.
pub(super) fn sigmoid(score: f64) -> f64 {
    if score < -40.0 {
        0.0
    } else if score > 40.0 {
        1.0
    } else {
        1.0 / (1.0 + (-score).exp())
    }
}

/// Softmax in place, shifted by the largest score so that nothing overflows.
pub(super) fn softmax(scores: &mut [f64]) {
    let largest = scores.iter().copied().fold(f64::MIN, f64::max);
    let mut sum = 0.0;
    for score in scores.iter_mut() {
        *score = (*score - largest).exp();
        sum += *score;
    }
    for score in scores.iter_mut() {
        *score /= sum;
    }
}

/// The position of the largest score; of equals the first, as smartcore's `argmax`.
pub(super) fn argmax(scores: &[f64]) -> usize {
    let mut best = (f64::MIN, 0);
    for (i, score) in scores.iter().enumerate() {
        if *score > best.0 {
            best = (*score, i);
        }
    }
    best.1
}

/// A `DenseMatrix` that must have this shape, as row-major finite values.
fn matrix(reader: &mut Reader<'_>, n_rows: usize, n_columns: usize) -> Result<Vec<f64>, Fault> {
    let (columns, rows) = (reader.u64()?, reader.u64()?);
    if columns != n_columns as u64 || rows != n_rows as u64 {
        return reader.fault(format_args!("a matrix is {rows}×{columns}, expected {n_rows}×{n_columns}"));
    }
    let values = reader.finites("coefficients")?;
    if values.len() != n_rows * n_columns {
        return reader.fault(format_args!("a {n_rows}×{n_columns} matrix holds {} values", values.len()));
    }
    let column_major = reader.flag()?;
    if !column_major || n_rows == 1 || n_columns == 1 {
        return Ok(values);
    }
    let mut row_major = Vec::with_capacity(values.len());
    for row in 0..n_rows {
        row_major.extend((0..n_columns).map(|column| values[column * n_rows + row]));
    }
    Ok(row_major)
}
