//! The `column_means` section: of a linear model the mean of each column over the training rows, as postcard's
//! `Vec<f64>`. Contributions compare a row's cells with them.

use super::batch::Batch;
use super::neutral::{Neutral, Predictor};
use super::smartcore::PostcardReader;

/// The section's name.
pub const SECTION: &str = "column_means";

/// The section for a row-major matrix, `[n_rows, n_columns]`; `None` where a mean is not finite. Missing cells count as
/// 0, as they do in sums that leave them out.
///
/// # Errors
/// postcard's sentence.
pub fn section(matrix: &[f64], n_columns: usize) -> Result<Option<Vec<u8>>, String> {
    let n_columns = n_columns.max(1);
    #[expect(clippy::cast_precision_loss, reason = "row counts stay far below 2^53")]
    let n_rows = (matrix.len() / n_columns).max(1) as f64;
    let mut means = vec![0.0; n_columns];
    for row in matrix.chunks_exact(n_columns) {
        for (mean, cell) in means.iter_mut().zip(row) {
            *mean += if cell.is_nan() { 0.0 } else { cell / n_rows };
        }
    }
    if means.iter().any(|mean| !mean.is_finite()) {
        return Ok(None);
    }
    postcard::to_allocvec(&means).map(Some).map_err(|e| e.to_string())
}

/// The same for rows of a linear model in the neutral form; `None` for other models.
///
/// # Errors
/// As [`section`].
pub fn of_neutral(neutral: &Neutral, rows: &Batch) -> Result<Option<Vec<u8>>, String> {
    let Predictor::Linear(linear) = &neutral.predictor else { return Ok(None) };
    let n_columns = linear.n_columns as usize;
    let (mut buffer, mut matrix) = (Vec::new(), vec![0.0; n_columns * rows.n_rows()]);
    for (row, columns) in rows.rows().zip(matrix.chunks_exact_mut(n_columns.max(1))) {
        neutral.steps.encode(row, &mut buffer, columns);
    }
    section(&matrix, n_columns)
}

/// Reads a section of this many columns.
///
/// # Errors
/// One sentence: what does not agree.
pub fn read(section: &[u8], n_columns: usize) -> Result<Vec<f64>, String> {
    let reader = &mut PostcardReader::of(section, SECTION);
    let n = reader.length(8, "columns")?;
    if n != n_columns {
        return Err(format!("{SECTION} has {n} columns, the estimator has {n_columns}"));
    }
    let means = (0..n).map(|_| reader.f64()).collect::<Result<Vec<f64>, String>>()?;
    match means.iter().find(|mean| !mean.is_finite()) {
        Some(mean) => Err(format!("{SECTION}: a mean is {mean}")),
        None => reader.end().map(|()| means),
    }
}
